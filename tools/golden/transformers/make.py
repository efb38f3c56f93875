# Writes small BEiT models as Hugging Face transformers saves them, and what transformers computes with them, for
# packages/beit-encoder/src/hugging-face-golden.test.ts.
#   pip install torch==2.15.0 transformers==5.23.0 safetensors==0.8.0 numpy==2.4.6; python make.py; takes a few seconds.
import copy
import pathlib
import sys
import tempfile

import numpy as np
import safetensors
import safetensors.torch
import torch
import transformers
from transformers import BeitConfig, BeitForImageClassification, BeitForMaskedImageModeling, BeitModel

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from hashed import signed  # noqa: E402

here = pathlib.Path(__file__).parent
common = dict(
    hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=96, image_size=32, patch_size=8,
    vocab_size=32, drop_path_rate=0.0,
)
pretraining = dict(common, use_mask_token=True)
classes = dict(common, id2label={i: f"kind {i}" for i in range(5)}, label2id={f"kind {i}": i for i in range(5)})
variants = {
    "pretraining-shared": (
        BeitForMaskedImageModeling,
        dict(pretraining, use_shared_relative_position_bias=True, layer_scale_init_value=0.1),
    ),
    "pretraining-positions": (
        BeitForMaskedImageModeling,
        dict(pretraining, use_absolute_position_embeddings=True, layer_scale_init_value=0.0),
    ),
    "classifier-mean": (
        BeitForImageClassification,
        dict(classes, use_relative_position_bias=True, use_mean_pooling=True, layer_scale_init_value=0.1),
    ),
    "classifier-class": (
        BeitForImageClassification,
        dict(classes, use_absolute_position_embeddings=True, use_mean_pooling=False, layer_scale_init_value=0.0),
    ),
}
# Without a head: what the pooler says is all there is to compare. The weights are not stored.
headless = {
    "headless-mean": dict(common, use_mean_pooling=True, use_relative_position_bias=True),
    "headless-class": dict(common, use_mean_pooling=False, use_absolute_position_embeddings=True),
}


def fill(model):
    with torch.no_grad():
        for k, (name, parameter) in enumerate(sorted(model.named_parameters())):
            norm = name.endswith("weight") and ("layernorm" in name)
            offset = 1 if norm else 0.5 if "lambda" in name else 0
            values = offset + 0.2 * signed(k, parameter.numel())
            parameter.copy_(torch.from_numpy(values.astype(np.float32)).reshape(parameter.shape))


def pick(values):
    """The norm and eight values, evenly spaced."""
    flat = values.flatten()
    places = [i * flat.numel() // 8 for i in range(8)]
    return torch.cat([flat.norm().reshape(1), flat[places]])


def disk_names(model, folder):
    """Parameters by the names under which save_pretrained stores them, found by storing each one's number."""
    numbered = copy.deepcopy(model)
    with torch.no_grad():
        for k, (_, parameter) in enumerate(numbered.named_parameters()):
            parameter.fill_(k)
    numbered.save_pretrained(folder)
    stored = safetensors.torch.load_file(folder / "model.safetensors")
    numbers = {int(value.flatten()[0]): name for name, value in stored.items()}
    return [numbers[k] for k, _ in enumerate(numbered.named_parameters())]


def make(name, architecture, options):
    folder = here / name
    torch.manual_seed(0)
    model = architecture(BeitConfig(**options)).eval()
    model.set_attn_implementation("eager")
    fill(model)
    names = disk_names(model, folder)
    model.save_pretrained(folder)
    # In float64, so that what a comparison shows is the other side's error; attention's softmax stays in float32.
    model = architecture.from_pretrained(folder, attn_implementation="eager").double().eval()
    inputs = {"pixel_values": torch.from_numpy(signed(1000, 2 * 3 * 32 * 32)).reshape(2, 3, 32, 32)}
    if architecture is BeitForMaskedImageModeling:
        inputs["bool_masked_pos"] = torch.tensor([[(p + b) % 3 == 0 for p in range(16)] for b in range(2)])
        inputs["labels"] = torch.tensor([(5 * j + 3) % 32 for j in range(int(inputs["bool_masked_pos"].sum()))])
    else:
        inputs["labels"] = torch.tensor([1, 3])
    outputs = model(**inputs, output_hidden_states=True, output_attentions=True)
    assert len(outputs.hidden_states) == 3 and len(outputs.attentions) == 2
    expected = {"logits": outputs.logits, "loss": outputs.loss.reshape(1)}
    expected |= {f"hidden.{i}": value for i, value in enumerate(outputs.hidden_states)}
    expected |= {f"attention.{i}": value for i, value in enumerate(outputs.attentions)}
    outputs.loss.backward()
    for stored, parameter in zip(names, model.parameters(), strict=True):
        gradient = parameter.grad if parameter.grad is not None else torch.zeros_like(parameter)
        expected[f"gradient.{stored}"] = pick(gradient)
    model.zero_grad()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.98), eps=1e-8, weight_decay=0.05)
    losses = []
    for _ in range(10):
        loss = model(**inputs).loss
        losses.append(loss.detach())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    expected["losses"] = torch.stack(losses)
    write(folder / "expected.safetensors", expected)


def write(file, tensors, **noted):
    modules = dict(transformers=transformers, torch=torch, safetensors=safetensors, numpy=np)
    safetensors.torch.save_file(
        {key: value.detach().float().contiguous() for key, value in tensors.items()},
        file,
        {key: module.__version__ for key, module in modules.items()} | noted,
    )


def fill_by_disk_names(model):
    """As `fill`, numbered by the names of the stored files: they are what the other side knows."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        names = disk_names(model, folder)
        config = (folder / "config.json").read_text()
    with torch.no_grad():
        for k, (name, parameter) in enumerate(sorted(zip(names, model.parameters(), strict=True))):
            norm = name.endswith("weight") and "layernorm" in name
            offset = 1 if norm else 0.5 if "lambda" in name else 0
            values = offset + 0.2 * signed(k, parameter.numel())
            parameter.copy_(torch.from_numpy(values.astype(np.float32)).reshape(parameter.shape))
    return config


def pool(name):
    model = BeitModel(BeitConfig(**headless[name])).eval()
    model.set_attn_implementation("eager")
    config = fill_by_disk_names(model)
    outputs = model.double()(torch.from_numpy(signed(1000, 2 * 3 * 32 * 32)).reshape(2, 3, 32, 32))
    expected = {"pooled": outputs.pooler_output, "tokens": outputs.last_hidden_state}
    write(here / f"{name}.safetensors", expected, config=config)


for name, (architecture, options) in variants.items():
    make(name, architecture, options)
for name in headless:
    pool(name)

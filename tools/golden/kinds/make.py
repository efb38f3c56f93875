# Writes what transformers and timm compute with models of the kinds that are rare in files, for
# packages/beit-encoder/src/checkpoint/kinds-golden.test.ts.
#   pip install torch==2.15.0 transformers==5.23.0 timm==1.0.31 safetensors==0.8.0 numpy==2.4.6; python make.py; takes a few seconds.
import copy
import json
import pathlib
import sys
import tempfile

import numpy as np
import safetensors.torch
import timm
import torch
import transformers
from timm.models.beit import Beit
from transformers import (
    BeitConfig,
    BeitForImageClassification,
    BeitForMaskedImageModeling,
    BeitForSemanticSegmentation,
    Data2VecVisionConfig,
    Data2VecVisionForImageClassification,
    Data2VecVisionModel,
)

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from hashed import signed  # noqa: E402

here = pathlib.Path(__file__).parent
common = dict(
    hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=20, image_size=24, patch_size=8,
    vocab_size=11, layer_scale_init_value=0.1,
)
tables = dict(use_relative_position_bias=True, use_shared_relative_position_bias=True)
names = {f"kind {i}": i for i in range(4)}
classes = dict(common, id2label={i: name for name, i in names.items()}, label2id=names)
models = {
    "both-tables": (BeitForImageClassification, BeitConfig, dict(classes, **tables)),
    "data2vec": (
        Data2VecVisionForImageClassification,
        Data2VecVisionConfig,
        dict(classes, **tables, use_absolute_position_embeddings=True),
    ),
    "data2vec-class": (
        Data2VecVisionModel,
        Data2VecVisionConfig,
        dict(common, use_mean_pooling=False, use_relative_position_bias=True, layer_scale_init_value=0.0),
    ),
    "no-mask-token": (
        BeitForMaskedImageModeling,
        BeitConfig,
        dict(common, use_mask_token=False, use_shared_relative_position_bias=True),
    ),
    "segmentation": (
        BeitForSemanticSegmentation,
        BeitConfig,
        dict(classes, num_hidden_layers=4, hidden_size=6, out_features=[f"stage{i}" for i in (1, 2, 3, 4)],
             pool_scales=[1, 2], auxiliary_channels=5, use_relative_position_bias=True),
    ),
    "rounded-down": (
        BeitForImageClassification,
        BeitConfig,
        dict(classes, image_size=29, use_relative_position_bias=True, use_absolute_position_embeddings=True),
    ),
}
timm_models = {
    "timm-rounded-down": dict(img_size=(29, 20), use_rel_pos_bias=True),
    "timm-no-bias": dict(img_size=24, use_rel_pos_bias=True, use_shared_rel_pos_bias=True, qkv_bias=False),
    "timm-no-bias-positions": dict(img_size=24, use_abs_pos_emb=True, qkv_bias=False, init_values=None),
}


def disk_names(model):
    """Parameters by the names under which save_pretrained stores them, found by storing each one's number; and its config.json."""
    numbered = copy.deepcopy(model)
    with torch.no_grad():
        for k, parameter in enumerate(numbered.parameters()):
            parameter.fill_(k + 0.5)  # running means and variances are whole numbers
    with tempfile.TemporaryDirectory() as folder:
        numbered.save_pretrained(folder)
        stored = safetensors.torch.load_file(f"{folder}/model.safetensors")
        config = pathlib.Path(folder, "config.json").read_text()
    numbers = {float(value.flatten()[0]): name for name, value in stored.items()}
    return [numbers[k + 0.5] for k, _ in enumerate(model.parameters())], config


def fill(parameters):
    """`parameters`: in the order in which the test numbers them."""
    with torch.no_grad():
        for k, parameter in enumerate(parameters):
            values = 0.3 * signed(k, parameter.numel()) + (1 if parameter.dim() == 1 else 0)
            parameter.copy_(torch.from_numpy(values.astype(np.float32)).reshape(parameter.shape))


def pixels(size):
    height, width = size if isinstance(size, tuple) else (size, size)
    return torch.from_numpy(signed(1000, 2 * 3 * height * width)).reshape(2, 3, height, width)


def write(name, output, tensors, config):
    """`tensors`: name in the file, name in memory and shape of each, in the order of the formula."""
    versions = {module.__name__: module.__version__ for module in (transformers, timm, torch, np)}
    listed = json.dumps(tensors, separators=(",", ":"))
    safetensors.torch.save_file(
        {"output": output.detach().float().contiguous()}, here / f"{name}.safetensors",
        versions | {"tensors": listed, "config": config},
    )


def compute(model, x):
    if isinstance(model, BeitForSemanticSegmentation):
        return model.beit(x).last_hidden_state
    # Without its pooler, which it lacks by default, the norm is over all tokens.
    return model(x).last_hidden_state[:, 0] if isinstance(model, Data2VecVisionModel) else model(x).logits


for name, (architecture, config_class, options) in models.items():
    model = architecture(config_class(**options)).eval()
    stored, config = disk_names(model)
    ordered = sorted(zip(stored, model.named_parameters(), strict=True))
    fill(parameter for _, (_, parameter) in ordered)
    output = compute(model.double(), pixels(options["image_size"]))
    write(name, output, [[disk, memory, list(p.shape)] for disk, (memory, p) in ordered], config)

for name, options in timm_models.items():
    defaults = dict(patch_size=8, embed_dim=12, depth=2, num_heads=3, mlp_ratio=2, num_classes=4, qkv_bias=True, init_values=0.1)
    model = Beit(**defaults | options).eval()
    ordered = sorted(model.named_parameters())
    fill(parameter for _, parameter in ordered)
    output = model.double()(pixels(options["img_size"]))
    size = options["img_size"] if isinstance(options["img_size"], tuple) else (options["img_size"],) * 2
    config = json.dumps(
        dict(architecture="beit_base_patch16_224", num_classes=4, model_args=dict(num_heads=3),
             pretrained_cfg=dict(input_size=[3, *size], interpolation="bicubic", crop_pct=0.9, mean=[0.5] * 3, std=[0.5] * 3))
    )
    write(name, output, [[n, n, list(p.shape)] for n, p in ordered], config)

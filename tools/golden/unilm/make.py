# Writes small BEiT models as microsoft/unilm's training code saves them, and what its own classes and scripts compute with
# them, for the tests named in README.md. The argument is a clone of https://github.com/microsoft/unilm, bare or not.
#   pip install torch==2.15.0 timm==1.0.31 scipy==1.10.1 numpy==1.26.4 safetensors==0.8.0; python make.py unilm
import functools
import io
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

import numpy as np
import safetensors.torch
import scipy
import timm
import torch

from original import Original

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from hashed import signed  # noqa: E402

here = pathlib.Path(__file__).parent
plain = "--disable_rel_pos_bias --abs_pos_emb --layer_scale_init_value 0"
schedule = "--input_size 32 --epochs 10 --warmup_epochs 4 --lr 5e-3 --min_lr 1e-5 --weight_decay 0.05"
variants = {
    "pretraining-shared": f"{schedule} --batch_size 2 --opt_betas 0.9 0.98 --clip_grad 3.0",
    "pretraining-positions": f"{schedule} --batch_size 2 --clip_grad 1.0 {plain}",
    "classifier-mean": f"{schedule} --batch_size 2 --layer_decay 0.65",
    "classifier-class": (
        f"{schedule} --batch_size 1 --update_freq 2 --layer_decay 0.75 --clip_grad 1.0 --smoothing 0 --use_cls {plain}"
    ),
}
labels = [1, 3]
mask = np.array([[(p + b) % 3 == 0 for p in range(16)] for b in range(2)])
visual_tokens = np.zeros((2, 16), np.int64)
visual_tokens[mask] = [(5 * j + 3) % 32 for j in range(mask.sum())]


def pixels_of(side):
    return torch.from_numpy(signed(1000, 2 * 3 * side * side)).reshape(2, 3, side, side)


def fill(model):
    with torch.no_grad():
        for k, (name, parameter) in enumerate(sorted(model.named_parameters())):
            norm = name.endswith("weight") and "norm" in name
            offset = 1 if norm else 0.5 if "gamma_" in name else 0
            values = offset + 0.2 * signed(k, parameter.numel())
            parameter.copy_(torch.from_numpy(values.astype(np.float32)).reshape(parameter.shape))
    return model


def pick(values):
    """The norm and eight values, evenly spaced."""
    flat = values.detach().double().flatten()
    places = [i * flat.numel() // 8 for i in range(8)]
    return torch.cat([flat.norm().reshape(1), flat[places]])


class Variant:
    def __init__(self, original, name):
        self.original, self.options = original, variants[name].split()
        self.pretraining = name.startswith("pretraining")
        images = pixels_of(32)
        if self.pretraining:
            tokens = visual_tokens.reshape(2, 4, 4)
            self.dataset = [((images[b], tokens[b], mask[b].reshape(4, 4)), 0) for b in range(2)]
        else:
            self.dataset = [(images[b], labels[b]) for b in range(2)]

    def create(self, side=32, weights=None, dtype=torch.float64, **settings):
        """The original class, small: in float64, so that what a comparison shows is the other side's error."""
        common = dict(img_size=side, patch_size=8, embed_dim=24, depth=2, num_heads=3, qkv_bias=True)
        common["norm_layer"] = functools.partial(torch.nn.LayerNorm, eps=1e-6)
        torch.manual_seed(0)
        if self.pretraining:
            model = self.original.pretraining.VisionTransformerForMaskedImageModeling(
                vocab_size=32, **common, **settings
            )
        else:
            model = self.original.finetuning.VisionTransformer(**common, **settings)
        fill(model)
        if weights is not None:
            model.load_state_dict(weights)
        return model.to(dtype)

    def run(self, options, **creation):
        """The script's own `main`; options given twice count the second time."""
        start = self.original.pretrain if self.pretraining else self.original.finetune
        create = functools.partial(self.create, **creation)
        return start([*self.options, *options], self.dataset, create)


def untrained(variant, *options, **creation):
    """The model that `main` makes: its only step is the first of the warm-up, whose rate is 0."""
    once = "--epochs 1 --warmup_epochs 1 --batch_size 2".split()
    if not variant.pretraining:
        once += ["--update_freq", "1"]
    return variant.run([*once, *options], **creation)[0].eval()


def save_as_pretraining(variant, file):
    """As run_beit_pretraining.py saves, with optimizer, scaler and arguments; frozen matrices keep the file small."""

    def create(**settings):
        model = variant.create(dtype=torch.float32, **settings)
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(parameter.dim() == 1 or "blocks" not in name and parameter.numel() < 200)
        return model

    dataset = [((image.float(), *others), label) for (image, *others), label in variant.dataset]
    once = "--epochs 1 --warmup_epochs 1".split()
    variant.original.pretrain([*variant.options, *once], dataset, create)
    os.replace("output/checkpoint-0.pth", file)


def save_as_deepspeed(model, file):
    """The form of a fine-tuning run with --enable_deepspeed: half precision, under `module`."""
    state = dict(module=model.half().state_dict(), optimizer=None, lr_scheduler=None, csr_tensor_module_names=set())
    state |= dict(skipped_steps=0, global_steps=10, global_samples=20, dp_world_size=1, mp_world_size=1, epoch=9)
    torch.save(state, file)


def save(name, variant, file):
    if name == "pretraining-shared":
        save_as_pretraining(variant, file)
    elif name == "classifier-mean":
        save_as_deepspeed(untrained(variant), file)
    else:
        weights = untrained(variant).float().state_dict()
        torch.save(weights, file, _use_new_zipfile_serialization=name != "classifier-class")
    saved = torch.load(file, weights_only=False)
    return {key: value.clone() for key, value in saved.get("model", saved.get("module", saved)).items()}


def observe(model):
    """Block inputs and outputs and attention probabilities of the next run, by name."""
    seen = {}
    model.blocks[0].register_forward_pre_hook(lambda _, inputs: seen.update({"hidden.0": inputs[0]}))
    for i, block in enumerate(model.blocks):
        block.register_forward_hook(lambda _, __, output, i=i: seen.update({f"hidden.{i + 1}": output}))
        # Its input is the softmax's output.
        block.attn.attn_drop.register_forward_hook(lambda _, inputs, __, i=i: seen.update({f"attention.{i}": inputs[0]}))
    return seen


def expect(variant, weights):
    model = untrained(variant, weights=weights)
    assert all(torch.equal(value, weights[key].double()) for key, value in model.named_parameters())
    seen = observe(model)
    if variant.pretraining:
        masks = torch.from_numpy(mask)
        logits = model(pixels_of(32), masks, return_all_tokens=True)
        targets = torch.from_numpy(visual_tokens)[masks]
        torch.testing.assert_close(model(pixels_of(32), masks), logits[masks])
        loss = torch.nn.functional.cross_entropy(logits[masks], targets)
    else:
        logits = model(pixels_of(32))
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor(labels))
    expected = {"logits": logits, "loss": loss.reshape(1), **seen}
    model.zero_grad()
    loss.backward()
    expected |= {f"gradient.{name}": pick(parameter.grad) for name, parameter in model.named_parameters()}
    trained, logged = variant.run([], weights=weights)
    expected |= {f"trained.{name}": pick(parameter) for name, parameter in trained.named_parameters()}
    expected["losses"] = torch.tensor(logged["loss"]).reshape(10, -1).mean(1)
    expected["gradient_norms"] = torch.tensor(logged["grad_norm"])
    expected["rates"] = torch.tensor(logged["lr"]).reshape(10, -1)[:, 0]
    return expected


def resize(original, name, side, file):
    """run_class_finetuning.py --finetune with another image size: what its loader makes, and what follows from it."""
    variant = Variant(original, name.replace("pretraining-shared", "classifier-mean"))
    variant.dataset = [(image, label) for image, label in zip(pixels_of(side), labels)]
    model = untrained(variant, "--finetune", str(file), "--input_size", str(side), side=side)
    seen = observe(model)
    logits = model(pixels_of(side))
    kept = {key: value for key, value in model.named_parameters() if "relative_position" in key or key == "pos_embed"}
    # From a pre-training checkpoint, norm and head are new, so that there are no logits to compare.
    return {"encoded": seen["hidden.2"], **({} if name.startswith("pre") else {"logits": logits}), **kept}


def write(file, tensors, metadata):
    tensors = {key: value.detach().float().contiguous() for key, value in tensors.items()}
    file.write_bytes(safetensors.torch.save(tensors, metadata))


def make(repository):
    commit = subprocess.check_output(["git", "-C", repository, "rev-parse", "HEAD"], text=True).strip()
    modules = dict(torch=torch, timm=timm, scipy=scipy, numpy=np, safetensors=safetensors)
    metadata = {"unilm": commit} | {key: module.__version__ for key, module in modules.items()}
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.check_output(["git", "-C", repository, "archive", "HEAD", "beit"])
        tarfile.open(fileobj=io.BytesIO(archive)).extractall(folder, filter="data")
        os.chdir(folder)
        original = Original(folder)
        for name in variants:
            file = here / name / "checkpoint.pth"
            file.parent.mkdir(exist_ok=True)
            variant = Variant(original, name)
            weights = save(name, variant, file)
            write(file.with_name("expected.safetensors"), expect(variant, weights), metadata)
            for side in (24, 48) if name != "pretraining-positions" else ():
                write(file.with_name(f"resized-{side}.safetensors"), resize(original, name, side, file), metadata)


make(os.path.abspath(sys.argv[1]))

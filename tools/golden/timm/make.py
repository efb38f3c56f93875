# Writes small BEiT models as timm saves them, and what timm computes with them, for the test named in README.md.
#   pip install torch==2.15.0 timm==1.0.31 safetensors==0.8.0 numpy==2.4.6; python make.py; takes a few seconds.
import os
import pathlib
import sys
import tempfile

import numpy as np
import safetensors.torch
import timm
import torch
from timm.models import save_for_hf
from timm.models.beit import Beit, checkpoint_filter_fn
from timm.optim import create_optimizer_v2
from timm.utils import CheckpointSaver

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from hashed import signed  # noqa: E402

here = pathlib.Path(__file__).parent
common = dict(patch_size=8, num_classes=5, embed_dim=24, depth=2, num_heads=3)
variants = {
    "classifier-mean": dict(common, use_abs_pos_emb=False, use_rel_pos_bias=True, init_values=0.1),
    "classifier-class": dict(common, use_abs_pos_emb=True, global_pool="token"),
}
labels = torch.tensor([1, 3])
# Images that are no squares: models made at their size (height, width), and weights brought to another one.
tables = dict(use_abs_pos_emb=False, use_rel_pos_bias=True, init_values=0.1)
rectangles = {
    "wide-mean": ((16, 40), dict(common, **tables)),
    "tall-token": ((36, 12), dict(common, **tables, patch_size=4, global_pool="token")),
    "wide-shared": ((24, 48), dict(common, use_abs_pos_emb=False, use_shared_rel_pos_bias=True, init_values=0.1)),
    "tall-positions": ((40, 24), dict(common, use_abs_pos_emb=True, global_pool="token")),
    "strip-both": ((8, 32), dict(common, **tables, patch_size=4) | dict(use_abs_pos_emb=True)),
}
# What is pooled, and where the norm stands about it, with a head and without; made and written by timm's factory, whose config
# alone tells them apart. The head counts are not those of a width of 64 a head.
architecture = "beit_base_patch16_224"
placed = dict(img_size=32, patch_size=16, embed_dim=64, depth=1, num_heads=2)
pools = {
    f"{pool}-{'after' if after else 'before'}{'' if classes else '-headless'}": (classes, pool, after)
    for classes in (5, 0)
    for pool in ("avg", "token")
    for after in (True, False)
}
# Positions of one size for another: what is resized, from and to. The last has a square's number of patches.
resizings = {
    "square-to-wide": ("wide-mean", (32, 32), (24, 56)),
    "wide-to-tall": ("wide-mean", (16, 40), (48, 24)),
    "tall-to-square": ("tall-token", (36, 12), (24, 24)),
    "square-to-wide-shared": ("wide-shared", (32, 32), (16, 64)),
    "square-to-tall-positions": ("tall-positions", (32, 32), (56, 24)),
    "wide-to-square-positions": ("tall-positions", (16, 64), (32, 32)),
}


def pixels_of(size):
    height, width = (size, size) if isinstance(size, int) else size
    return torch.from_numpy(signed(1000, 2 * 3 * height * width)).reshape(2, 3, height, width)


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


def create(name, size=32):
    """In float64, so that what a comparison shows is the other side's error, and with attention in plain steps."""
    options = variants[name] if name in variants else rectangles[name][1]
    model = fill(Beit(img_size=size, **options)).double().eval()
    for block in model.blocks:
        block.attn.fused_attn = False
    return model


def observe(model):
    """Block inputs and outputs and attention probabilities of the next run, by name."""
    seen = {}
    model.blocks[0].register_forward_pre_hook(lambda _, inputs: seen.update({"hidden.0": inputs[0]}))
    for i, block in enumerate(model.blocks):
        block.register_forward_hook(lambda _, __, output, i=i: seen.update({f"hidden.{i + 1}": output}))
        # Its input is the softmax's output.
        block.attn.attn_drop.register_forward_hook(lambda _, inputs, __, i=i: seen.update({f"attention.{i}": inputs[0]}))
    return seen


def save(name):
    """One as on the Hugging Face hub, one as timm's training script does. Returns the weights as loading gives them."""
    model = create(name).float()
    folder = here / name
    folder.mkdir(exist_ok=True)
    if name == "classifier-mean":
        weights = {key: value.contiguous() for key, value in model.state_dict().items()}
        (folder / "model.safetensors").write_bytes(safetensors.torch.save(weights, {"format": "pt"}))
        return safetensors.torch.load_file(folder / "model.safetensors")
    with tempfile.TemporaryDirectory() as temporary:
        optimizer = create_optimizer_v2(model, opt="adamw", lr=5e-3, weight_decay=0.05)
        CheckpointSaver(model, optimizer, checkpoint_dir=temporary).save_checkpoint(0)
        os.replace(f"{temporary}/last.pth.tar", folder / "checkpoint.pth")
    return torch.load(folder / "checkpoint.pth")["state_dict"]


def train(name, weights):
    model = create(name)
    model.load_state_dict(weights)
    optimizer = create_optimizer_v2(model, opt="adamw", lr=5e-3, weight_decay=0.05)
    assert optimizer.defaults["betas"] == (0.9, 0.999) and optimizer.defaults["eps"] == 1e-8
    losses = []
    for _ in range(10):
        loss = torch.nn.functional.cross_entropy(model(pixels_of(32)), labels)
        losses.append(loss.detach())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    trained = {f"trained.{key}": pick(parameter) for key, parameter in model.named_parameters()}
    return {"losses": torch.stack(losses), **trained}


def compute(model, size):
    """Logits, loss, hidden states and attention probabilities, and picks of every gradient."""
    seen = observe(model)
    logits = model(pixels_of(size))
    loss = torch.nn.functional.cross_entropy(logits, labels)
    loss.backward()
    gradients = {f"gradient.{key}": pick(parameter.grad) for key, parameter in model.named_parameters()}
    return {"logits": logits, "loss": loss.reshape(1), **seen, **gradients}


def expect(name, weights):
    model = create(name)
    model.load_state_dict(weights)
    return {**compute(model, 32), **train(name, weights)}


def resize(name, weights, side):
    """Another image size, as timm makes it when it loads weights."""
    model = create(name, side)
    model.load_state_dict(checkpoint_filter_fn(dict(weights), model))
    live = create(name).float()
    live.load_state_dict(weights)
    live.set_input_size((side, side))
    kept = {key: value for key, value in model.named_parameters() if "relative_position" in key or key == "pos_embed"}
    # A model in memory meets another size in the same way.
    assert all(torch.equal(live.get_parameter(key).double(), value) for key, value in kept.items())
    seen = observe(model)
    logits = model(pixels_of(side))
    return {"encoded": seen["hidden.2"], "logits": logits, **kept}


def bring(name, old, new):
    """The positions of one size for another, as a model in memory meets it, and what it computes then."""
    live = create(name, old).float()
    live.set_input_size(new)
    model = create(name, new)
    model.load_state_dict(live.state_dict())
    kept = {key: value for key, value in model.named_parameters() if "relative_position" in key or key == "pos_embed"}
    if old[0] == old[1] and name != "tall-positions":
        # A checkpoint, which says nothing of its size, is taken for a square.
        loaded = checkpoint_filter_fn(dict(create(name, old).float().state_dict()), create(name, new))
        assert all(torch.equal(loaded[key].double(), value) for key, value in kept.items())
    seen = observe(model)
    logits = model(pixels_of(new))
    return {"encoded": seen["hidden.2"], "logits": logits, **kept}


def place(name):
    """A model of timm's factory, and the config that `save_for_hf` writes beside it."""
    classes, pool, after = pools[name]
    model = timm.create_model(
        architecture, **placed, num_classes=classes, global_pool=pool, use_fc_norm=after, use_rel_pos_bias=False,
        use_abs_pos_emb=True,
    )
    with tempfile.TemporaryDirectory() as temporary:
        save_for_hf(model, temporary, safe_serialization=True)
        config = pathlib.Path(temporary, "config.json").read_text()
    model = fill(model).double().eval()
    for block in model.blocks:
        block.attn.fused_attn = False
    return model, config


def pooled(model):
    """What is before the head, and with a head its logits, loss and picks of every gradient."""
    tokens = model.forward_features(pixels_of(32))
    found = {"pooled": model.forward_head(tokens, pre_logits=True)}
    if not model.num_classes:
        return found
    logits = model.forward_head(tokens)
    loss = torch.nn.functional.cross_entropy(logits, labels)
    loss.backward()
    gradients = {f"gradient.{key}": pick(parameter.grad) for key, parameter in model.named_parameters()}
    return {**found, "logits": logits, "loss": loss.reshape(1), **gradients}


def write(file, tensors, **noted):
    modules = dict(timm=timm, torch=torch, safetensors=safetensors, numpy=np)
    tensors = {key: value.detach().float().contiguous() for key, value in tensors.items()}
    metadata = {key: module.__version__ for key, module in modules.items()} | noted
    file.write_bytes(safetensors.torch.save(tensors, metadata))


for name in variants:
    weights = save(name)
    write(here / name / "expected.safetensors", expect(name, weights))
    for side in (24, 48):
        write(here / name / f"resized-{side}.safetensors", resize(name, weights, side))
(here / "rectangles").mkdir(exist_ok=True)
for name, (size, _) in rectangles.items():
    write(here / "rectangles" / f"{name}.safetensors", compute(create(name, size), size))
for name, (model, old, new) in resizings.items():
    write(here / "rectangles" / f"{name}.safetensors", bring(model, old, new))
(here / "norms").mkdir(exist_ok=True)
for name in pools:
    model, config = place(name)
    write(here / "norms" / f"{name}.safetensors", pooled(model), config=config)

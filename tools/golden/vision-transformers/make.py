# Writes what timm, transformers and torch compute with small plain vision transformers, for
# packages/beit-encoder/src/checkpoint/vision-transformers/golden.test.ts.
#   pip install torch==2.15.0 transformers==5.23.0 timm==1.0.31 safetensors==0.8.0 numpy==2.4.6; python make.py; takes a few seconds.
import json
import pathlib
import sys
import tempfile

import numpy as np
import safetensors.torch
import torch
import torch.nn.functional as F
from timm.models.vision_transformer import VisionTransformer
from torch.nn.utils import parametrize
from transformers import (
    Dinov2Config,
    Dinov2Model,
    Dinov2WithRegistersConfig,
    Dinov2WithRegistersModel,
    ViTConfig,
    ViTForImageClassification,
    ViTMAEConfig,
    ViTMAEForPreTraining,
    ViTModel,
)

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from hashed import signed  # noqa: E402

here = pathlib.Path(__file__).parent
side, larger, labels = 24, 40, torch.tensor([1, 3])
plain = dict(img_size=side, patch_size=8, embed_dim=12, depth=2, num_heads=3, mlp_ratio=2)
common = dict(hidden_size=12, num_hidden_layers=2, num_attention_heads=3, image_size=side, patch_size=8)
of_timm = {
    "timm-token": dict(plain, num_classes=4),
    "timm-mean": dict(plain, num_classes=4, global_pool="avg", init_values=0.5),
    "timm-registers": dict(plain, num_classes=4, init_values=0.5, reg_tokens=2, no_embed_class=True),
    "timm-deit3": dict(plain, num_classes=4, init_values=0.5, no_embed_class=True),
    # Names and computation of DINO, DINOv2, MoCo v3 and MAE are timm's; what they do with positions is theirs.
    "dino": dict(plain, num_classes=0),
    "mae": dict(plain, num_classes=0),
}
of_transformers = {
    "vit": (ViTForImageClassification, ViTConfig(**common, intermediate_size=24, num_labels=4)),
    "vit-headless": (ViTModel, ViTConfig(**common, intermediate_size=24)),
    "vit-mae": (
        ViTMAEForPreTraining,
        ViTMAEConfig(
            **common, intermediate_size=24, decoder_hidden_size=4, decoder_num_attention_heads=2,
            decoder_num_hidden_layers=1, decoder_intermediate_size=4, mask_ratio=0.0,
        ),
    ),
    "dinov2": (Dinov2Model, Dinov2Config(**common, mlp_ratio=2)),
    "dinov2-registers": (
        Dinov2WithRegistersModel, Dinov2WithRegistersConfig(**common, mlp_ratio=2, num_register_tokens=3),
    ),
}


def pixels(size):
    return torch.from_numpy(signed(1000, 2 * 3 * size * size)).reshape(2, 3, size, size)


def written(model, config=None):
    """The tensors as files have them, filled by formula, and the same in the model. In float64 from there."""
    with tempfile.TemporaryDirectory() as folder:
        if config is None:
            tensors = dict(model.state_dict())
        else:
            model.save_pretrained(folder)
            tensors = safetensors.torch.load_file(f"{folder}/model.safetensors")
            config = pathlib.Path(folder, "config.json").read_text()
        for k, (name, value) in enumerate(sorted(tensors.items())):
            offset = 1 if value.ndim == 1 else 0
            filled = (offset + 0.3 * signed(k, value.numel())).astype(np.float32)
            tensors[name] = torch.from_numpy(filled).reshape(value.shape)
        if config is None:
            model.load_state_dict(tensors)
        else:
            safetensors.torch.save_file(tensors, f"{folder}/model.safetensors", {"format": "pt"})
            model = type(model).from_pretrained(folder, attn_implementation="eager")
    return model.double().eval(), tensors, config


class ClassPosition(torch.nn.Module):
    """Ours have a position of the class token in every model, which learns beside the token: zero where a file has none."""

    def __init__(self, width):
        super().__init__()
        self.position = torch.nn.Parameter(torch.zeros(1, 1, width, dtype=torch.float64))

    def forward(self, token):
        return token + self.position


def train(model, forward):
    """Losses of ten steps of AdamW without decay."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=0)
    losses = []
    for _ in range(10):
        loss = F.cross_entropy(forward(model), labels)
        losses.append(loss.detach())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return torch.stack(losses)


def save(name, tensors, values, config):
    listed = [[key, list(value.shape)] for key, value in sorted(tensors.items())]
    content = {key: value.detach().float().contiguous() for key, value in values.items()}
    metadata = {"tensors": json.dumps(listed), **({"config": config} if config else {})}
    safetensors.torch.save_file(content, here / f"{name}.safetensors", metadata)


def dino_positions(positions, patches):
    """interpolate_pos_encoding of dino/vision_transformer.py, and of dinov2's with its offset of 0.1."""
    stored = int((positions.shape[1] - 1) ** 0.5)
    grid = positions[:, 1:].reshape(1, stored, stored, -1).permute(0, 3, 1, 2)
    scale = (patches + 0.1) / stored
    resized = F.interpolate(grid.float(), scale_factor=(scale, scale), mode="bicubic")
    assert resized.shape[-1] == patches
    return torch.cat([positions[:, :1], resized.permute(0, 2, 3, 1).flatten(1, 2).double()], 1)


def mae_positions(positions, patches):
    """interpolate_pos_embed of mae/util/pos_embed.py."""
    stored = int((positions.shape[1] - 1) ** 0.5)
    grid = positions[:, 1:].reshape(1, stored, stored, -1).permute(0, 3, 1, 2)
    resized = F.interpolate(grid.float(), size=(patches, patches), mode="bicubic", align_corners=False)
    return torch.cat([positions[:, :1], resized.permute(0, 2, 3, 1).flatten(1, 2).double()], 1)


def make_timm(name):
    model, tensors, _ = written(VisionTransformer(**of_timm[name]))
    values = {"output": model(pixels(side))}
    if name == "mae":
        torch.save({"model": {**tensors, "mask_token": torch.zeros(1, 1, 8)}}, here / "mae.pth")
    if name == "dino":
        torch.save(tensors, here / "dino.pth")
    if of_timm[name]["num_classes"]:
        live, _, _ = written(VisionTransformer(**of_timm[name]))
        if of_timm[name].get("no_embed_class"):
            parametrize.register_parametrization(live, "cls_token", ClassPosition(plain["embed_dim"]))
        values["losses"] = train(live, lambda one: one(pixels(side)))
        model.float().set_input_size((larger, larger))
    else:
        bring = dino_positions if name == "dino" else mae_positions
        brought = bring(model.pos_embed.data, larger // 8)
        model.set_input_size((larger, larger))
        model.pos_embed = torch.nn.Parameter(brought)
    values["resized"] = model.double()(pixels(larger))
    save(name, tensors, values, None)


def make_transformers(name):
    kind, config = of_transformers[name]
    model, tensors, config = written(kind(config), config)

    def forward(one, size=side):
        if name == "vit-mae":
            # Its shuffle of all patches, undone by what is read: the class token.
            return one.vit(pixels(size)).last_hidden_state[:, 0]
        extra = {} if name.startswith("dinov2") else {"interpolate_pos_encoding": size != side}
        output = one(pixels(size), **extra)
        return output.logits if name == "vit" else output.last_hidden_state[:, 0]

    values = {"output": forward(model)}
    if name != "vit-mae":
        values["resized"] = forward(model, larger)
    save(name, tensors, values, config)


torch.manual_seed(0)
for name in of_timm:
    make_timm(name)
for name in of_transformers:
    make_transformers(name)

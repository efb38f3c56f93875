"""Writes golden.json: what Pillow and timm make of synthetic images in fine-tuning, for
packages/tensor-core/src/image/augment-golden.test.ts and packages/trainers/src/data/augment-golden.test.ts.

    python make.py

Images come from the hash of ../image/make.py, so only CRC-32 sums of results are stored. Every random number that timm asks for is
a number of the case.
"""

import json
import math
import os
import random
import sys
import zlib
from unittest import mock

import numpy as np
import PIL
import timm
import torch
from timm.data import auto_augment, mixup, random_erasing

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "image"))
from make import picture  # noqa: E402

POLICY = "rand-m9-mstd0.5-inc1"
LEVELS = [0, 1.3, 5, 8.5, 9, 9.99]
BICUBIC = PIL.Image.BICUBIC


def scripted(numbers):
    """random.random of a list."""
    queue = list(numbers)
    return lambda: queue.pop(0)


def operation_case(rng, key, name, level, negative):
    width, height, channels = rng.randint(1, 25), rng.randint(1, 25), rng.choice([1, 3, 3])
    kind = rng.choice(["noise", "noise", "extreme"])
    if name == "Equalize" and rng.random() < 0.6:
        width, height = rng.randint(20, 60), rng.randint(20, 60)
    fill = [rng.randrange(256) for _ in range(channels)]
    image = picture(key, width, height, channels, kind)
    hparams = {"img_mean": tuple(fill) if channels == 3 else fill[0], "interpolation": BICUBIC}
    op = auto_augment.AugmentOp(name, prob=1.0, magnitude=level, hparams=hparams)
    sign = 0.75 if negative else 0.25
    with mock.patch.object(random, "random", scripted([sign])):
        out = op(image)
    with mock.patch.object(random, "random", scripted([sign])):
        arguments = op.level_fn(level, hparams) if op.level_fn else ()
    case = {"image": [key, width, height, channels, kind], "name": name, "level": level, "negative": negative}
    return {**case, "arguments": list(arguments), "fill": fill, "crc": zlib.crc32(out.tobytes())}


def policy_case(rng, key):
    width, height = rng.randint(8, 40), rng.randint(8, 40)
    mean = rng.choice([[0.5] * 3, [0.485, 0.456, 0.406]])
    hparams = {"img_mean": tuple(min(255, round(255 * x)) for x in mean), "interpolation": BICUBIC}
    transform = auto_augment.rand_augment_transform(POLICY, hparams)
    names = [op.name for op in transform.ops]
    chosen = [rng.randrange(len(names)) for _ in range(2)]
    uniforms, normals = [round(rng.random(), 6) for _ in range(4)], [round(rng.gauss(0, 1), 6) for _ in range(2)]
    used_u, used_n = [], []

    def uniform():
        used_u.append(uniforms[len(used_u)])
        return used_u[-1]

    def gauss(mu, sigma):
        used_n.append(normals[len(used_n)])
        return mu + used_n[-1] * sigma

    image = picture(key, width, height, 3, "noise")
    choose = mock.patch.object(np.random, "choice", lambda ops, *_, **__: [ops[i] for i in chosen])
    with choose, mock.patch.object(random, "random", uniform), mock.patch.object(random, "gauss", gauss):
        out = transform(image)
    return {
        "image": [key, width, height, 3, "noise"],
        "mean": mean,
        "operations": chosen,
        "uniforms": used_u,
        "normals": used_n,
        "names": [names[i] for i in chosen],
        "crc": zlib.crc32(out.tobytes()),
    }


def erase_case(rng, options):
    width, height = rng.randint(2, 40), rng.randint(2, 40)
    numbers = [round(rng.random(), 6) for _ in range(1 + 20 + 2)]
    used, boxes = [], []

    def uniform(*_):
        used.append(numbers[len(used)])
        return used[-1]

    erasing = random_erasing.RandomErasing(mode="pixel", device="cpu", **options)
    marks = mock.patch.object(random_erasing, "_get_pixels", lambda *_, **__: torch.ones(()))
    image = torch.zeros(3, height, width)
    with marks, mock.patch.multiple(
        random,
        random=uniform,
        uniform=lambda a, b: a + (b - a) * uniform(),
        randint=lambda a, b: a + math.floor(uniform() * (b - a + 1)),
    ):
        erasing(image)
    rows, columns = np.nonzero(image[0].numpy())
    if len(rows):
        boxes = [int(columns.min()), int(rows.min()), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1]
    return {"size": [height, width], "numbers": used, "box": boxes or None}


def box_of_beit(shape, lam, margin=0.0, count=None):
    """timm 0.3.2, which BEiT ran: half of an odd side is cut on both sides of the center. Newer ones keep the odd pixel."""
    ratio = np.sqrt(1 - lam)
    height, width = shape[-2:]
    cut_h, cut_w = int(height * ratio), int(width * ratio)
    cy, cx = np.random.randint(0, height, size=count), np.random.randint(0, width, size=count)
    low = np.clip(cy - cut_h // 2, 0, height), np.clip(cx - cut_w // 2, 0, width)
    high = np.clip(cy + cut_h // 2, 0, height), np.clip(cx + cut_w // 2, 0, width)
    return low[0], high[0], low[1], high[1]


def mix_case(rng, key, cut):
    batch, height, width, classes = rng.choice([2, 4, 6]), rng.randint(3, 14), rng.randint(3, 14), rng.randint(3, 6)
    lam, smoothing = round(rng.random(), 6), rng.choice([0.0, 0.1])
    center = [rng.randrange(height), rng.randrange(width)]
    values = np.array(picture(key, width, height * batch, 3, "noise")).reshape(batch, height, width, 3)
    pixels = torch.from_numpy(values).permute(0, 3, 1, 2).float() / 255
    labels = [rng.randrange(classes) for _ in range(batch)]
    mixer = mixup.Mixup(mixup_alpha=0.8, cutmix_alpha=1.0, label_smoothing=smoothing, num_classes=classes)
    places = scripted(center)
    with mock.patch.multiple(
        np.random, rand=scripted([0.0, 0.0 if cut else 0.9]), beta=lambda a, b: lam, randint=lambda *_, **__: places()
    ), mock.patch.object(mixup, "rand_bbox", box_of_beit):
        mixed, targets = mixer(pixels, torch.tensor(labels))
    logits = torch.tensor([[round(rng.gauss(0, 2), 3) for _ in range(classes)] for _ in range(batch)], dtype=torch.float64)
    logits.requires_grad_()
    loss = torch.sum(-targets.double() * torch.log_softmax(logits, -1), -1).mean()
    loss.backward()
    floats = mixed.permute(0, 2, 3, 1).contiguous().numpy()
    return {
        "key": key,
        "kind": "cutmix" if cut else "mixup",
        "shape": [batch, height, width],
        "lambda": lam,
        "center": center,
        "smoothing": smoothing,
        "labels": labels,
        "crc": zlib.crc32(floats.astype("<f4").tobytes()),
        "targets": [[round(value, 6) for value in row] for row in targets.tolist()],
        "logits": logits.tolist(),
        "loss": loss.item(),
        "gradients": logits.grad.tolist(),
    }


def main():
    if int(PIL.__version__.split(".")[0]) < 13:
        sys.exit(f"expected Pillow 13 or newer, got {PIL.__version__}")
    rng = random.Random(20191013)
    names = list(auto_augment._RAND_INCREASING_TRANSFORMS)
    combinations = [(name, level, sign) for name in names for level in LEVELS for sign in (False, True)]
    erasing = {"probability": 0.25, "min_area": 0.02, "max_area": 1 / 3, "min_aspect": 0.3}
    always = {**erasing, "probability": 1.0}
    parts = {
        "versions": {"pillow": PIL.__version__, "timm": timm.__version__, "torch": torch.__version__},
        "names": names,
        "operations": [operation_case(rng, key, *one) for key, one in enumerate(combinations)],
        "policy": [policy_case(rng, 10000 + key) for key in range(120)],
        "erase": [erase_case(rng, erasing) for _ in range(20)],
        "eraseAlways": [erase_case(rng, always) for _ in range(40)],
        "mix": [mix_case(rng, 20000 + key, key % 2 == 1) for key in range(16)],
    }
    lines = []
    for name, part in parts.items():
        compact = [json.dumps(one, separators=(",", ":")) for one in part] if isinstance(part, list) else None
        lines.append(f'"{name}": ' + ("[\n" + ",\n".join(compact) + "\n]" if compact else json.dumps(part)))
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.json"), "w") as out:
        out.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()

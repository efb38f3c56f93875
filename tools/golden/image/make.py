"""Writes golden.json: what Pillow makes of synthetic images, for packages/tensor-core/src/image/golden.test.ts.

    python make.py [cases=150] [file=golden.json]

Images come from the integer hash of `pixel`, which the test repeats, so only results are stored: size, CRC-32 of all
bytes, and for some cases the first row. A large number of cases into another file serves a one-off check.
"""

import json
import os
import random
import sys
import zlib

import numpy as np
import PIL
from PIL import Image, ImageEnhance

FILTERS = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC, "lanczos": Image.LANCZOS}
RESAMPLING = {**FILTERS, "nearest": Image.NEAREST}
MASK = 0xFFFFFFFF


def pixel(key, index, kind, bits=8):
    """Sample `index` of image `key`: noise, or noise pushed to 0 and 255, which overshoots and clips."""
    x = ((index + 1) * 0x9E3779B1 ^ (key + 1) * 0x85EBCA77) & MASK
    x = (x ^ x >> 15) * 0x2C1B3C6D & MASK
    x = (x ^ x >> 12) * 0x297A2D39 & MASK
    x ^= x >> 15
    return x >> (32 - bits) if kind == "noise" else (255 if x >> 31 else 0)


def picture(key, width, height, channels, kind):
    values = np.array([pixel(key, i, kind) for i in range(width * height * channels)], np.uint8)
    return Image.fromarray(values.reshape((height, width) if channels == 1 else (height, width, 3)))


def deep_picture(key, width, height):
    """16 bits, far enough from 0 and 65535 that no filter overshoots: Pillow wraps the lower byte there."""
    values = np.array([20000 + pixel(key, i, "noise", 16) % 24000 for i in range(width * height)], np.uint16)
    return Image.fromarray(values.reshape(height, width))


def result(image, rows):
    data = image.tobytes()
    out = {"crc": zlib.crc32(data)}
    if rows:
        out["row"] = list(data[: image.width * len(image.getbands())])
    return out


def side(rng):
    """Sizes from one pixel on, small ones often; odd ones included."""
    return rng.choice([1, 2, 3, rng.randint(1, 12), rng.randint(8, 48), rng.randint(30, 90), rng.randint(1, 300)])


def resize_case(rng, key, filters, deep=False):
    width, height, channels = side(rng), side(rng), rng.choice([1, 3])
    kind, name = rng.choice(["noise", "noise", "extreme"]), rng.choice(filters)
    target = [rng.choice([side(rng), width]), rng.choice([side(rng), height])]
    case = {"image": [key, width, height, channels, kind], "filter": name, "size": target}
    box = None
    if rng.random() < 0.4:
        left, top = rng.random() * width * 0.7, rng.random() * height * 0.7
        inner = [left, top, (width - left) * (0.2 + 0.8 * rng.random()), (height - top) * (0.2 + 0.8 * rng.random())]
        if rng.random() < 0.5:
            inner = [int(left), int(top), rng.randint(1, width - int(left)), rng.randint(1, height - int(top))]
        case["box"] = inner
        box = (inner[0], inner[1], min(inner[0] + inner[2], width), min(inner[1] + inner[3], height))
    if deep:
        case["image"] = [key, width, height, 1, "noise"]
        return {**case, **result(deep_picture(key, width, height).resize(tuple(target), RESAMPLING[name], box), False)}
    image = picture(key, width, height, channels, kind)
    return {**case, **result(image.resize(tuple(target), RESAMPLING[name], box), rng.random() < 0.3 and target[0] < 30)}


def color_case(rng, key):
    width, height, channels = rng.randint(1, 20), rng.randint(1, 20), rng.choice([1, 3])
    name = rng.choice(["Brightness", "Contrast", "Color"])
    factor = rng.choice([0.0, 1.0, 0.6, 1.3, 1.4, rng.uniform(0, 1), rng.uniform(1, 3)])
    kind = rng.choice(["noise", "noise", "extreme"])
    image = picture(key, width, height, channels, kind)
    case = {"image": [key, width, height, channels, kind], "enhance": name, "factor": factor}
    return {**case, **result(getattr(ImageEnhance, name)(image).enhance(factor), rng.random() < 0.2)}


def gray_case(key):
    return {"image": [key, 17, 13, 3, "noise"], **result(picture(key, 17, 13, 3, "noise").convert("L"), True)}


def main():
    if int(PIL.__version__.split(".")[0]) < 13:
        sys.exit(f"expected Pillow 13 or newer, which chooses the order of the passes, got {PIL.__version__}")
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    here = os.path.dirname(os.path.abspath(__file__))
    file = sys.argv[2] if len(sys.argv) > 2 else os.path.join(here, "golden.json")
    rng = random.Random(20210608)
    golden = {
        "pillow": PIL.__version__,
        "resize": [resize_case(rng, key, list(FILTERS)) for key in range(cases)],
        "color": [color_case(rng, 100000 + key) for key in range(cases)],
        "gray": [gray_case(200000 + key) for key in range(3)],
        "nearest": [resize_case(rng, 300000 + key, ["nearest"]) for key in range(cases // 3)],
        "deep": [resize_case(rng, 400000 + key, list(FILTERS), deep=True) for key in range(cases // 3)],
    }
    with open(file, "w") as out:
        # One case a line: small, and a changed case is one changed line.
        parts = [f'"pillow": {json.dumps(golden["pillow"])}']
        for name in ("resize", "color", "gray", "nearest", "deep"):
            lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in golden[name])
            parts.append(f'"{name}": [\n{lines}\n]')
        out.write("{\n" + ",\n".join(parts) + "\n}\n")


if __name__ == "__main__":
    main()

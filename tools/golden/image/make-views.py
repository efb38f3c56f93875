"""Writes views.json and hugging-face.json: what the image transforms of microsoft/unilm, timm and transformers make of
synthetic images, for packages/trainers/src/data/views-golden.test.ts and
packages/beit-encoder/src/preprocessing-golden.test.ts.

    python make-views.py UNILM      (a checkout; the versions are in README.md; takes about ten seconds)

Every random number that a transform asks for is a number of the case, which the test feeds to ours. Stored are CRC-32 sums
of the bytes and of the float32 values (height, width, channel), and six of either.
"""

import argparse
import importlib
import json
import pathlib
import subprocess
import sys
import warnings
import zlib

import numpy as np
import PIL
import timm
import timm.data
import timm.data.transforms
import torch
import torchvision
import transformers
from PIL import Image
from transformers.models.beit.image_processing_beit import BeitImageProcessor
from transformers.models.beit.image_processing_pil_beit import BeitImageProcessorPil

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from hashed import uniform  # noqa: E402

here = pathlib.Path(__file__).parent
if int(PIL.__version__.split(".")[0]) < 13:
    sys.exit(f"expected Pillow 13 or newer, which chooses the order of the passes, got {PIL.__version__}")
unilm = pathlib.Path(sys.argv[1])
commit = subprocess.check_output(["git", "-C", unilm, "rev-parse", "HEAD"], text=True).strip()
sys.path.insert(0, str(unilm / "beit"))
datasets = importlib.import_module("datasets")
two_pictures = importlib.import_module("transforms")
assert (unilm / "beit").samefile(pathlib.Path(datasets.__file__).parent)
warnings.filterwarnings("ignore", "Argument 'interpolation'")


def picture(key, width, height, kind):
    """Noise, noise pushed to 0 and 255, or waves of a few hundred pixels with a little noise."""
    values = uniform(key, width * height * 3).reshape(height, width, 3)
    if kind == "waves":
        # Waves that are triangles: the test must not depend on anyone's sine.
        y, x, c = np.ogrid[:height, :width, :3]
        phase = (3 * x + 5 * y + 40 * c) % 256
        values = (np.abs(phase - 128) + 32 * values) / 160
    elif kind == "extreme":
        values = np.where(values >= 0.5, 1.0, 0.0)
    return Image.fromarray(np.minimum(255, np.floor(values * 256)).astype(np.uint8))


def of_bytes(data):
    """Sum and some bytes of a picture, or of an array of height, width, channel."""
    data = np.asarray(data)
    return {"crc": zlib.crc32(data.tobytes()), "bytes": picks(data.reshape(-1))}


def of_floats(tensor):
    """The same of a float32 tensor (channel, height, width)."""
    values = np.ascontiguousarray(np.asarray(tensor).transpose(1, 2, 0))
    assert values.dtype == np.float32
    return {"floats": zlib.crc32(values.tobytes()), "values": picks(values.reshape(-1))}


def picks(flat):
    return short(flat[[i * flat.size // 6 for i in range(6)]])


def short(values):
    """Numbers with as few digits as tell a float32 from its neighbors."""
    return [float(str(value)) if values.dtype == np.float32 else int(value) for value in values]


class Script:
    """Stands for the module `random`: numbers of a list, whatever they are asked for."""

    def __init__(self, numbers):
        self.numbers = list(numbers)

    def next(self):
        return self.numbers.pop(0)

    def random(self):
        return self.next()

    def uniform(self, low, high):
        return low + (high - low) * self.next()

    def randint(self, low, high):
        return low + int(self.next() * (high - low + 1))


def jitter_params(order, numbers):
    """What ColorJitter.get_params returns: an order of the four changes and their factors, of hue none."""

    def get_params(brightness, contrast, saturation, hue):
        assert hue is None
        ranges = (brightness, contrast, saturation)
        factors = [low + number * (high - low) for number, (low, high) in zip(numbers, ranges)]
        return torch.tensor([*order, 3]), *factors, None

    return staticmethod(get_params)


def two_views_case(key, width, height, kind, sizes, order, flip, tokens="dall-e", imagenet=False, box=None):
    numbers = uniform(50000 + key, 23).tolist()
    jitter, places = numbers[:3], numbers[3:] if box is None else box
    torchvision.transforms.ColorJitter.get_params = jitter_params(order, jitter)
    script = two_pictures.random = Script(places)
    options = dict(input_size=sizes[0], second_input_size=sizes[1], train_interpolation="bicubic")
    options |= dict(second_interpolation="lanczos", discrete_vae_type=tokens, imagenet_default_mean_and_std=imagenet)
    options |= dict(window_size=(14, 14), num_mask_patches=75, max_mask_patches_per_block=None)
    augmentation = datasets.DataAugmentationForBEiT(argparse.Namespace(**options, min_mask_patches_per_block=16))
    augmentation.common_transform.transforms[1].p = int(flip)
    views = augmentation.common_transform(picture(key, width, height, kind))
    pixels, visual_tokens = augmentation.patch_transform(views[0]), augmentation.visual_token_transform(views[1])
    case = {"image": [key, width, height, kind], "sizes": sizes, "order": order, "flip": flip, "tokens": tokens}
    case |= {"imagenet": imagenet, "jitter": jitter, "places": places[: len(places) - len(script.numbers)]}
    case["pixelView"] = of_bytes(views[0]) | of_floats(pixels)
    case["tokenView"] = of_bytes(views[1]) | of_floats(visual_tokens)
    return case


def train_case(key, width, height, kind, size, flip):
    places = uniform(60000 + key, 20).tolist()
    transform = timm.data.create_transform(
        size, is_training=True, color_jitter=None, auto_augment=None, re_prob=0, hflip=float(flip),
        interpolation="bicubic", mean=(0.5,) * 3, std=(0.5,) * 3,
    )
    case = {"image": [key, width, height, kind], "size": size, "flip": flip}
    result = of_transform(transform, picture(key, width, height, kind), lambda: use(places))
    return case | {"places": places[: len(places) - len(timm.data.transforms.random.numbers)]} | result


def use(places):
    timm.data.transforms.random = Script(places)


def of_transform(transform, image, prepare=lambda: None):
    """Bytes before ToTensor, floats after Normalize."""
    prepare()
    out = image
    for step in transform.transforms[:-2]:
        out = step(out)
    prepare()
    return of_bytes(out) | of_floats(transform(image))


def eval_case(key, width, height, kind, size, crop=None, imagenet=False):
    """unilm's evaluation, or with a crop share timm's."""
    if crop is None:
        options = dict(input_size=size, crop_pct=None, imagenet_default_mean_and_std=imagenet)
        namespace = argparse.Namespace(**options)
        transform = datasets.build_transform(False, namespace)
        crop = getattr(namespace, "crop_pct") or 1.0
        code = "unilm"
    else:
        half = dict(mean=(0.5,) * 3, std=(0.5,) * 3)
        transform = timm.data.create_transform(size, interpolation="bicubic", crop_pct=crop, **half)
        code = "timm"
    case = {"code": code, "image": [key, width, height, kind], "size": size, "crop": crop, "imagenet": imagenet}
    return case | of_transform(transform, picture(key, width, height, kind))


def processor_config(size, resample, crop=0, **options):
    sides = dict(shortest_edge=-size) if size < 0 else dict(height=size, width=size)
    config = dict(size=sides, resample=resample, do_center_crop=crop > 0, image_mean=[0.5] * 3, image_std=[0.5] * 3)
    if crop:
        config["crop_size"] = dict(height=crop, width=crop)
    return config | options


def processed(kind, config, image, **options):
    return kind(**config)(images=[image], return_tensors="np", **options)["pixel_values"][0]


def processor_case(key, width, height, kind, config):
    image = picture(key, width, height, kind)
    raw = dict(do_rescale=False, do_normalize=False)
    data = processed(BeitImageProcessorPil, config, image, **raw).transpose(1, 2, 0)
    # The other one resizes with torch, in bytes too.
    fast = processed(BeitImageProcessor, config, image, **raw).transpose(1, 2, 0)
    difference = np.abs(fast.astype(int) - data.astype(int))
    case = {"image": [key, width, height, kind], "config": BeitImageProcessorPil(**config).to_dict()}
    case |= of_bytes(data.astype(np.uint8)) | of_floats(processed(BeitImageProcessorPil, config, image))
    case["torchvision"] = {"largest": int(difference.max()), "differing": round(float((difference > 0).mean()), 4)}
    return case


def table(kind, config):
    """What becomes of the 256 bytes, by channel."""
    config = config | dict(do_resize=False, do_center_crop=False)
    image = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, 2))
    return [short(channel) for channel in processed(kind, config, image).reshape(3, 256)]


def views():
    boxes = {
        # Area and ratio at both ends of their ranges, the corner and the far corner; a fallback after ten refusals.
        "whole": [0.999999, 0.5, 0.0, 0.0],
        "small": [0.0, 0.0, 0.999999, 0.999999],
        "refused": [0.99, 0.99] * 10,
    }
    two = [
        two_views_case(1, 60, 45, "noise", [32, 16], [0, 1, 2], False),
        two_views_case(2, 45, 61, "noise", [32, 16], [2, 1, 0], True),
        two_views_case(3, 53, 53, "extreme", [32, 16], [1, 2, 0], True, "customized"),
        two_views_case(4, 120, 91, "waves", [48, 24], [1, 0, 2], False, "customized", True),
        two_views_case(5, 200, 150, "waves", [32, 16], [0, 2, 1], True, "dall-e", True),
        two_views_case(6, 77, 64, "waves", [96, 48], [2, 0, 1], False),
        two_views_case(7, 33, 32, "noise", [32, 16], [0, 1, 2], True, box=boxes["whole"]),
        two_views_case(8, 90, 70, "extreme", [32, 16], [2, 0, 1], True, box=boxes["small"]),
        two_views_case(9, 91, 30, "noise", [32, 16], [1, 2, 0], True, box=boxes["refused"]),
        two_views_case(10, 30, 83, "noise", [32, 16], [1, 0, 2], False, box=boxes["refused"]),
        two_views_case(11, 500, 375, "waves", [224, 112], [1, 2, 0], True),
        two_views_case(12, 333, 500, "noise", [224, 112], [2, 1, 0], False, "customized"),
        two_views_case(13, 640, 427, "waves", [224, 112], [0, 1, 2], False, imagenet=True),
    ]
    train = [
        train_case(21, 64, 48, "noise", 32, False),
        train_case(22, 47, 70, "extreme", 40, True),
        train_case(23, 500, 333, "waves", 224, True),
    ]
    evaluation = [
        eval_case(31, 80, 60, "noise", 48),
        eval_case(32, 59, 83, "noise", 48, imagenet=True),
        eval_case(33, 57, 57, "extreme", 40),
        eval_case(34, 20, 31, "noise", 48),
        eval_case(35, 500, 375, "waves", 224),
        eval_case(36, 333, 501, "noise", 224),
        eval_case(37, 257, 641, "waves", 224),
        eval_case(38, 500, 375, "waves", 384),
        eval_case(39, 385, 511, "waves", 384),
        eval_case(40, 32, 32, "noise", 32),
        # Margins of 1, 2, 3, 5, 7 pixels: halves are rounded to even.
        *[eval_case(41 + i, 55 + margin, 55, "noise", 55, 1.0) for i, margin in enumerate([1, 2, 3, 5, 7])],
        eval_case(51, 80, 61, "noise", 48, 0.9),
        eval_case(52, 61, 93, "extreme", 40, 0.9),
        eval_case(53, 501, 375, "waves", 224, 0.9),
        eval_case(54, 375, 500, "noise", 224, 0.95),
        eval_case(55, 500, 333, "waves", 384, 1.0),
    ]
    return {"two": two, "train": train, "evaluation": evaluation}


def hugging_face():
    released = processor_config(224, 2)
    odd = dict(image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225])
    cases = [
        processor_case(71, 500, 375, "waves", released),
        processor_case(72, 333, 500, "noise", released),
        processor_case(73, 100, 61, "extreme", processor_config(48, 2)),
        processor_case(74, 20, 33, "noise", processor_config(48, 2, **odd)),
        processor_case(75, 500, 375, "waves", processor_config(256, 3, 224)),
        processor_case(76, 61, 90, "noise", processor_config(40, 3, 32)),
        processor_case(77, 90, 61, "noise", processor_config(41, 1, 32, **odd)),
        processor_case(78, 500, 375, "waves", processor_config(-256, 3, 224)),
        processor_case(79, 333, 501, "noise", processor_config(-256, 2, 224, **odd)),
        *[processor_case(80 + i, 40 + i, 40, "noise", processor_config(-40, 3, 40)) for i in range(8)],
        *[processor_case(90 + i, 37, 61, "extreme", processor_config(-44 - i, 3, 44)) for i in range(4)],
    ]
    half = processor_config(224, 2)
    plain = half | dict(do_normalize=False)
    tables = {name: table(BeitImageProcessorPil, half | more) for name, more in [("half", {}), ("imagenet", odd)]}
    tables["unit"] = table(BeitImageProcessorPil, plain)
    fast = {name: table(BeitImageProcessor, half | more) for name, more in [("half", {}), ("imagenet", odd)]}
    return {"cases": cases, "tables": tables, "torchvisionTables": fast}


def write(name, parts):
    """One case a line: small, and a changed case is one changed line."""
    versions = {"Pillow": PIL.__version__, "torch": torch.__version__, "torchvision": torchvision.__version__}
    versions |= {"timm": timm.__version__, "transformers": transformers.__version__, "unilm": commit}
    lines = [f'"versions": {json.dumps(versions)}']
    for part, content in parts.items():
        dumped = content.items() if isinstance(content, dict) else ((None, case) for case in content)
        entries = [("" if key is None else f'"{key}": ') + json.dumps(x, separators=(",", ":")) for key, x in dumped]
        opening, closing = "{}" if isinstance(content, dict) else "[]"
        lines.append(f'"{part}": {opening}\n' + ",\n".join(entries) + f"\n{closing}")
    (here / name).write_text("{\n" + ",\n".join(lines) + "\n}\n")


write("views.json", views())
write("hugging-face.json", hugging_face())

# Writes random models of transformers and timm as people have them, and what torch computes with them in float64 and in
# float32, for compare.ts; see README.md.
#   python make.py FOLDER [--count 120] [--seed 1]
import argparse
import json
import pathlib
import random
import shutil

import safetensors.torch
import timm
import torch
import transformers
from timm.models._hub import save_for_hf
from transformers import (
    BeitConfig,
    BeitForImageClassification,
    BeitForMaskedImageModeling,
    BeitForSemanticSegmentation,
    BeitModel,
    Data2VecVisionConfig,
    Data2VecVisionForImageClassification,
    Data2VecVisionModel,
)

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
IMAGES = 8  # so that torch's own error is no lucky one
DTYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


def sides(rng, patch, square):
    """Height and width; every other one is no multiple of the patches."""
    side = lambda: patch * rng.randint(1, 5) + rng.choice([0, rng.randint(0, patch - 1)])  # noqa: E731
    height = side()
    return (height, height) if square else (height, side())


def shape_of(rng):
    """Sizes that both libraries share."""
    heads, patch = rng.randint(1, 4), rng.choice([2, 4, 7, 8])
    return dict(heads=heads, width=heads * rng.choice([3, 4, 8, 16]), depth=rng.randint(1, 4), patch=patch,
                channels=rng.choice([1, 3, 3, 4]), classes=rng.randint(1, 12))


def fill(model, rng, dtype):
    """Values of many sizes, which the file's numbers can hold."""
    generator = torch.Generator().manual_seed(rng.randrange(2**31))
    scale = rng.uniform(0.5, 3)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            values = torch.randn(parameter.shape, generator=generator)
            if name.endswith("weight") and "norm" in name:
                values = 1 + 0.2 * values
            elif "lambda_" in name or "gamma_" in name:
                values = 0.5 + 0.3 * values
            elif parameter.dim() > 1 and "table" not in name and "token" not in name and "pos" not in name:
                values = values * scale / parameter[0].numel() ** 0.5
            elif parameter.dim() == 1:
                values = 0.3 * values
            parameter.copy_(values.to(dtype).float())


# Hugging Face


def hugging_face_options(rng, kind, shape):
    shared, own = rng.random() < 0.5, rng.random() < 0.6
    absolute = rng.random() < 0.4
    # transformers reads tables of other shapes as if width came before height, and takes no absolute positions for them.
    square = kind != "hugging-face rectangle"
    if not square:
        shared = own = absolute = False
    height, width = sides(rng, shape["patch"], square)
    mean = kind == "hugging-face pretraining" or rng.random() < 0.6
    return dict(
        hidden_size=shape["width"], num_hidden_layers=4 if kind == "segmentation" else shape["depth"],
        num_attention_heads=shape["heads"], intermediate_size=rng.randint(2, 70), num_channels=shape["channels"],
        image_size=height if square else [height, width], patch_size=shape["patch"], use_mean_pooling=mean,
        use_absolute_position_embeddings=absolute, use_relative_position_bias=own,
        use_shared_relative_position_bias=shared, layer_scale_init_value=rng.choice([0.0, 0.1]),
        layer_norm_eps=rng.choice([1e-12, 1e-6, 1e-5]), use_mask_token=rng.random() < 0.6,
        vocab_size=rng.randint(3, 40), num_labels=shape["classes"],
    )


CLASSES = {
    "hugging-face classifier": (BeitForImageClassification, BeitConfig),
    "hugging-face pretraining": (BeitForMaskedImageModeling, BeitConfig),
    "hugging-face headless": (BeitModel, BeitConfig),
    "hugging-face rectangle": (BeitForImageClassification, BeitConfig),
    "segmentation": (BeitForSemanticSegmentation, BeitConfig),
    "data2vec classifier": (Data2VecVisionForImageClassification, Data2VecVisionConfig),
    "data2vec headless": (Data2VecVisionModel, Data2VecVisionConfig),
}


def hugging_face(rng, kind, folder, dtype):
    architecture, config_class = CLASSES[kind]
    shape = shape_of(rng)
    options = hugging_face_options(rng, kind, shape)
    if kind == "segmentation":
        options |= dict(out_features=[f"stage{i}" for i in (1, 2, 3, 4)], pool_scales=[1, 2], auxiliary_channels=3)
    if config_class is Data2VecVisionConfig:
        options.pop("vocab_size")
    model = architecture(config_class(**options)).eval()
    fill(model, rng, DTYPES[dtype])
    storage = rng.choice(["safetensors", "shards", "memory", "bare"])
    known = {}
    stored = model.to(DTYPES[dtype])
    if storage in ("safetensors", "shards"):
        stored.save_pretrained(folder, max_shard_size="6KB" if storage == "shards" else "1GB")
    else:
        torch.save(stored.state_dict(), folder / "pytorch_model.bin")
        if storage == "memory":
            stored.config.architectures = [architecture.__name__]
            stored.config.save_pretrained(folder)
        else:
            size = options["image_size"]
            known = dict(heads=shape["heads"], epsilon=options["layer_norm_eps"], imageSize=size)
    model = stored.float()
    height, width = size if isinstance(size := options["image_size"], list) else (size, size)
    mask = None
    if kind == "hugging-face pretraining" and options["use_mask_token"]:
        patches = (height // shape["patch"]) * (width // shape["patch"])
        mask = torch.tensor([[rng.random() < 0.4 for _ in range(patches)] for _ in range(IMAGES)])
    compute = lambda model, x: hugging_face_outputs(model, x, mask)  # noqa: E731
    return model, compute, (shape["channels"], height, width), mask, dict(storage=storage, known=known, options=options)


def hugging_face_outputs(model, x, mask):
    if isinstance(model, BeitForSemanticSegmentation):
        return {"tokens" if model.config.use_mean_pooling else "normalized": model.beit(x).last_hidden_state}
    if isinstance(model, BeitForMaskedImageModeling):
        return {"logits": model(x).logits} | ({} if mask is None else {"masked": model(x, bool_masked_pos=mask).logits})
    outputs = model(x)
    if isinstance(model, (BeitForImageClassification, Data2VecVisionForImageClassification)):
        return {"logits": outputs.logits}
    found = {"tokens" if model.config.use_mean_pooling else "normalized": outputs.last_hidden_state}
    return found | ({} if outputs.pooler_output is None else {"pooled": outputs.pooler_output})


# timm


def timm_model(rng, kind, folder, dtype):
    shape = shape_of(rng)
    size = sides(rng, shape["patch"], square=kind != "timm rectangle")
    pool, after = rng.choice(["avg", "token"]), rng.random() < 0.5
    options = dict(
        img_size=size, patch_size=shape["patch"], in_chans=shape["channels"], embed_dim=shape["width"],
        depth=shape["depth"], num_heads=shape["heads"], mlp_ratio=rng.choice([1, 2, 2.5, 4]),
        num_classes=0 if kind == "timm headless" else shape["classes"], global_pool=pool, use_fc_norm=after,
        init_values=rng.choice([None, 0.1]), qkv_bias=rng.random() < 0.7, use_rel_pos_bias=rng.random() < 0.6,
        use_shared_rel_pos_bias=rng.random() < 0.4, use_abs_pos_emb=rng.random() < 0.4,
    )
    architecture = rng.choice(["beit_base_patch16_224", "beitv2_base_patch16_224"])
    model = timm.create_model(architecture, **options).eval()
    fill(model, rng, DTYPES[dtype])
    known = dict(imageSize=list(size))
    stored = model.to(DTYPES[dtype])
    storage = rng.choice(["safetensors", "bin", "bare"])
    if storage == "bare":
        torch.save({"arch": architecture, "epoch": 3, "state_dict": stored.state_dict()}, folder / "checkpoint.pth")
        place = "after" if after else "before"
        known |= dict(heads=shape["heads"], pooling="mean" if pool == "avg" else "class", poolingNorm=place)
    else:
        save_for_hf(stored, folder, safe_serialization=storage == "safetensors")
    model = stored.float()
    return model, timm_outputs, (shape["channels"], *size), None, dict(storage=storage, known=known, options=options)


def timm_outputs(model, x):
    features = model.forward_features(x)
    found = {"pooled": model.forward_head(features, pre_logits=True)}
    return found | ({"logits": model.forward_head(features)} if model.num_classes else {})


KINDS = {name: hugging_face for name in CLASSES} | {
    name: timm_model for name in ("timm classifier", "timm headless", "timm rectangle", "timm classifier again")
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    shutil.rmtree(arguments.folder, ignore_errors=True)
    listed = []
    for i in range(arguments.count):
        rng = random.Random(f"{arguments.seed} {i}")
        kind = list(KINDS)[i % len(KINDS)]
        dtype = rng.choice(["f32", "f32", "f16", "bf16"])
        folder = arguments.folder / f"{i:04}"
        (folder / "model").mkdir(parents=True)
        torch.manual_seed(rng.randrange(2**31))
        with torch.no_grad():
            model, compute, size, mask, facts = KINDS[kind](rng, kind, folder / "model", dtype)
            pixels = torch.randn(IMAGES, *size, generator=torch.Generator().manual_seed(i))
            single = compute(model, pixels)
            double = compute(model.double(), pixels.double())
        tensors = {"pixels": pixels} | ({} if mask is None else {"mask": mask.to(torch.uint8)})
        tensors |= {f"float32.{name}": value.contiguous() for name, value in single.items()}
        tensors |= {f"float64.{name}": value.contiguous() for name, value in double.items()}
        safetensors.torch.save_file(tensors, folder / "outputs.safetensors")
        listed.append(dict(folder=folder.name, kind=kind.removesuffix(" again"), dtype=dtype, **facts))
    (arguments.folder / "models.json").write_text(json.dumps(listed, indent=1))


main()

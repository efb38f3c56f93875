# Loads models that we wrote under official names into the originals' own classes and compares outputs; see README.md.
#   python originals.py FOLDER unilm DALL-E DALLE-pytorch      (checkouts of the three repositories)
import functools
import importlib.util
import json
import pathlib
import sys
import types

import numpy as np
import onnx
import safetensors.numpy
import safetensors.torch
import timm
import torch
from timm.models.beit import Beit as TimmBeit
from torch import nn

folder, unilm, dalle, lucidrains = map(pathlib.Path, sys.argv[1:5])
sys.path[:0] = [str(pathlib.Path(__file__).parents[1] / "unilm"), str(dalle), str(lucidrains)]
for name, names in {
    "axial_positional_embedding": ["AxialPositionalEmbedding"],
    "dalle_pytorch.vae": ["OpenAIDiscreteVAE", "VQGanVAE"],
    "dalle_pytorch.transformer": ["Transformer", "DivideMax"],
}.items():
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__dict__.update(dict.fromkeys(names))
sys.modules["dalle_pytorch"] = types.ModuleType("dalle_pytorch")
sys.modules["dalle_pytorch"].__path__ = [str(lucidrains / "dalle_pytorch")]

import dall_e  # noqa: E402
from dalle_pytorch.dalle_pytorch import DiscreteVAE as LucidrainsVae  # noqa: E402
from original import Original  # noqa: E402

originals = Original(unilm)
spec = importlib.util.spec_from_file_location("unilm_dvae", unilm / "beit/modeling_discrete_vae.py")
unilm_dvae = importlib.util.module_from_spec(spec)
spec.loader.exec_module(unilm_dvae)


def error(got, truth):
    assert got.shape == truth.shape, (got.shape, truth.shape)
    return float(np.abs(got - truth).max() / np.abs(truth).max())


def strict_but_indices(model, state):
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and all(name.endswith("relative_position_index") for name in missing), (missing, unexpected)
    return model.double().eval()


def has_fc_norm(config):
    default = "after" if config["pooling"] == "mean" else "before"
    # Of a class token, the norm is written as the one of all tokens.
    return config["pooling"] == "mean" and config.get("poolingNorm", default) == "after"


def unilm_beit(config, state):
    common = dict(
        img_size=config["imageSize"], patch_size=config["patchSize"], in_chans=config["channels"],
        embed_dim=config["width"], depth=config["depth"], num_heads=config["heads"], mlp_ratio=config["mlpRatio"],
        qkv_bias=True, norm_layer=functools.partial(nn.LayerNorm, eps=config["epsilon"]),
        init_values=config["layerScale"] or None, use_abs_pos_emb=config["absolutePositions"],
        use_rel_pos_bias=config["relativePositions"] == "per-layer",
        use_shared_rel_pos_bias=config["relativePositions"] == "shared",
    )
    if config["vocabSize"] > 0:
        model = originals.pretraining.VisionTransformerForMaskedImageModeling(vocab_size=config["vocabSize"], **common)
    else:
        model = originals.finetuning.VisionTransformer(
            num_classes=config["classes"], use_mean_pooling=config["pooling"] == "mean", init_scale=1.0, **common
        )
    return strict_but_indices(model, state)


def timm_beit(config, state):
    model = TimmBeit(
        img_size=config["imageSize"], patch_size=config["patchSize"], in_chans=config["channels"],
        num_classes=config["classes"], global_pool="avg" if config["pooling"] == "mean" else "token",
        embed_dim=config["width"], depth=config["depth"], num_heads=config["heads"], mlp_ratio=config["mlpRatio"],
        norm_layer=functools.partial(nn.LayerNorm, eps=config["epsilon"]), init_values=config["layerScale"] or None,
        use_abs_pos_emb=config["absolutePositions"], use_rel_pos_bias=config["relativePositions"] == "per-layer",
        use_shared_rel_pos_bias=config["relativePositions"] == "shared", use_fc_norm=has_fc_norm(config),
    )
    model.load_state_dict(state, strict=True)
    return model.double().eval()


def check_beit(config, state, stored):
    pixels = torch.from_numpy(stored["input.pixel_values"]).double()
    ours = stored["expected.logits"]
    if config["vocabSize"] > 0:
        mask = torch.from_numpy(stored["input.bool_masked_pos"].astype(bool))
        logits = unilm_beit(config, state)(pixels, mask, return_all_tokens=True)
        return {"unilm": error(ours, logits.numpy())}
    found = {"timm": error(ours, timm_beit(config, state)(pixels).numpy())}
    if config["pooling"] == "mean" and not has_fc_norm(config):
        return found  # timm's alone.
    return {"unilm": error(ours, unilm_beit(config, state)(pixels).numpy()), **found}


def check_tokenizer(config, state, stored):
    pixels = torch.from_numpy(stored["input.pixels"])
    ids = torch.from_numpy(stored["expected.ids"].astype(np.int64))
    decoded = np.moveaxis(stored["expected.decoded"], -1, 1)
    if config["architecture"] == "dall-e":
        encoder, decoder = dall_e.Encoder(), dall_e.Decoder()
        for name, model in ("encoder.", encoder), ("decoder.", decoder):
            model.load_state_dict({key[len(name):]: value for key, value in state.items() if key.startswith(name)})
        found = encoder(dall_e.map_pixels(pixels)).argmax(1)
        hot = torch.nn.functional.one_hot(ids, encoder.vocab_size).permute(0, 3, 1, 2).float()
        image = dall_e.unmap_pixels(torch.sigmoid(decoder(hot)[:, :3]))
    else:
        common = dict(
            image_size=config["imageSize"], num_tokens=config["vocabSize"], codebook_dim=config["codebookWidth"],
            num_layers=config["layers"], hidden_dim=config["hidden"], channels=config["channels"],
        )
        signed = config["pixelRange"] == "normalized"
        if config["blocksPerStage"] > 0:
            model = unilm_dvae.DiscreteVAE(**common)
            images = 2 * pixels - 1 if signed else pixels
        else:  # It normalizes by itself.
            normalization = ((0.5,) * 3, (0.5,) * 3) if signed else ((0,) * 3, (1,) * 3)
            model = LucidrainsVae(num_resnet_blocks=config["middleBlocks"], normalization=normalization, **common)
            images = pixels
        model.load_state_dict(state, strict=True)
        model.eval()
        found = model.get_codebook_indices(images).reshape(ids.shape)
        image = model.decode(ids.flatten(1))
        image = ((image + 1) / 2 if signed else image).clamp(0, 1)
    assert (found == ids).all(), f"{int((found != ids).sum())} of {ids.numel()} ids differ"
    return {"ids": f"{ids.numel()} equal", "decoded": error(decoded, image.numpy())}


torch.set_grad_enabled(False)
print({module.__name__: module.__version__ for module in (torch, timm, np)})
checked = 0
for path in sorted(folder.glob("*.official.safetensors")):
    name = path.name.removesuffix(".official.safetensors")
    model = onnx.load(str(folder / f"{name}.onnx"), load_external_data=False)
    config = json.loads({entry.key: entry.value for entry in model.metadata_props}["beitjs.config"])
    if config.get("architecture") == "dall-e" and config["groups"] != 4:
        continue  # The original has four groups and no other number.
    if config.get("architecture") == "strided" and isinstance(config["imageSize"], list):
        continue  # The originals decode a list of tokens as a square.
    state = safetensors.torch.load_file(path)
    stored = safetensors.numpy.load_file(folder / f"{name}.safetensors")
    report = (check_tokenizer if "architecture" in config else check_beit)(config, state, stored)
    print(name, {key: f"{value:.1e}" if isinstance(value, float) else value for key, value in report.items()})
    assert all(value < 1e-5 for value in report.values() if isinstance(value, float)), report
    checked += 1
assert checked, f"nothing to check in {folder}"

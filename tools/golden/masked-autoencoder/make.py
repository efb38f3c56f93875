# Writes what transformers' masked autoencoder (ViTMAEForPreTraining) computes with small weights: parameters, loss, predictions and
# gradients, with pixels that are normalized and as they are, for packages/beit-encoder/src/masked-golden.test.ts.
#   pip install torch==2.15.0 transformers==5.23.0 safetensors==0.8.0 numpy==2.4.6; python make.py; takes a few seconds.
import pathlib
import sys

import numpy as np
import safetensors
import safetensors.torch
import torch
import transformers
from transformers import ViTMAEConfig, ViTMAEForPreTraining

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from hashed import signed  # noqa: E402

here = pathlib.Path(__file__).parent
config = dict(
    hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, image_size=16, patch_size=4,
    decoder_hidden_size=8, decoder_num_hidden_layers=2, decoder_num_attention_heads=2, decoder_intermediate_size=32,
    hidden_act="gelu", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, layer_norm_eps=1e-6, mask_ratio=0.75,
)


def fill(model):
    """Positions stay the sines and cosines that the model makes; the biases of keys are 0, as BEiT has none."""
    with torch.no_grad():
        for k, (name, parameter) in enumerate(sorted(model.named_parameters())):
            if "position_embeddings" in name or "pos_embed" in name:
                continue
            norm = name.endswith("weight") and ("norm" in name)
            values = (1 if norm else 0) + 0.2 * signed(k, parameter.numel())
            if "k_proj.bias" in name:
                values = 0 * values
            parameter.copy_(torch.from_numpy(values.astype(np.float32)).reshape(parameter.shape))


def main():
    torch.manual_seed(0)
    tensors = {}
    patches = 16
    noise = torch.from_numpy(signed(2000, 2 * patches)).reshape(2, patches)
    pixels = torch.from_numpy(signed(1000, 2 * 3 * 16 * 16)).reshape(2, 3, 16, 16)
    for normalized in (True, False):
        model = ViTMAEForPreTraining(ViTMAEConfig(**config, norm_pix_loss=normalized)).eval()
        model.set_attn_implementation("eager")
        # Transformers leaves the positions of a model at 0 that it does not load; the same functions make them then.
        model.vit.embeddings.patch_embeddings.projection._is_hf_initialized = False
        for parameter in model.parameters():
            parameter._is_hf_initialized = False
        model.vit.embeddings.initialize_weights()
        model.decoder.initialize_weights(patches)
        fill(model)
        if normalized:
            tensors |= {f"weight.{name}": parameter for name, parameter in model.named_parameters()}
            tensors |= {f"weight.{name}": buffer for name, buffer in model.named_buffers() if "embed" in name}
        model = model.double()
        outputs = model(pixels, noise=noise)
        kind = "normalized" if normalized else "plain"
        tensors |= {f"{kind}.loss": outputs.loss.reshape(1), f"{kind}.predictions": outputs.logits, "mask": outputs.mask}
        model.zero_grad()
        outputs.loss.backward()
        for name, parameter in model.named_parameters():
            if parameter.grad is not None:
                tensors[f"{kind}.gradient.{name}"] = parameter.grad
    modules = dict(transformers=transformers, torch=torch, safetensors=safetensors, numpy=np)
    safetensors.torch.save_file(
        {key: value.detach().float().contiguous().clone() for key, value in tensors.items()},
        here / "expected.safetensors",
        {key: module.__version__ for key, module in modules.items()},
    )


if __name__ == "__main__":
    main()

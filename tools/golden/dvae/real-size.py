"""Writes what real-size.ts compares: openai/DALL-E's encoder and decoder at full size with their own random parameters, as
whole modules like the released files, images, and what the two make of them.

    python real-size.py DALL-E FOLDER [images=20]      (a checkout; an empty folder; 520 MB, two minutes)

The biases of the last encoder layer, which start as zeros, are moved so that every token has the same mean logit: otherwise
a few dozen of the 8192 would be all that is compared.
"""

import pathlib
import sys
import time

import safetensors.torch
import torch

checkout, folder = map(pathlib.Path, sys.argv[1:3])
count = int(sys.argv[3]) if len(sys.argv) > 3 else 20
sys.path.insert(0, str(checkout))
import dall_e  # noqa: E402


def smooth_image(i, size=112):
    """Waves and a disc in colors of their own, with a little noise in every fifth."""
    generator = torch.Generator().manual_seed(i)
    draw = lambda *shape: torch.rand(*shape, generator=generator)  # noqa: E731
    y, x = torch.meshgrid(torch.linspace(0, 1, size), torch.linspace(0, 1, size), indexing="ij")
    image = torch.zeros(3, size, size)
    for _ in range(3):
        fx, fy, phase = (8 * draw(3) - 4).tolist()
        image += draw(3, 1, 1) * torch.sin(6.2832 * (fx * x + fy * y + phase))
    image = 0.5 + 0.25 * image
    cx, cy, radius = (0.2 + 0.6 * draw(3)).tolist()
    inside = ((x - cx) ** 2 + (y - cy) ** 2 < (radius / 2) ** 2).float()
    image = image * (1 - inside) + draw(3, 1, 1) * inside
    if i % 5 == 4:
        image += 0.2 * (draw(3, size, size) - 0.5)
    return image.clamp(0, 1)


torch.manual_seed(0)
encoder, decoder = dall_e.Encoder(), dall_e.Decoder()
images = torch.stack([smooth_image(i) for i in range(count)])
with torch.no_grad():
    encoder.blocks.output.conv.b.sub_(encoder(dall_e.map_pixels(images[:4])).mean((0, 2, 3)))
torch.save(encoder, folder / "encoder.pkl")
torch.save(decoder, folder / "decoder.pkl", _use_new_zipfile_serialization=False)
logits, decoded = [], []
start = time.perf_counter()
with torch.no_grad():
    for image in images.split(1):
        logits.append(encoder(dall_e.map_pixels(image)))
    encoded = time.perf_counter()
    for one in logits:
        hot = torch.nn.functional.one_hot(one.argmax(1), 8192).permute(0, 3, 1, 2).float()
        decoded.append(dall_e.unmap_pixels(torch.sigmoid(decoder(hot)[:, :3])))
end = time.perf_counter()
logits = torch.cat(logits)
top = logits.topk(2, dim=1).values
print(f"torch {torch.__version__}: {(encoded - start) / count:.2f} s an image to encode,", end=" ")
print(f"{(end - encoded) / count:.2f} s to decode, on {torch.get_num_threads()} threads")
print(f"{logits.argmax(1).unique().numel()} different ids; smallest margin {(top[:, 0] - top[:, 1]).min():.2e}")
tensors = {"images": images, "logits": logits, "ids": logits.argmax(1), "decoded": torch.cat(decoded)}
safetensors.torch.save_file({name: value.contiguous() for name, value in tensors.items()}, folder / "real-size.safetensors")

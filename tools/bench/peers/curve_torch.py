"""Losses of a training on PyTorch, from given weights on given batches: python curve_torch.py '<request as JSON>'.

Prints one line of JSON.
"""

import json
import re
import sys

import numpy as np
import torch
from beit_torch import Beit, create_step
from weights import read_weights

request = json.loads(sys.argv[1])
torch.set_num_threads(request["threads"])
device, model, batch = request["device"], request["model"], request["batch"]

# Patterns of our paths, and what stands there in beit_torch.py.
NAMES = (
    (r"patchEmbedding", "patch_embedding"),
    (r"classToken", "class_token"),
    (r"maskToken", "mask_token"),
    (r"relativePositionBias", "table"),
    (r"visualTokenHead", "head"),
    (r"\.gamma$", ".weight"),
    (r"\.beta$", ".bias"),
    (r"\.(attention|mlp)\.", "."),
    (r"\.queryBias", ".query_bias"),
    (r"\.valueBias", ".value_bias"),
)


def their_name(path):
    for pattern, name in NAMES:
        path = re.sub(pattern, name, path)
    return path


beit = Beit(model)
own = dict(beit.named_parameters())
weights = {their_name(path): value for path, value in read_weights(request["weights"]).items()}
if weights.keys() != own.keys():
    raise SystemExit(f"expected the parameters {sorted(own)}, got {sorted(weights)}")
with torch.no_grad():
    for name, value in weights.items():
        own[name].copy_(value.reshape(own[name].shape))
beit.to(device)

side = model["imageSize"] // model["patchSize"]
shape = (request["steps"], batch, model["imageSize"], model["imageSize"], model["channels"])
pixels = np.memmap(request["pixels"], "<f4", "r", shape=shape)
masks = np.memmap(request["masks"], "u1", "r", shape=(request["steps"], batch, side * side))
targets = np.memmap(request["targets"], "<i4", "r", shape=(request["steps"], batch * request["masked"]))
autocast = torch.autocast(device, torch.bfloat16, enabled=request["autocast"])
train = create_step(beit, request, autocast)
losses = [
    train(
        torch.from_numpy(np.array(pixels[step])).to(device),
        torch.from_numpy(masks[step] != 0).to(device),
        torch.from_numpy(targets[step].astype(np.int64)).to(device),
    ).item()
    for step in range(request["steps"])
]
print(json.dumps({"losses": losses, "versions": {"torch": torch.__version__}}))

"""A network on PyTorch's CPU: python infer_torch.py '<request as JSON>'. Prints one line of JSON.

Eager, in inference mode; convolutions channels last, attention fused: the fastest of what PyTorch offers without compiling.
"""

import json
import resource
import sys
import time

started = time.perf_counter()
import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from beit_torch import position_index  # noqa: E402
from weights import read_weights  # noqa: E402


def open_tokenizer(config, tensors):
    groups, blocks = config["groups"], config["blocksPerGroup"]
    gain = 1 / (groups * blocks) ** 2
    filters = {
        name: value.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
        for name, value in tensors.items()
        if name.endswith(".filter")
    }

    def conv(x, path):
        weight = filters[f"encoder.{path}.filter"]
        return F.conv2d(x, weight, tensors[f"encoder.{path}.bias"], padding=weight.shape[-1] // 2)

    def block(x, path):
        branch = x
        for layer in ("conv1", "conv2", "conv3", "conv4"):
            branch = conv(F.relu(branch), f"{path}.{layer}")
        skip = conv(x, f"{path}.identity") if f"encoder.{path}.identity.filter" in filters else x
        return torch.add(skip, branch, alpha=gain)

    def forward(pixels):
        x = conv((pixels * 0.8 + 0.1).permute(0, 3, 1, 2), "input")
        for group in range(groups):
            for index in range(blocks):
                x = block(x, f"groups.{group}.{index}")
            if group < groups - 1:
                x = F.max_pool2d(x, 2)
        return conv(F.relu(x), "output").argmax(1).to(torch.int32)

    return forward


def open_encoder(config, p):
    width, heads, depth, patch = config["width"], config["heads"], config["depth"], config["patchSize"]
    side = config["imageSize"] // patch
    bias = p["relativePositionBias"][position_index(side)].permute(2, 0, 1).contiguous()[None]
    kernel = p["patchEmbedding.weight"].reshape(width, patch, patch, config["channels"]).permute(0, 3, 1, 2).contiguous()
    zeros = torch.zeros(width)
    qkv_bias = [
        torch.cat([p[f"blocks.{i}.attention.queryBias"], zeros, p[f"blocks.{i}.attention.valueBias"]])
        for i in range(depth)
    ]

    def linear(x, path):
        return F.linear(x, p[f"{path}.weight"], p[f"{path}.bias"])

    def norm(x, path):
        return F.layer_norm(x, (width,), p[f"{path}.gamma"], p[f"{path}.beta"], config["epsilon"])

    def attention(x, i):
        path = f"blocks.{i}.attention"
        batch, tokens, _ = x.shape
        qkv = F.linear(x, p[f"{path}.qkv.weight"], qkv_bias[i])
        query, key, value = qkv.reshape(batch, tokens, 3, heads, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        return linear(mixed.transpose(1, 2).reshape(batch, tokens, width), f"{path}.projection")

    def forward(pixels):
        patches = F.conv2d(pixels.permute(0, 3, 1, 2).contiguous(), kernel, p["patchEmbedding.bias"], stride=patch)
        patches = patches.flatten(2).transpose(1, 2)
        x = torch.cat([p["classToken"].expand(len(patches), 1, -1), patches], 1)
        for i in range(depth):
            path = f"blocks.{i}"
            x = x + p[f"{path}.scale1"] * attention(norm(x, f"{path}.norm1"), i)
            hidden = F.gelu(linear(norm(x, f"{path}.norm2"), f"{path}.mlp.expand"))
            x = x + p[f"{path}.scale2"] * linear(hidden, f"{path}.mlp.contract")
        return x

    return forward


@torch.inference_mode()
def main():
    request = json.loads(sys.argv[1])
    config, files = request["config"], request["files"]
    torch.set_num_threads(request["threads"])
    opened = open_tokenizer if request["network"] == "tokenizer" else open_encoder
    forward = opened(config, read_weights(files["weights"]))
    size = config["imageSize"]
    pixels = np.fromfile(files["pixels"], dtype="<f4").reshape(1, size, size, config["channels"])

    def call():
        return forward(torch.from_numpy(pixels)).numpy()

    load = time.perf_counter() - started
    begin = time.perf_counter()
    first = call()
    first_seconds = time.perf_counter() - begin
    if "output" in request:
        first.tofile(request["output"])
    times, cpu_times = [], []
    start = time.perf_counter()
    while len(times) < request["minimumCalls"] or time.perf_counter() - start < request["seconds"]:
        begin, used = time.perf_counter(), time.process_time()
        call()
        times.append((time.perf_counter() - begin) * 1000)
        cpu_times.append((time.process_time() - used) * 1000)
    result = {
        "loadMs": load * 1000,
        "firstMs": first_seconds * 1000,
        "times": times,
        "cpuTimes": cpu_times,
        "peakRssBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "versions": {"torch": torch.__version__},
    }
    print(json.dumps(result))


main()

"""Training steps of a BEiT on PyTorch, eager: python train_torch.py '<settings as JSON>'.

Prints one line of JSON. Fused attention and fused AdamW, the fastest of what PyTorch offers without a compiler. On the CPU, or on
the `device` of the settings; with `autocast` products are of bfloat16. `products` are timed, too.
"""

import json
import math
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

settings = json.loads(sys.argv[1])
torch.set_num_threads(settings.get("threads", 1))
torch.set_num_interop_threads(1)
device = settings.get("device", "cpu")
torch.set_default_device(device)
autocast = torch.autocast(device, torch.bfloat16, enabled=settings.get("autocast", False))
torch.manual_seed(settings["seed"])
model_config = settings["model"]


def position_index(side):
    """Row of the table for every pair of tokens; the last three rows are for the class token."""
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    rows, columns = rows.flatten(), columns.flatten()
    down = rows[:, None] - rows[None, :] + side - 1
    right = columns[:, None] - columns[None, :] + side - 1
    distances = (2 * side - 1) ** 2
    index = torch.zeros(side * side + 1, side * side + 1, dtype=torch.long)
    index[1:, 1:] = down * (2 * side - 1) + right
    index[0, :] = distances
    index[:, 0] = distances + 1
    index[0, 0] = distances + 2
    return index


def drop_path(branch, rate):
    if rate == 0:
        return branch
    keep = torch.floor(1 - rate + torch.rand(branch.shape[0], 1, 1)) / (1 - rate)
    return branch * keep


class Block(nn.Module):
    def __init__(self, config, number):
        super().__init__()
        width, mlp_ratio, epsilon = config["width"], config["mlpRatio"], config["epsilon"]
        self.heads = config["heads"]
        self.rate = config["dropPath"] * number / max(1, config["depth"] - 1)
        self.norm1 = nn.LayerNorm(width, eps=epsilon)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.query_bias = nn.Parameter(torch.zeros(width))
        self.value_bias = nn.Parameter(torch.zeros(width))
        self.projection = nn.Linear(width, width)
        self.scale1 = nn.Parameter(torch.full((width,), config["layerScale"]))
        self.norm2 = nn.LayerNorm(width, eps=epsilon)
        self.expand = nn.Linear(width, mlp_ratio * width)
        self.contract = nn.Linear(mlp_ratio * width, width)
        self.scale2 = nn.Parameter(torch.full((width,), config["layerScale"]))
        self.output_scale = 1 / math.sqrt(2 * (number + 1))

    def attention(self, x, bias):
        batch, tokens, width = x.shape
        biases = torch.cat((self.query_bias, torch.zeros_like(self.query_bias), self.value_bias))
        qkv = F.linear(x, self.qkv.weight, biases)
        query, key, value = qkv.view(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias.to(query.dtype))
        return self.projection(mixed.transpose(1, 2).reshape(batch, tokens, width))

    def forward(self, x, bias):
        x = x + drop_path(self.scale1 * self.attention(self.norm1(x), bias), self.rate)
        hidden = F.gelu(self.expand(self.norm2(x)))
        return x + drop_path(self.scale2 * self.contract(hidden), self.rate)


class Beit(nn.Module):
    def __init__(self, config):
        super().__init__()
        width, depth, heads = config["width"], config["depth"], config["heads"]
        self.patch = config["patchSize"]
        side = config["imageSize"] // self.patch
        self.patch_embedding = nn.Linear(config["channels"] * self.patch**2, width)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        self.table = nn.Parameter(torch.zeros((2 * side - 1) ** 2 + 3, heads))
        self.register_buffer("index", position_index(side))
        self.blocks = nn.ModuleList(Block(config, i) for i in range(depth))
        self.norm = nn.LayerNorm(width, eps=config["epsilon"])
        self.head = nn.Linear(width, config["vocabSize"])
        self.initialize()

    def initialize(self):
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02, a=-0.02, b=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for token in (self.class_token, self.mask_token):
            nn.init.trunc_normal_(token, std=0.02, a=-0.02, b=0.02)
        with torch.no_grad():
            for block in self.blocks:
                block.projection.weight.mul_(block.output_scale)
                block.contract.weight.mul_(block.output_scale)

    def forward(self, pixels, mask):
        batch, height, width, channels = pixels.shape
        side, patch = height // self.patch, self.patch
        patches = pixels.view(batch, side, patch, width // patch, patch, channels).transpose(2, 3)
        x = self.patch_embedding(patches.reshape(batch, side * side, -1))
        x = torch.where(mask[:, :, None], self.mask_token, x)
        x = torch.cat((self.class_token.expand(batch, -1, -1), x), 1)
        bias = self.table[self.index].permute(2, 0, 1).contiguous()[None]
        for block in self.blocks:
            x = block(x, bias)
        return self.head(self.norm(x[:, 1:][mask]))


def make_batch(batch, masked, model):
    side = model["imageSize"] // model["patchSize"]
    order = torch.rand(batch, side * side).argsort(1)
    mask = torch.zeros(batch, side * side, dtype=torch.bool).scatter(1, order[:, :masked], True)
    pixels = torch.randn(batch, model["imageSize"], model["imageSize"], model["channels"])
    return pixels, mask, torch.randint(model["vocabSize"], (batch * masked,))


beit = Beit(model_config)
adamw = settings["adamW"]
decayed = [p for name, p in beit.named_parameters() if p.ndim == 2 or name == "mask_token"]
kept = [p for name, p in beit.named_parameters() if not (p.ndim == 2 or name == "mask_token")]
optimizer = torch.optim.AdamW(
    [{"params": decayed, "weight_decay": adamw["weightDecay"]}, {"params": kept, "weight_decay": 0.0}],
    lr=settings["learningRate"],
    betas=(adamw["beta1"], adamw["beta2"]),
    eps=adamw["epsilon"],
    fused=True,
)
pixels, mask, targets = make_batch(settings["batch"], settings["masked"], model_config)
parameters = list(beit.parameters())


def step():
    with autocast:
        loss = F.cross_entropy(beit(pixels, mask), targets)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(parameters, adamw["clipNorm"])
    optimizer.step()
    return loss.item()


def wait():
    if device == "cuda":
        torch.cuda.synchronize()


def time_product(rows, depth, columns):
    """Milliseconds of x [rows, depth] times weight [columns, depth], transposed; the best of some."""
    dtype = torch.bfloat16 if settings.get("autocast", False) else torch.float32
    x, weight = torch.randn(rows, depth, dtype=dtype), torch.randn(columns, depth, dtype=dtype)
    best = math.inf
    for _ in range(5):
        wait()
        begin = time.perf_counter()
        for _ in range(settings["repeats"]):
            F.linear(x, weight)
        wait()
        best = min(best, (time.perf_counter() - begin) * 1000 / settings["repeats"])
    return best


losses = [step() for _ in range(settings["warmup"])]
times, cpu_times = [], []
start = time.perf_counter()
while len(times) < settings["minimumSteps"] or time.perf_counter() - start < settings["seconds"]:
    begin, used = time.perf_counter(), time.process_time()
    losses.append(step())
    times.append((time.perf_counter() - begin) * 1000)
    cpu_times.append((time.process_time() - used) * 1000)
# Kilobytes on Linux, bytes on macOS.
unit = 1 if sys.platform == "darwin" else 1024
report = {
    "times": times,
    "cpuTimes": cpu_times,
    "losses": losses,
    "productTimes": [time_product(*size) for size in settings.get("products", [])],
    "peakRssBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit,
    "versions": {"torch": torch.__version__, "python": sys.version.split()[0]},
}
print(json.dumps(report))

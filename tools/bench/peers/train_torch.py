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
from beit_torch import Beit, create_step
from torch.nn import functional as F

settings = json.loads(sys.argv[1])
torch.set_num_threads(settings.get("threads", 1))
torch.set_num_interop_threads(1)
device = settings.get("device", "cpu")
torch.set_default_device(device)
autocast = torch.autocast(device, torch.bfloat16, enabled=settings.get("autocast", False))
torch.manual_seed(settings["seed"])
model_config = settings["model"]


def make_batch(batch, masked, model):
    side = model["imageSize"] // model["patchSize"]
    order = torch.rand(batch, side * side).argsort(1)
    mask = torch.zeros(batch, side * side, dtype=torch.bool).scatter(1, order[:, :masked], True)
    pixels = torch.randn(batch, model["imageSize"], model["imageSize"], model["channels"])
    return pixels, mask, torch.randint(model["vocabSize"], (batch * masked,))


train = create_step(Beit(model_config), settings, autocast)
batch = make_batch(settings["batch"], settings["masked"], model_config)


def step():
    return train(*batch).item()


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

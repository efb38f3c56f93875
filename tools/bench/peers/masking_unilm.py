"""Masks of BEiT's own generator: python masking_unilm.py '<request as JSON>'. Prints one line of JSON.

The request names a checkout of microsoft/unilm; its beit/masking_generator.py runs as it is. It asks numpy for `np.int`, which
numpy no longer has: the name is given back before.
"""

import importlib.util
import json
import os
import random
import sys
import time

import numpy as np

if not hasattr(np, "int"):
    np.int = int


def main():
    request = json.loads(sys.argv[1])
    path = os.path.join(request["unilm"], "beit", "masking_generator.py")
    spec = importlib.util.spec_from_file_location("masking_generator", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    random.seed(request["seed"])
    side = (request["grid"]["rows"], request["grid"]["cols"])
    generate = module.MaskingGenerator(side, request["count"], min_num_patches=request["minBlock"])

    def draw():
        return int(sum(generate().sum() for _ in range(request["masks"])))

    masked = draw()
    times = []
    start = time.perf_counter()
    while len(times) < 3 or time.perf_counter() - start < request["seconds"]:
        begin = time.perf_counter()
        draw()
        times.append((time.perf_counter() - begin) * 1000)
    version = ".".join(str(part) for part in sys.version_info[:3])
    print(json.dumps({"official": {"times": times, "masked": masked}, "versions": {"python": version}}))


main()

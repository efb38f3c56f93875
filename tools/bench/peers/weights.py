"""Float32 tensors of a safetensors file, without a package for it."""

import json
import struct

import numpy as np
import torch


def read_weights(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        tensors = {}
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            begin, end = entry["data_offsets"]
            file.seek(8 + length + begin)
            values = np.frombuffer(file.read(end - begin), dtype="<f4").copy()
            tensors[name] = torch.from_numpy(values).reshape(entry["shape"])
    return tensors

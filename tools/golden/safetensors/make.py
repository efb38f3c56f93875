# Writes the fixtures that packages/tensor-core/src/safetensors.test.ts reads: one file by the reference implementation and
# what numpy makes of its values.  pip install safetensors==0.8.0 numpy==2.4.6; python make.py; takes a second.
import hashlib
import json
import pathlib

import numpy as np
from safetensors.numpy import save

here = pathlib.Path(__file__).parent
half_bits = np.array([0x0000, 0x8000, 0x0001, 0x03FF, 0x0400, 0x3555, 0x3C00, 0xC000, 0x7BFF, 0xFC00], dtype=np.uint16)
tensors = {
    "blocks.10.weight": (np.arange(6, dtype=np.float32) / 7).reshape(2, 3),
    "blocks.9.weight": np.array([1e-45, -0.0, np.inf, -3.4e38], dtype=np.float32),
    "double": np.array([1 / 3, -1e300, 5e-324]),
    "half": half_bits.view(np.float16).reshape(2, 5),
    "scalar": np.array(42, dtype=np.int32),
    "wide": np.array([-1, 2**31 - 1, -(2**31)], dtype=np.int64),
    "unsigned": np.array([0, 7, 4_000_000_000], dtype=np.uint32),
    "short": np.array([-32768, 32767], dtype=np.int16),
    "bytes": np.arange(5, dtype=np.uint8),
    "mask": np.array([[True, False, True]]),
    "empty": np.zeros((0, 4), dtype=np.float32),
    "\u00fc\u4e16\U0001f600 \"quoted\"\\\n": np.array([-128, 127], dtype=np.int8),
    "\uff5a": np.array([3], dtype=np.int8),
}
(here / "numpy.safetensors").write_bytes(save(tensors, {"format": "np"}))


# Every binary16 and bfloat16 value as float32, NaN set to zero: a hash stands for the 256 KiB.
def digest(values):
    return hashlib.sha256(np.where(np.isnan(values), np.float32(0), values).astype("<f4").tobytes()).hexdigest()


every = np.arange(65536, dtype=np.uint16)
half = every.view(np.float16).astype(np.float32)
brain = (every.astype(np.uint32) << 16).view(np.float32)
expected = {"allHalfAsFloat32": digest(half), "allBrainAsFloat32": digest(brain)}
(here / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")

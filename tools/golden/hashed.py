# The values of packages/tensor-core/src/testing/hash.ts: weights and images of goldens that need not be stored.
import numpy as np


def uniform(key, count):
    """hashUniform, elements 0 to count."""
    old = np.seterr(over="ignore")
    element = np.arange(1, count + 1, dtype=np.uint32)
    x = element * np.uint32(0x9E3779B1) ^ np.uint32((key + 1) * 0x85EBCA77 & 0xFFFFFFFF)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x2C1B3C6D)
    x = (x ^ (x >> np.uint32(12))) * np.uint32(0x297A2D39)
    np.seterr(**old)
    return (x ^ (x >> np.uint32(15))).astype(np.float64) / 2**32


def signed(key, count):
    """hashSigned, elements 0 to count."""
    return 2 * uniform(key, count) - 1

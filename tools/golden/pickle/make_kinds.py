# Writes what packages/tensor-core/src/pickle/kinds.test.ts reads: checkpoints with everything beside the weights that training
# code leaves there, in all protocols and containers, and in expected-kinds.json every tensor of each, with what is set aside.
# pip install torch==2.15.0 numpy; python make_kinds.py; takes seconds.
import argparse
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import io
import json
import pathlib
import pickle
import random
import re
import struct
import sys
import types
import uuid
import zipfile

import numpy
import torch
from torch import nn

here = pathlib.Path(__file__).parent
torch.manual_seed(0)
sys.modules["training"] = types.ModuleType("training")


def public(cls):
    cls.__module__, cls.__qualname__ = "training", cls.__name__
    setattr(sys.modules["training"], cls.__name__, cls)
    return cls


@public
class Phase(enum.Enum):
    WARMUP = "warmup"


@public
@dataclasses.dataclass
class Settings:
    rate: float
    steps: int


@public
class Slotted:
    __slots__ = ("a", "b")


@public
class Attributes(dict):
    pass


@public
class History(list):
    pass


@public
class Keywords:
    def __new__(cls, *, rate):
        return super().__new__(cls)

    def __getnewargs_ex__(self):
        return (), {"rate": 0.5}


@public
class Custom(nn.Module):
    def __init__(self):
        super().__init__()
        self.settings = Settings(0.1, 3)
        self.blocks = nn.ModuleList([nn.Linear(2, 3), nn.Linear(3, 2, bias=False)])
        self.named = nn.ModuleDict({"norm": nn.BatchNorm1d(2)})
        self.listed = nn.ParameterList([nn.Parameter(torch.randn(2))])
        self.keyed = nn.ParameterDict({"scale": nn.Parameter(torch.randn(1))})
        self.register_buffer("kept", torch.arange(3))
        self.register_buffer("made_again", torch.arange(4), persistent=False)
        self.register_parameter("absent", None)
        self.tied = self.blocks[0].weight
        self.activation = functools.partial(torch.nn.functional.gelu, approximate="tanh")


@public
class Tagged(torch.Tensor):
    pass


Point = public(collections.namedtuple("Point", "x y"))
net = nn.Sequential(collections.OrderedDict(norm=nn.BatchNorm1d(3), head=nn.Linear(3, 2)))
zone = datetime.timezone(datetime.timedelta(hours=2))
attributes = Attributes(a=1)
attributes.note = "x"
slotted = Slotted()
slotted.a = 1
cycle = []
cycle.append({"again": cycle})
things = {
    "path": pathlib.PurePosixPath("/data/imagenet"),
    "counter": collections.Counter("beit"),
    "when": datetime.datetime(2024, 5, 6, 7, 8, 9, 10, tzinfo=zone),
    "took": datetime.timedelta(seconds=1.5),
    "day": datetime.date(2024, 5, 6),
    "complex": 1 + 2j,
    "slice": slice(1, None, 2),
    "range": range(3),
    "set": {1},
    "frozen": frozenset({"a"}),
    "deque": collections.deque([1, 2], maxlen=3),
    "ordered": collections.OrderedDict(a=1),
    "counts": collections.defaultdict(int, a=1),
    "lists": collections.defaultdict(functools.partial(list, (1,))),
    "decimal": decimal.Decimal("1.5"),
    "fraction": fractions.Fraction(1, 3),
    "uuid": uuid.UUID(int=5),
    "phase": Phase.WARMUP,
    "settings": Settings(0.1, 3),
    "slotted": slotted,
    "attributes": attributes,
    "history": History([0.5, 0.25]),
    "keywords": Keywords(rate=0.5),
    "point": Point(1, 2),
    "bytes": b"\x00\xff",
    "array": bytearray(b"\x01\x02"),
    "space": types.SimpleNamespace(a=1),
    "pattern": re.compile("a+"),
    "error": ValueError("diverged"),
    "ellipsis": ...,
    "method": [1, 2].index,
    "device": torch.device("cpu"),
    "type": torch.float32,
    "size": torch.Size([1, 2]),
    "wide": 2**70,
    "negative": -(2**2000),
    "infinite": float("inf"),
    "text": "\u00e9\u4f60\U0001f600\\\n",
    "cycle": cycle,
    "tuples": {(1, 2): "pair", None: "none", True: "true", 1.5: "float"},
    "scalar": numpy.float64(0.5),
    "numpy": numpy.arange(6, dtype=numpy.float32).reshape(2, 3),
    "fortran": numpy.asfortranarray(numpy.arange(4).reshape(2, 2)),
    "objects": numpy.array([None, "a"], dtype=object),
    "dtype": numpy.dtype("float32"),
}
model = collections.OrderedDict(net.state_dict())
late = ("slotted", "keywords")


def things_of(protocol):
    """Protocols below 2 have neither slots nor arguments by keyword."""
    return {name: one for name, one in things.items() if protocol >= 2 or name not in late}


def extras(protocol):
    args = argparse.Namespace(**things_of(protocol))
    return {"model": model, "args": args, "things": things_of(protocol), "epoch": 3}


states = {
    "model": model,
    "numpy": numpy.random.RandomState(1).get_state(),
    "generator": numpy.random.default_rng(1),
    "python": random.Random(1).getstate(),
    "torch": torch.get_rng_state()[:16].clone(),
    "scheduler": torch.optim.lr_scheduler.LinearLR(torch.optim.SGD(net.parameters(), lr=0.1)).state_dict(),
}


def quantized(dtype):
    return torch.quantize_per_tensor(torch.tensor([0.5, 1.0]), 0.1, 1, dtype)


tagged = torch.randn(2, 2).as_subclass(Tagged)
noted = torch.randn(3)
noted.note = "kept"
frozen = nn.Parameter(torch.randn(2), requires_grad=False)
frozen.no_weight_decay = True
wide = torch.tensor([1 + 2j, -3j], dtype=torch.complex128)
kinds = {
    "model": {"weight": torch.randn(2, 3), "bias": torch.randn(2)},
    "tagged": tagged,
    "noted": noted,
    "frozen": frozen,
    "float8": [torch.tensor([1.5, -2.0]).to(dtype) for dtype in (torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz)],
    "unsigned": [torch.tensor([1, 2]).to(dtype) for dtype in (torch.uint16, torch.uint32, torch.uint64)],
    "complex64": torch.tensor([1 + 2j], dtype=torch.complex64),
    "attributes": Attributes(inside=torch.ones(1), nested={"deep": torch.zeros(2)}),
    "history": History([torch.ones(1)]),
    "counter": collections.Counter(a=torch.ones(1)),
}
aside = {
    "complex128": (wide, "a tensor of complex128"),
    "complex32": (wide.to(torch.complex32), "a tensor of torch.complex32"),
    "conjugate": (torch.tensor([1 + 2j], dtype=torch.complex64).conj(), "a tensor to be conjugated or negated"),
    "negative": (torch.tensor([1 + 2j], dtype=torch.complex64).conj().imag, "a tensor to be conjugated or negated"),
    "quint8": (quantized(torch.quint8), "a quantized tensor"),
    "qint8": (quantized(torch.qint8), "a quantized tensor"),
    "qint32": (quantized(torch.qint32), "a quantized tensor"),
    "sparse": (torch.eye(3).to_sparse(), "a sparse tensor"),
    "rows": (torch.eye(3).to_sparse_csr(), "a sparse tensor"),
    "meta": (torch.empty(3, device="meta"), "a tensor without elements (meta)"),
    "expanded": (torch.ones(1).expand(2**24), "a view whose copy takes"),
    "numpy": (numpy.arange(3), "a numpy array"),
}
plain = {"model": model, "half": torch.randn(3).half(), "byte": torch.tensor([1, 2], dtype=torch.uint8), "long": torch.tensor([2**40]), "complex": torch.tensor([1 + 2j], dtype=torch.complex64), "turned": torch.arange(6, dtype=torch.int32).reshape(2, 3).t()}
old = {"_use_new_zipfile_serialization": False}


def saved(value, **options):
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return buffer.getvalue()


class Unseekable(io.RawIOBase):
    """What zipfile writes data descriptors to."""

    def __init__(self):
        self.parts = bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.parts += data
        return len(data)


def records(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts, compression=zipfile.ZIP_STORED, target=None, wide=False):
    buffer = target or io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in parts.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = compression
            with archive.open(info, "w", force_zip64=wide) as record:
                record.write(data)
    return bytes(buffer.parts) if target else buffer.getvalue()


def big_endian(value):
    """As a big-endian machine writes it: each storage with the bytes of its elements the other way around."""
    parts = records(saved(value))
    kinds = {}

    class Reader(pickle.Unpickler):
        def find_class(self, module, name):
            return super().find_class(module, name) if (module, name) == ("collections", "OrderedDict") else f"{module}.{name}" if name.endswith("Storage") else (lambda *a: None)

        def persistent_load(self, pid):
            kinds[pid[2]] = pid[1]

    Reader(io.BytesIO(parts["archive/data.pkl"])).load()
    sizes = {"torch.FloatStorage": 4, "torch.HalfStorage": 2, "torch.ByteStorage": 1, "torch.LongStorage": 8, "torch.IntStorage": 4, "torch.ComplexFloatStorage": 4}
    for key, kind in kinds.items():
        name, size = f"archive/data/{key}", sizes[kind]
        parts[name] = b"".join(parts[name][at : at + size][::-1] for at in range(0, len(parts[name]), size))
    parts["archive/byteorder"] = b"big"
    return packed(parts)


def viewed():
    """Torch before 0.4 wrote a part of a storage as a view of the whole; torch.load still reads it."""
    whole = torch.arange(6, dtype=torch.float32)

    class Writer(pickle.Pickler):
        def persistent_id(self, value):
            if isinstance(value, tuple) and value and value[0] == "view":
                return ("storage", torch.FloatStorage, "whole", "cpu", 6, value[1])
            return None

        def reducer_override(self, value):
            if isinstance(value, torch.Tensor):
                view = ("view", None) if value.data_ptr() == whole.data_ptr() else ("view", ("part", 2, 3))
                return torch._utils._rebuild_tensor, (view, 0, tuple(value.shape), value.stride())
            return NotImplemented

    buffer = io.BytesIO()
    for value in (0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}):
        pickle.dump(value, buffer, 2)
    Writer(buffer, 2).dump({"whole": whole, "part": whole[2:5]})
    pickle.dump(["whole"], buffer, 2)
    buffer.write(struct.pack("<q", 6) + whole.numpy().tobytes())
    return buffer.getvalue()


def without_checksums(value):
    torch.serialization.set_crc32_options(False)
    data = saved(value)
    torch.serialization.set_crc32_options(True)
    return data


def aligned(value):
    from torch.utils.serialization import config

    before, config.save.storage_alignment = config.save.storage_alignment, 512
    data = saved(value)
    config.save.storage_alignment = before
    return data


def scripted():
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.trace(nn.Linear(1, 1), torch.ones(1, 1)), buffer)
    return buffer.getvalue()


files = {f"extras-{protocol}.pt": saved(extras(protocol), pickle_protocol=protocol) for protocol in (1, 2, 4, 5)}
files |= {f"extras-legacy-{protocol}.pt": saved(extras(protocol), pickle_protocol=protocol, **old) for protocol in (1, 4)}
files |= {f"whole-{protocol}.pt": saved(Custom(), pickle_protocol=protocol) for protocol in (1, 2, 5)}
files |= {"states.pt": saved(states), "kinds.pt": saved(kinds | {"aside": {name: one for name, (one, _) in aside.items()}})}
files |= {
    "big-endian.pt": big_endian(plain),
    "views-legacy.pt": viewed(),
    "unsummed.pt": without_checksums(plain),
    "aligned.pt": aligned(plain),
    "descriptors.pt": packed(records(saved(plain)), target=Unseekable()),
    "descriptors-wide.pt": packed(records(saved(plain)), target=Unseekable(), wide=True),
    "wide.pt": packed(records(saved(plain)), wide=True),
}
refused = {"deflated.pt": packed(records(saved(plain)), zipfile.ZIP_DEFLATED), "script.pt": scripted()}


def flatten(value, path=()):
    if isinstance(value, torch.Tensor):
        yield ".".join(path), value
    elif isinstance(value, nn.Module):
        yield from flatten(dict(value.state_dict()), path)
    elif isinstance(value, dict):
        for key, child in value.items():
            if isinstance(key, (str, int, float)) and key != "cycle":
                yield from flatten(child, (*path, str(key)))
    elif isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        for index, child in enumerate(value):
            yield from flatten(child, (*path, str(index)))


def describe(tensor):
    data = tensor.detach().as_subclass(torch.Tensor).contiguous().reshape(-1).view(torch.uint8) if tensor.numel() else torch.zeros(0)
    return [str(tensor.dtype).removeprefix("torch."), list(tensor.shape), bytes(data.tolist()).hex()]


expected = {}
for name, data in files.items():
    (here / name).write_bytes(data)
    loaded = torch.load(io.BytesIO(data), weights_only=False)
    if name == "kinds.pt":
        del loaded["aside"], loaded["counter"]
    expected[name] = {path: describe(tensor) for path, tensor in flatten(loaded)}
for name, data in refused.items():
    (here / name).write_bytes(data)
# Protocol 0 has no persistent ids but of text, so that torch.save cannot write it.
text = {"things": things_of(0), "numbers": [1, -2, 0.5, True, "x"]}
(here / "extras-0.pt").write_bytes(packed({"archive/data.pkl": pickle.dumps(text, 0), "archive/version": b"3\n"}))
notes = {f"aside.{name}": reason for name, (_, reason) in aside.items()}
(here / "expected-kinds.json").write_text(json.dumps({"torch": torch.__version__, "files": expected, "aside": notes}) + "\n")

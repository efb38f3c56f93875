# Writes the fixtures that packages/tensor-core/src/pickle/golden.test.ts reads: checkpoints by torch itself, and in
# expected.json every tensor of each.  pip install torch==2.15.0; python make.py; takes seconds.
import argparse
import collections
import io
import json
import pathlib
import sys
import types

import torch
from torch import nn

here = pathlib.Path(__file__).parent
torch.manual_seed(0)

# The classes of openai/DALL-E's encoder as their pickles see them: module names, attributes, submodule names. The package
# itself is not needed, since a pickle holds names and state, no code.
for name in ("dall_e", "dall_e.encoder", "dall_e.utils"):
    sys.modules[name] = types.ModuleType(name)


def public(cls, module):
    cls.__module__, cls.__qualname__ = module, cls.__name__
    setattr(sys.modules[module], cls.__name__, cls)
    return cls


class Conv2d(nn.Module):
    def __init__(self, n_in, n_out, kw):
        super().__init__()
        self.n_in, self.n_out, self.kw = n_in, n_out, kw
        self.use_float16, self.device, self.requires_grad = True, torch.device("cpu"), False
        self.w = nn.Parameter(torch.randn(n_out, n_in, kw, kw), requires_grad=False)
        self.b = nn.Parameter(torch.zeros(n_out), requires_grad=False)


class EncoderBlock(nn.Module):
    def __init__(self, n_in, n_out, n_layers):
        super().__init__()
        self.n_in, self.n_out, self.n_layers, self.device = n_in, n_out, n_layers, torch.device("cpu")
        n_hid = n_out // 4
        self.post_gain = 1 / (n_layers**2)
        self.id_path = Conv2d(n_in, n_out, 1) if n_in != n_out else nn.Identity()
        layers = []
        for i, (a, b, kw) in enumerate([(n_in, n_hid, 3), (n_hid, n_hid, 1), (n_hid, n_hid, 1), (n_hid, n_out, 1)]):
            layers += [(f"relu_{i + 1}", nn.ReLU()), (f"conv_{i + 1}", Conv2d(a, b, kw))]
        self.res_path = nn.Sequential(collections.OrderedDict(layers))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.group_count, self.n_hid, self.n_blk_per_group, self.input_channels, self.vocab_size = 1, 4, 1, 3, 8
        group_1 = [("block_1", EncoderBlock(4, 8, 1)), ("pool", nn.MaxPool2d(kernel_size=2))]
        self.blocks = nn.Sequential(
            collections.OrderedDict(
                input=Conv2d(3, 4, 1),
                group_1=nn.Sequential(collections.OrderedDict(group_1)),
                output=nn.Sequential(collections.OrderedDict(relu=nn.ReLU(), conv=Conv2d(8, 8, 1))),
            )
        )


public(Conv2d, "dall_e.utils")
public(EncoderBlock, "dall_e.encoder")
public(Encoder, "dall_e.encoder")

net = nn.Sequential(collections.OrderedDict(norm=nn.BatchNorm1d(3), head=nn.Linear(3, 2)))
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
net(torch.randn(4, 3)).sum().backward()
optimizer.step()
args = argparse.Namespace(lr=1e-3, model="beit_base", seed=2**40, layers=[1, 2], nested=(None, True, -7, 3.5), root=2**70)
base = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 7
mixed = {
    "half": torch.randn(2, 3).half(),
    "brain": torch.randn(5).bfloat16(),
    "long": torch.tensor([[1, -1], [2**62, -(2**40)]]),
    "double": torch.tensor(1 / 3, dtype=torch.float64),
    "int": torch.tensor([1, -2], dtype=torch.int32),
    "short": torch.tensor([3, -4], dtype=torch.int16),
    "char": torch.tensor([-5], dtype=torch.int8),
    "byte": torch.tensor([250], dtype=torch.uint8),
    "bool": torch.tensor([True, False, True]),
    "empty": torch.zeros(0, 4),
}
shared = {
    "whole": base,
    "row": base[2],
    "column": base[:, 3],
    "transposed": base.t(),
    "window": base[1:3, 2:5],
    "permuted": base.reshape(2, 2, 6).permute(2, 0, 1),
    "expanded": base[0, :2].unsqueeze(0).expand(3, 2),
    "half_transposed": torch.randn(3, 2).half().t(),
    "tied": {"again": base},
}
full = {"model": net.state_dict(), "optimizer": optimizer.state_dict(), "args": args, "epoch": 3, "lr": torch.float32}
files = {
    "model.pt": (full, {}),
    "module.pt": ({"module": net.state_dict(), "size": torch.Size([2, 3])}, {"_use_new_zipfile_serialization": False}),
    "bare.pt": (net.state_dict(), {"pickle_protocol": 4}),
    "mixed.pt": (mixed, {}),
    "mixed-legacy.pt": (mixed, {"_use_new_zipfile_serialization": False}),
    "shared.pt": (shared, {}),
    "shared-legacy.pt": (shared, {"_use_new_zipfile_serialization": False}),
    "model-legacy.pt": (full, {"_use_new_zipfile_serialization": False}),
    "encoder.pkl": (Encoder(), {}),
}
# What other versions of torch and other training code leave in a checkpoint.
older = {
    "parameter": nn.Parameter(torch.randn(2, 2)),
    "parallel": nn.DataParallel(nn.Linear(2, 3)),
    "state": collections.defaultdict(dict, {"step": torch.tensor([1.5]), "table": collections.defaultdict(None, {"x": torch.ones(2)})}),
    "unsigned": torch.tensor([[1, 2, 3], [4, 5, 65535]], dtype=torch.uint16).t(),
    "wide": torch.tensor([2**63], dtype=torch.uint64),
    "complex": torch.tensor([1 + 2j, -3j], dtype=torch.complex64),
    "float8": torch.tensor([1.5, -2.0, 0.25]).to(torch.float8_e4m3fn)[1:],
}
files["older.pt"] = (older, {})


def flatten(value, path=()):
    if isinstance(value, torch.Tensor):
        yield ".".join(path), value
    elif isinstance(value, nn.Module):
        yield from flatten(dict(value.state_dict()), path)
    elif isinstance(value, dict):
        for key, child in value.items():
            yield from flatten(child, (*path, str(key)))
    elif isinstance(value, (list, tuple)):
        for index, child in enumerate(value):
            yield from flatten(child, (*path, str(index)))


def describe(tensor):
    data = tensor.detach().contiguous().reshape(-1).view(torch.uint8) if tensor.numel() else torch.zeros(0)
    return [str(tensor.dtype).removeprefix("torch."), list(tensor.shape), bytes(data.tolist()).hex()]


expected = {}
for name, (value, options) in files.items():
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    (here / name).write_bytes(buffer.getvalue())
    if not name.endswith("-legacy.pt"):
        expected[name] = {path: describe(tensor) for path, tensor in flatten(value)}
(here / "expected.json").write_text(json.dumps({"torch": torch.__version__, "files": expected}, indent=None) + "\n")

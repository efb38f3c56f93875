# Runs exported models in onnxruntime and compares with what ours and transformers compute; see README.md.
#   python check.py FOLDER [--record]
import argparse
import hashlib
import json
import logging
import pathlib
import time

import numpy as np
import onnx
import onnxruntime
import safetensors
import safetensors.numpy
import torch
import transformers
from transformers import BeitForImageClassification, BeitForMaskedImageModeling, BeitModel
from transformers.models.beit.modeling_beit import BeitRelativePositionBias

transformers.logging.set_verbosity_error()
logging.disable(logging.WARNING)
published_bias = BeitRelativePositionBias.forward


def error(got, truth):
    """The largest difference, as a part of the largest value."""
    assert got.shape == truth.shape, (got.shape, truth.shape)
    return float(np.abs(got - truth).max() / np.abs(truth).max())


def session(path, level=onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL, severity=3):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    options.log_severity_level = severity
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def check_file(path):
    """The checker with its inference of shapes and types, whose results must be the declared outputs."""
    onnx.checker.check_model(str(path), full_check=True)
    model = onnx.load(str(path))
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    assert {o.name for o in inferred.graph.output} == {o.name for o in model.graph.output}
    return json.loads({entry.key: entry.value for entry in model.metadata_props}["beitjs.config"])


def run(path, inputs):
    """Outputs by name for a whole batch, equal (within rounding) to those of its first example and of plain nodes."""
    fast = session(path)
    names = [output.name for output in fast.get_outputs()]
    outputs = dict(zip(names, fast.run(None, inputs)))
    one = dict(zip(names, fast.run(None, {key: value[:1] for key, value in inputs.items()})))
    twice = {key: np.concatenate([value, value[:1]]) for key, value in inputs.items()}
    more = dict(zip(names, fast.run(None, twice)))
    plain = session(path, onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL)
    unoptimized = dict(zip(names, plain.run(None, inputs)))
    for name, value in outputs.items():
        for got, truth in [(one[name], value[:1]), (more[name][:-1], value), (unoptimized[name], value)]:
            if value.dtype == np.int64:
                assert (got == truth).all(), name
            else:
                assert error(got, truth) < 1e-4, (name, error(got, truth))
    start = time.perf_counter()
    fast.run(None, inputs)
    return outputs, time.perf_counter() - start


def plain_bias(self, window_size, *_, **__):
    """BeitRelativePositionBias.forward at the table's own size, without its reshape of [height, width] as [width, height]."""
    tokens = window_size[0] * window_size[1] + 1
    index = self.generate_relative_position_index(window_size)
    bias = self.relative_position_bias_table[index.view(-1)].view(tokens, tokens, -1)
    return bias.permute(2, 0, 1).contiguous().unsqueeze(0)


def original(folder, config, inputs, outputs):
    """transformers' values of the same outputs, of models that our export for it wrote."""
    BeitRelativePositionBias.forward = plain_bias if isinstance(config["imageSize"], list) else published_bias
    pixels = torch.from_numpy(inputs["pixel_values"]).double()
    load = lambda architecture: architecture.from_pretrained(folder).double().eval()
    with torch.no_grad():
        if "logits" in outputs and config["classes"] > 0:
            return {"logits": load(BeitForImageClassification)(pixels).logits}
        if "logits" in outputs:
            mask = torch.from_numpy(inputs["bool_masked_pos"])
            return {"logits": load(BeitForMaskedImageModeling)(pixels, bool_masked_pos=mask).logits}
        found = load(BeitModel)(pixels, output_hidden_states=True)
        hidden = found.hidden_states[-1]  # Before the norm that classifiers on the class token have.
        normed = config["classes"] > 0 or "poolingNorm" in config
        pooled = found.pooler_output if normed else hidden[:, 1:].mean(1)
        return {"last_hidden_state": hidden, "pooled": pooled}


def check_half(path):
    """Parameters are those of the model in numpy's float16, all others as wide as they were."""
    parameters = safetensors.numpy.load_file(path.with_suffix(".parameters.safetensors"))
    stored = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in onnx.load(str(path)).graph.initializer}
    half = {name: value for name, value in stored.items() if value.dtype == np.float16}
    for name, value in half.items():
        truth = parameters[name].astype(np.float16)
        assert value.shape == truth.shape and value.tobytes() == truth.tobytes(), name
    assert half and not (parameters.keys() & stored.keys()) - half.keys()
    return len(half)


def compare(path, run_path, tolerance):
    """One run of a file against ours; its outputs, with the inputs they were computed from."""
    stored = safetensors.numpy.load_file(run_path)
    inputs = {key[6:]: value for key, value in stored.items() if key.startswith("input.")}
    if "bool_masked_pos" in inputs:
        inputs["bool_masked_pos"] = inputs["bool_masked_pos"].astype(bool)
    outputs, seconds = run(path, inputs)
    report = {"ms": round(1000 * seconds, 1)}
    for name, value in outputs.items():
        ours = stored[f"expected.{name}"]
        if name == "ids":
            assert (value == ours).all(), f"{(value != ours).sum()} of {value.size} ids differ"
            report["ids"] = f"{value.size} equal"
        else:
            report[f"{name} ours"] = error(value, ours)
            assert report[f"{name} ours"] < tolerance, (run_path, report)
    return inputs, outputs, report


def check_limit(path):
    """Whether 129 patches along a side end as an error, which must have the name of the node; 128 must not."""
    strict = session(path, severity=4)
    kinds = {"tensor(float)": np.float32, "tensor(bool)": bool}

    def run_at(patches):
        sizes = {"batch": 1, "height": 8, "width": 8 * patches, "patches": patches}
        shapes = {given.name: [sizes.get(side, side) for side in given.shape] for given in strict.get_inputs()}
        strict.run(None, {given.name: np.zeros(shapes[given.name], kinds[given.type]) for given in strict.get_inputs()})

    run_at(128)
    try:
        run_at(129)
    except Exception as failure:
        assert "at most 128 patches a side" in str(failure), failure
        return True
    return False


def check(path, tolerance):
    config = check_file(path)
    inputs, outputs, report = compare(path, path.with_suffix(".safetensors"), tolerance)
    for run_path in sorted(path.parent.glob(f"{path.stem}.at-*.safetensors")):
        *_, more = compare(path, run_path, tolerance)
        label = run_path.suffixes[0][4:]
        report.update({f"{label} {key}": value for key, value in more.items() if key != "ms"})
    if path.with_suffix(".parameters.safetensors").exists():
        report["rounded"] = check_half(path)
    if any(path.parent.glob(f"{path.stem}.at-*.safetensors")) and "patchSize" in config:
        placed = config["absolutePositions"] or config["relativePositions"] != "none"
        assert check_limit(path) == placed, "a limit of sides where there are positions"
    folder = path.with_suffix("")
    # transformers takes absolute positions for those of a square.
    beyond = isinstance(config["imageSize"], list) and config.get("absolutePositions", False)
    if folder.is_dir() and not beyond:
        for name, value in original(folder, config, inputs, outputs).items():
            report[f"{name} transformers"] = error(outputs[name], value.numpy())
    assert all(value < tolerance for key, value in report.items() if key[-4:] in ("ours", "mers")), report
    return report


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--tolerance", type=float, default=1e-5)
    parser.add_argument("--record", action="store_true", help="write verified.json after the small models passed")
    options = parser.parse_args()
    torch.set_num_threads(2)
    versions = {module.__name__: module.__version__ for module in (onnx, onnxruntime, torch, transformers, safetensors, np)}
    print(versions)
    digests = {}
    for path in sorted(options.folder.glob("*.onnx")):
        report = check(path, options.tolerance)
        digests[path.stem] = hashlib.sha256(path.read_bytes()).hexdigest()
        print(path.stem, {key: f"{value:.1e}" if isinstance(value, float) and value < 0.1 else value for key, value in report.items()})
    assert digests, f"no models in {options.folder}"
    if options.record:
        text = json.dumps({"versions": versions, "sha256": digests}, indent=2)
        pathlib.Path(__file__).with_name("verified.json").write_text(text + "\n")


main()

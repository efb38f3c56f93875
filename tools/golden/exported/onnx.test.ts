// Exported files without Python: their bytes are decoded by other code than wrote them, their graphs evaluated in float64
// by other code than the models run on, and both small models and bytes are those that onnxruntime has verified.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { patchCount } from "@beitjs/beit-encoder";
import { tokenLogits, type Tokenizer } from "@beitjs/dvae-tokenizer";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { formatSize, heightWidth, type ImageSize } from "@beitjs/tensor-core/grid";
import { beitToOnnx, tokenizerToOnnx } from "@beitjs/onnx";
import { decodeModel, type DecodedModel } from "./decode.ts";
import { evaluate } from "./evaluate.ts";
import { beitAt, expectedOfBeit, expectedOfTokenizer, tokenizerAt, type Outputs } from "./expected.ts";
import {
  beitCases,
  buildBeit,
  buildTokenizer,
  channelsFirstShape,
  channelsLast,
  configAt,
  maskFor,
  pixelsFor,
  tokenizerCases,
} from "./models.ts";
import { operators, type Array64 } from "./operators.ts";

const backend = createReferenceBackend();
const names = [...Object.keys(beitCases), ...Object.keys(tokenizerCases)];
const files = new Map<string, Promise<Uint8Array>>();
const BATCH = 2;

function fileOf(name: string): Promise<Uint8Array> {
  const found = files.get(name) ?? exported(name);
  files.set(name, found);
  return found;
}

async function exported(name: string): Promise<Uint8Array> {
  const found = beitCases[name];
  if (!found) {
    const { config, half, sizes } = tokenizerCases[name];
    return tokenizerToOnnx(buildTokenizer(config, backend), { half, openSize: sizes !== undefined });
  }
  const { config, output, half, sizes, resizing } = found;
  return beitToOnnx(buildBeit(config, backend), { output, half, openSize: sizes !== undefined, resizing });
}

function tokenizerOf(name: string, size: ImageSize): Promise<Tokenizer> {
  const found = tokenizerCases[name];
  return tokenizerAt(buildTokenizer(found.config, backend), found, size);
}

async function expectedOf(name: string, size: ImageSize): Promise<Outputs> {
  const found = beitCases[name];
  if (!found) return expectedOfTokenizer(await tokenizerOf(name, size), BATCH);
  const beit = await beitAt(buildBeit(found.config, backend), found, size);
  return expectedOfBeit(beit, found.output, BATCH, size);
}

function inputsOf(name: string, { inputs }: DecodedModel, size: ImageSize): Record<string, Array64> {
  const { config } = beitCases[name] ?? tokenizerCases[name];
  return Object.fromEntries(
    inputs.map((input) => {
      if (input.name === "bool_masked_pos") {
        const seen = configAt(beitCases[name].config, size);
        const cells = Float64Array.from(maskFor(seen, BATCH));
        return [input.name, { shape: withSides(input.shape, { patches: patchCount(seen) }), data: cells }];
      }
      const seen = { ...config, imageSize: size };
      const pixels = pixelsFor(seen, BATCH, input.name === "pixels" ? "unit" : "signed");
      return [input.name, { shape: withSides(input.shape, { ...heightWidth(size) }), data: Float64Array.from(pixels) }];
    }),
  );
}

// A declared shape with what is open filled in.
function withSides(shape: readonly (number | string)[], sides: Readonly<Record<string, number>>): number[] {
  return shape.map((side) => (typeof side === "number" ? side : ({ batch: BATCH, ...sides }[side] ?? NaN)));
}

const runs = names.flatMap((name) => {
  const { config, sizes = [config.imageSize] } = beitCases[name] ?? tokenizerCases[name];
  return sizes.map((size) => ({ name, size, pixels: formatSize(size) }));
});

describe.each(names)("%s", (name) => {
  it("is a well-formed graph of opset 17", async () => {
    const model = decodeModel(await fileOf(name));
    expect(model).toMatchObject({ irVersion: 8, producer: "beitjs", opsets: [{ domain: "", version: 17 }] });
    const { initializers, nodes, inputs, outputs } = model;
    const defined = new Set([...inputs, ...initializers].map((value) => value.name));
    expect(defined.size).toBe(inputs.length + initializers.length);
    const used = new Set<string>();
    for (const node of nodes) {
      for (const input of node.inputs) expect(defined, `${input} before ${node.name}`).toContain(input);
      for (const output of node.outputs) expect(defined, `${output} once`).not.toContain(output);
      node.inputs.forEach((input) => used.add(input));
      node.outputs.forEach((output) => defined.add(output));
    }
    for (const output of outputs) expect(nodes.flatMap((node) => node.outputs)).toContain(output.name);
    const results = new Set(outputs.map((output) => output.name));
    expect([...defined].filter((value) => !used.has(value) && !results.has(value))).toEqual([]);
    expect(new Set(nodes.map((node) => node.name)).size).toBe(nodes.length);
    for (const { name, dims, dataType, raw } of initializers) {
      const width = { 1: 4, 7: 8, 10: 2 }[dataType] as number;
      expect(raw.length, name).toBe(dims.reduce((size, side) => size * side, width));
    }
  });
});

it.each(runs)("$name computes what our model computes at $pixels", async ({ name, size }) => {
  const model = decodeModel(await fileOf(name));
  const expected = await expectedOf(name, size);
  const values = evaluate(model, inputsOf(name, model, size));
  expect(model.outputs.map((output) => output.name)).toEqual(Object.keys(expected));
  for (const output of model.outputs) {
    const got = values.get(output.name) as Array64;
    const wanted = expected[output.name];
    expect(got.shape).toEqual(wanted.shape);
    const declared = output.shape.map((side, i) => (typeof side === "string" ? side : wanted.shape[i]));
    expect(output.shape).toEqual(declared);
    expect(declared.filter((side) => typeof side === "string")).toEqual(openSides(name, output.name));
    const truth = wanted.readSync();
    if (output.name === "ids") {
      expect(output.dataType).toBe(7);
      expect([...got.data]).toEqual([...truth]);
      expect(new Set(truth).size, "different tokens").toBeGreaterThan(3);
      const logits = await tokenLogitsOf(name, size);
      expect(largestError(turned(values.get("logits") as Array64), logits)).toBeLessThan(1e-6);
    } else expect(largestError(got.data, truth)).toBeLessThan(1e-6);
  }
});

it("ends at an image with more patches along a side than there are weights for", async () => {
  const name = "open-classifier-logits";
  const model = decodeModel(await fileOf(name));
  const run = (size: ImageSize) => () => evaluate(model, inputsOf(name, model, size));
  expect(run([8, 8 * 129])).toThrow("cannot reshape [128] to [129]");
  expect(run([8 * 129, 8])).toThrow("cannot reshape [128] to [129]");
  expect(model.nodes.map((node) => node.name)).toContain("grid/cols/at most 128 patches a side");
});

function openSides(name: string, output: string): string[] {
  if ((beitCases[name] ?? tokenizerCases[name]).sizes === undefined) return ["batch"];
  if (output === "ids") return ["batch", "rows", "cols"];
  if (output === "last_hidden_state") return ["batch", "tokens"];
  return output === "logits" && beitCases[name].config.vocabSize > 0 ? ["batch", "patches"] : ["batch"];
}

async function tokenLogitsOf(name: string, size: ImageSize): Promise<ArrayLike<number>> {
  const tokenizer = await tokenizerOf(name, size);
  const shape = channelsFirstShape(BATCH, tokenizer.config);
  const pixels = channelsLast(pixelsFor(tokenizer.config, BATCH, "unit"), shape, backend);
  return tokenLogits(tokenizer, pixels).readSync();
}

// [B, V, rows, cols] -> [B, rows, cols, V]
function turned(logits: Array64): Float64Array {
  return operators.Transpose([logits], { outputs: 1, attributes: { perm: [0, 2, 3, 1] } })[0].data;
}

// The largest difference, as a part of the largest value.
function largestError(got: ArrayLike<number>, truth: ArrayLike<number>): number {
  const scale = Math.max(...Array.from(truth, Math.abs));
  expect(scale).toBeGreaterThan(0.1);
  return Math.max(...Array.from(truth, (value, i) => Math.abs(got[i] - value))) / scale;
}

describe("verified.json", () => {
  const verified = JSON.parse(readFileSync(new URL("verified.json", import.meta.url), "utf8")) as {
    readonly sha256: Readonly<Record<string, string>>;
  };

  it("lists the same files", () => expect(Object.keys(verified.sha256).sort()).toEqual([...names].sort()));

  it.each(names)("has seen these bytes of %s run in onnxruntime", async (name) => {
    const digest = createHash("sha256")
      .update(await fileOf(name))
      .digest("hex");
    expect(digest, "the file changed: run tools/golden/exported/check.py again").toBe(verified.sha256[name]);
  });
});

// Exported files without Python: their bytes are decoded by other code than wrote them, their graphs evaluated in float64
// by other code than the models run on, and both small models and bytes are those that onnxruntime has verified.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { tokenLogits } from "@beitjs/dvae-tokenizer";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { beitToOnnx, tokenizerToOnnx } from "@beitjs/onnx";
import { decodeModel, type DecodedModel } from "./decode.ts";
import { evaluate } from "./evaluate.ts";
import { expectedOfBeit, expectedOfTokenizer, type Outputs } from "./expected.ts";
import {
  beitCases,
  buildBeit,
  buildTokenizer,
  channelsFirstShape,
  channelsLast,
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
  if (!found) return tokenizerToOnnx(buildTokenizer(tokenizerCases[name], backend));
  return beitToOnnx(buildBeit(found.config, backend), { output: found.output });
}

function expectedOf(name: string): Outputs {
  const found = beitCases[name];
  if (!found) return expectedOfTokenizer(buildTokenizer(tokenizerCases[name], backend), BATCH);
  return expectedOfBeit(buildBeit(found.config, backend), found.output, BATCH);
}

function inputsOf(name: string, { inputs }: DecodedModel): Record<string, Array64> {
  const { config } = beitCases[name] ?? { config: tokenizerCases[name] };
  return Object.fromEntries(
    inputs.map((input) => {
      const shape = input.shape.map((side) => (side === "batch" ? BATCH : Number(side)));
      const values =
        input.name === "bool_masked_pos"
          ? maskFor(beitCases[name].config, BATCH)
          : pixelsFor(config, BATCH, input.name === "pixels" ? "unit" : "signed");
      return [input.name, { shape, data: Float64Array.from(values) }];
    }),
  );
}

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
      const width = { 1: 4, 7: 8 }[dataType] as number;
      expect(raw.length, name).toBe(dims.reduce((size, side) => size * side, width));
    }
  });

  it("computes what our model computes", async () => {
    const model = decodeModel(await fileOf(name));
    const expected = expectedOf(name);
    const values = evaluate(model, inputsOf(name, model));
    expect(model.outputs.map((output) => output.name)).toEqual(Object.keys(expected));
    for (const output of model.outputs) {
      const got = values.get(output.name) as Array64;
      const wanted = expected[output.name];
      expect(got.shape).toEqual(wanted.shape);
      expect(output.shape).toEqual(["batch", ...wanted.shape.slice(1)]);
      const truth = wanted.readSync();
      if (output.name === "ids") {
        expect(output.dataType).toBe(7);
        expect([...got.data]).toEqual([...truth]);
        expect(new Set(truth).size, "different tokens").toBeGreaterThan(3);
        const logits = tokenLogitsOf(name);
        expect(largestError(turned(values.get("logits") as Array64), logits)).toBeLessThan(1e-6);
      } else expect(largestError(got.data, truth)).toBeLessThan(1e-6);
    }
  });
});

function tokenLogitsOf(name: string): ArrayLike<number> {
  const config = tokenizerCases[name];
  const shape = channelsFirstShape(BATCH, config);
  const pixels = channelsLast(pixelsFor(config, BATCH, "unit"), shape, backend);
  return tokenLogits(buildTokenizer(config, backend), pixels).readSync();
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

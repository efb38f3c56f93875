import { describe, expect, it } from "vitest";
import { createReferenceBackend } from "../backends/reference/index.ts";
import { createRng } from "../random.ts";

import { tensor, type Tensor } from "../tensor.ts";
import { leaves } from "../tree.ts";
import {
  attention,
  attentionProbabilities,
  conv2d,
  dropPath,
  embedding,
  fanInNormal,
  initAttention,
  initConv2d,
  initEmbedding,
  initLayerNorm,
  initLinear,
  initMlp,
  layerNorm,
  linear,
  mlp,
  normal,
  type Initializer,
} from "./index.ts";

const backend = createReferenceBackend();
const shapes = (params: object) => Object.fromEntries(leaves<Tensor>(params).map(([path, leaf]) => [path, leaf.shape]));
const random = (shape: number[]) => tensor(normal(createRng(3), shape), shape, backend);
const half: Initializer = (_, shape) => new Float32Array(shape.reduce((size, side) => size * side, 1)).fill(0.5);

describe("layers", () => {
  it("name and shape their parameters", () => {
    const rng = createRng(1);
    expect(shapes(initLinear({ inputs: 3, outputs: 5 }, rng, backend))).toEqual({ weight: [5, 3], bias: [5] });
    expect(shapes(initLayerNorm(4, backend))).toEqual({ gamma: [4], beta: [4] });
    expect(shapes(initConv2d({ inputs: 3, outputs: 8, size: 2 }, rng, backend))).toEqual({
      filter: [8, 2, 2, 3],
      bias: [8],
    });
    expect(shapes(initEmbedding({ rows: 7, width: 2 }, rng, backend))).toEqual({ table: [7, 2] });
    expect(shapes(initMlp({ width: 2, hidden: 8 }, rng, backend))).toEqual({
      "expand.weight": [8, 2],
      "expand.bias": [8],
      "contract.weight": [2, 8],
      "contract.bias": [2],
    });
    expect(shapes(initAttention({ width: 4 }, rng, backend))).toEqual({
      "qkv.weight": [12, 4],
      queryBias: [4],
      valueBias: [4],
      "projection.weight": [4, 4],
      "projection.bias": [4],
    });
  });

  it("start with the weights asked for, zero biases and unit factors", () => {
    const rng = createRng(1);
    const affine = initLinear({ inputs: 2, outputs: 2, weight: half }, rng, backend);
    expect([...affine.weight.readSync()]).toEqual([0.5, 0.5, 0.5, 0.5]);
    expect([...affine.bias.readSync()]).toEqual([0, 0]);
    expect([...initLayerNorm(2, backend).gamma.readSync()]).toEqual([1, 1]);
    const filter = initConv2d({ inputs: 3, outputs: 2, size: 1, filter: fanInNormal }, createRng(8), backend).filter;
    expect(filter.readSync()).toEqual(Float64Array.from(fanInNormal(createRng(8), [2, 1, 1, 3])));
    expect(initEmbedding({ rows: 2, width: 1, table: half }, rng, backend).table.readSync()).toEqual(
      new Float64Array([0.5, 0.5]),
    );
  });

  it("run as ops do", () => {
    const rng = createRng(2);
    expect(linear(random([2, 3]), initLinear({ inputs: 3, outputs: 5 }, rng, backend)).shape).toEqual([2, 5]);
    expect(
      conv2d(random([1, 4, 4, 3]), initConv2d({ inputs: 3, outputs: 6, size: 2 }, rng, backend), { stride: 2 }).shape,
    ).toEqual([1, 2, 2, 6]);
    expect(mlp(initMlp({ width: 4, hidden: 16 }, rng, backend), random([2, 3, 4])).shape).toEqual([2, 3, 4]);
    const ids = tensor([1, 0], [2], backend, "int32");
    const table = initEmbedding(
      { rows: 2, width: 1, table: (_, shape) => Float32Array.from({ length: shape[0] }, (_, i) => i) },
      rng,
      backend,
    );
    expect([...embedding(table.table, ids).readSync()]).toEqual([1, 0]);
    const normalized = Float64Array.from(layerNorm(random([5, 64]), initLayerNorm(64, backend)).readSync());
    for (let row = 0; row < 5; row++) {
      const squares = normalized.subarray(row * 64, row * 64 + 64).reduce((sum, value) => sum + value * value, 0);
      expect(squares / 64).toBeCloseTo(1, 5);
    }
  });

  // With uniform attention the output is the projected mean of the values: an easy truth for the whole layer.
  it("attends evenly when queries are zero", () => {
    const width = 4;
    const weight = new Float32Array(3 * width * width);
    for (let i = 0; i < width; i++) weight[(2 * width + i) * width + i] = 1; // values = x, queries and keys zero
    const identity = Float32Array.from({ length: width * width }, (_, i) => (i % (width + 1) === 0 ? 1 : 0));
    const params = {
      ...initAttention({ width }, createRng(1), backend),
      qkv: { weight: tensor(weight, [3 * width, width], backend) },
      valueBias: tensor([1, 2, 3, 4], [width], backend),
      projection: { weight: tensor(identity, [width, width], backend), bias: tensor([10, 0, 0, 0], [width], backend) },
    };
    const x = tensor([1, 0, 0, 0, 3, 2, 0, 4], [1, 2, width], backend);
    expect([...attention(params, x, { heads: 2 }).readSync()]).toEqual([13, 3, 3, 6, 13, 3, 3, 6]);
    const bias = tensor([0, Math.log(3), 0, 0, 0, 0, Math.log(3), 0], [2, 2, 2], backend);
    const probabilities = attentionProbabilities(params, x, { heads: 2, bias }).readSync();
    [0.25, 0.75, 0.5, 0.5, 0.5, 0.5, 0.75, 0.25].forEach((expected, i) =>
      expect(probabilities[i]).toBeCloseTo(expected, 12),
    );
  });
});

describe("dropPath", () => {
  it("drops the share asked for and keeps the mean", () => {
    const factors = dropPath({ rate: 0.25, batch: 20_000 }, createRng(5), backend).readSync();
    const kept = factors.filter((factor) => factor !== 0);
    expect(kept.every((factor) => factor === Math.fround(1 / 0.75))).toBe(true);
    // Five standard errors of a share: 5 sqrt(0.25 0.75 / 20000) = 0.0153.
    expect(Math.abs(kept.length / 20_000 - 0.75)).toBeLessThan(0.0153);
  });

  it("keeps everything at rate zero, and draws once an example", () => {
    const rng = createRng(5);
    expect([...dropPath({ rate: 0, batch: 3 }, rng, backend).readSync()]).toEqual([1, 1, 1]);
    expect(rng.drawn).toBe(3);
  });

  it.each([1, -0.1, NaN])("refuses a rate of %d", (rate) => {
    expect(() => dropPath({ rate, batch: 1 }, createRng(1), backend)).toThrow("[dropPath] expected a rate in [0, 1)");
  });
});

// Argmax, embedding and the global norm on unusual input.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../backend.ts";
import { createReferenceBackend } from "../backends/reference/index.ts";
import { createSimdBackend } from "../backends/simd/index.ts";
import { valueAndGradient } from "../tape.ts";
import { tensor, zeros } from "../tensor.ts";
import { argmax } from "./argmax.ts";
import { embedding } from "./embedding.ts";
import { globalNorm } from "./global-norm.ts";
import { meanSquaredError } from "./mean-squared-error.ts";
import { relu } from "./relu.ts";
import { scaleShift } from "./scale-shift.ts";

const backends: readonly (readonly [string, () => Promise<Backend>])[] = [
  ["reference", async () => createReferenceBackend()],
  ["simd", () => createSimdBackend({ threads: 1 })],
];

describe.each(backends)("on %s", (_, create) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await create();
  });
  afterAll(() => backend.dispose());

  it("embedding reads NaN outside the table and writes no gradient there", () => {
    const table = tensor([1, 2, 3, 4, 5, 6], [2, 3], backend);
    const ids = tensor([1, 2, -1, 0, 2 ** 31 - 1], [5], backend, "int32");
    const none = [NaN, NaN, NaN];
    expect(Array.from(embedding(table, ids).readSync())).toEqual([4, 5, 6, ...none, ...none, 1, 2, 3, ...none]);
    const { gradients } = valueAndGradient({ table }, (params) => ({
      loss: meanSquaredError(embedding(params.table, ids), zeros([5, 3], backend)),
    }));
    // Row 0 and row 1 were read once each; their slope is 2 / 15 of their value.
    const slopes = Array.from(gradients.table.readSync(), (slope) => slope * 7.5);
    slopes.forEach((slope, i) => expect(slope).toBeCloseTo(i + 1, 5));
  });

  // torch.argmax of 2.15 gives the same.
  it("argmax chooses the first NaN", () => {
    const x = tensor([1, NaN, 3, NaN, Infinity, NaN, NaN, NaN, NaN, NaN, 1, 2, 0, 2, 1], [3, 5], backend);
    expect(Array.from(argmax(x).readSync())).toEqual([1, 0, 1]);
  });

  it("globalNorm neither overflows nor loses small values among many", () => {
    expect(globalNorm([tensor([3e30, 4e30], [2], backend)]).readSync()[0] / 5e30).toBeCloseTo(1, 6);
    const many = tensor(new Float32Array(2 ** 20).fill(0.1), [2 ** 20], backend);
    expect(globalNorm([many]).readSync()[0]).toBeCloseTo(102.4, 4);
  });

  it("relu and scaleShift keep NaN visible", () => {
    const x = tensor([NaN, NaN, NaN, NaN, NaN, -1], [6], backend);
    expect(Array.from(relu(x).readSync())).toEqual([NaN, NaN, NaN, NaN, NaN, 0]);
    expect(Array.from(scaleShift(x, { min: 0, max: 1 }).readSync())).toEqual([NaN, NaN, NaN, NaN, NaN, 0]);
  });
});

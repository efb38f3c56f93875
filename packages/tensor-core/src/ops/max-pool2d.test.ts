import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../backend.ts";
import { createReferenceBackend } from "../backends/reference/index.ts";
import { createSimdBackend } from "../backends/simd/index.ts";
import { valueAndGradient } from "../tape.ts";
import { tensor, zeros } from "../tensor.ts";
import { maxPool2d } from "./max-pool2d.ts";
import { meanSquaredError } from "./mean-squared-error.ts";

const backends: readonly (readonly [string, () => Promise<Backend>])[] = [
  ["reference", async () => createReferenceBackend()],
  ["simd", () => createSimdBackend({ threads: 1 })],
];

describe.each(backends)("maxPool2d on %s", (_, create) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await create();
  });
  afterAll(() => backend.dispose());

  // One window, once in each of `channels` channels: by four lanes and one by one.
  const window = (values: readonly number[], channels: number) =>
    tensor(
      values.flatMap((value) => new Array<number>(channels).fill(value)),
      [1, 2, 2, channels],
      backend,
    );
  const gradientOf = (values: readonly number[]): number[] => {
    const { gradients } = valueAndGradient({ x: window(values, 5) }, ({ x }) => ({
      loss: meanSquaredError(maxPool2d(x), zeros([1, 1, 1, 5], backend)),
    }));
    return Array.from(gradients.x.readSync(), (slope) => Math.round(slope * 1000) / 1000);
  };
  const ofChannels = (values: readonly number[]): number[] =>
    values.flatMap((value) => new Array<number>(5).fill(value));

  it("gives the gradient to the first of equal maxima in row-major order", () => {
    expect(gradientOf([1, 2, 2, 2])).toEqual(ofChannels([0, 0.8, 0, 0]));
    expect(gradientOf([2, 2, 2, 2])).toEqual(ofChannels([0.8, 0, 0, 0]));
    expect(gradientOf([-3, -4, -2, -2])).toEqual(ofChannels([0, 0, -0.8, 0]));
  });

  it("takes the largest of negative and of infinite values", () => {
    expect(Array.from(maxPool2d(window([-4, -3, -9, -5], 5)).readSync())).toEqual(ofChannels([-3]));
    expect(Array.from(maxPool2d(window([-Infinity, -Infinity, -Infinity, -Infinity], 5)).readSync())).toEqual(
      ofChannels([-Infinity]),
    );
  });

  it("lets NaN through", () => {
    expect(Array.from(maxPool2d(window([1, NaN, 3, 2], 5)).readSync())).toEqual(ofChannels([NaN]));
  });
});

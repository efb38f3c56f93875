import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../backend.ts";
import { createReferenceBackend } from "../backends/reference/index.ts";
import { createSimdBackend } from "../backends/simd/index.ts";
import { tensor, zeros, type Tensor } from "../tensor.ts";
import { adamW, type AdamWOptions } from "./adamw.ts";
import { globalNorm } from "./global-norm.ts";

const options: AdamWOptions = {
  learningRates: [1e-2],
  weightDecays: [0.05],
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  step: 1,
};
const backends: readonly (readonly [string, () => Promise<Backend>])[] = [
  ["reference", async () => createReferenceBackend()],
  ["simd", () => createSimdBackend({ threads: 1 })],
];

describe.each(backends)("adamW on %s", (_, create) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await create();
  });
  afterAll(() => backend.dispose());

  const start = (values: readonly number[]) => ({
    parameters: [tensor(values, [values.length], backend)],
    firstMoments: [zeros([values.length], backend)],
    secondMoments: [zeros([values.length], backend)],
  });
  const gradient = (values: readonly number[]): Tensor[] => [tensor(values, [values.length], backend)];

  // Values from an independent float64 run of torch.optim.AdamW's formula, three steps.
  it("takes the three steps of torch.optim.AdamW", () => {
    const state = start([1, -2]);
    const expected = [
      [0.9895000002, -1.989000001],
      [0.9790052504, -1.9783536814],
      [0.968515748, -1.9677844927],
    ];
    expected.forEach((wanted, t) => {
      adamW({ ...state, gradients: gradient([0.5, -0.1 * (t + 1)]) }, { ...options, step: t + 1 });
      const digits = backend.name === "reference" ? 10 : 6;
      Array.from(state.parameters[0].readSync()).forEach((value, i) => expect(value).toBeCloseTo(wanted[i], digits));
    });
  });

  it("scales gradients by min(1, maxNorm / (norm + 1e-6))", () => {
    for (const [maxNorm, factor] of [
      [2.5, 2.5 / (5 + 1e-6)],
      [10, 1],
    ]) {
      const clipped = start([1, 1]);
      const gradients = gradient([3, -4]);
      adamW({ ...clipped, gradients, norm: globalNorm(gradients) }, { ...options, maxNorm });
      const scaled = start([1, 1]);
      adamW({ ...scaled, gradients: gradient([3 * factor, -4 * factor]) }, options);
      const [first, wanted] = [clipped, scaled].map((state) => Array.from(state.firstMoments[0].readSync()));
      first.forEach((value, i) => expect(value).toBeCloseTo(wanted[i], 6));
      expect(first[0]).toBeCloseTo(0.3 * factor, 6);
    }
  });

  it.each([NaN, Infinity])("leaves a gradient of %d visible", (bad) => {
    const state = start([1, 1, 1, 1, 1]);
    adamW({ ...state, gradients: gradient([0.1, 0.1, 0.1, 0.1, bad]) }, options);
    expect(Array.from(state.parameters[0].readSync(), Number.isNaN)).toEqual([false, false, false, false, true]);
    const clipped = start([1, 1, 1, 1, 1]);
    const gradients = gradient([bad, 0.1, 0.1, 0.1, 0.1]);
    const norm = globalNorm(gradients);
    expect(norm.readSync()[0]).toBe(bad);
    adamW({ ...clipped, gradients, norm }, { ...options, maxNorm: 1 });
    expect(clipped.parameters[0].readSync()[0]).toBeNaN();
  });

  it("raises the version of what it changed, and of nothing else", () => {
    const state = start([1]);
    const gradients = gradient([1]);
    adamW({ ...state, gradients }, options);
    const versions = [state.parameters, state.firstMoments, state.secondMoments, gradients].map(
      ([one]) => one.storage.version,
    );
    expect(versions).toEqual([1, 1, 1, 0]);
  });
});

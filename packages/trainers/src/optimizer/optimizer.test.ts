import { describe, expect, it } from "vitest";
import { tensor } from "@beitjs/tensor-core";
import { globalNorm } from "@beitjs/tensor-core/ops";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { adamWDefaults, initAdamW, updateAdamW } from "./adamw.ts";
import { matchRules } from "./parameter-rules.ts";

describe("updateAdamW", () => {
  // PyTorch's AdamW with lr 1e-2, weight decay 0.05, from (1, -2) with gradients (0.5, -0.1 t).
  it("gives PyTorch's values", () => {
    const backend = createReferenceBackend();
    const params = { p: tensor([1, -2], [2], backend) };
    let state = initAdamW(params);
    const expected = [
      [0.9895000002, -1.989000001],
      [0.9790052504, -1.9783536814],
      [0.968515748, -1.9677844927],
    ];
    expected.forEach((values, i) => {
      const gradients = { p: tensor([0.5, -0.1 * (i + 1)], [2], backend) };
      state = updateAdamW(params, gradients, state, {
        learningRate: 1e-2,
        options: adamWDefaults,
        rateScales: [1],
        decayScales: [1],
        norm: globalNorm([gradients.p]),
      });
      params.p.readSync().forEach((value, k) => expect(Math.abs(value - values[k])).toBeLessThan(2e-10));
    });
    expect(state.updates).toBe(3);
  });

  it("clips by the global norm and scales rate and decay per parameter", () => {
    const backend = createReferenceBackend();
    const run = (clipNorm: number, rateScale: number, decayScale: number): number[] => {
      const params = { a: tensor([1], [1], backend), b: tensor([1], [1], backend) };
      const gradients = { a: tensor([30], [1], backend), b: tensor([40], [1], backend) };
      const options = { ...adamWDefaults, epsilon: 1, weightDecay: 0.5, clipNorm };
      const norm = globalNorm([gradients.a, gradients.b]);
      expect(norm.readSync()[0]).toBeCloseTo(50, 10);
      updateAdamW(params, gradients, initAdamW(params), {
        learningRate: 0.1,
        options,
        rateScales: [rateScale, 1],
        decayScales: [decayScale, 1],
        norm,
      });
      return [params.a.readSync()[0], params.b.readSync()[0]];
    };
    // With epsilon 1 the step is g / (g + 1): clipping to norm 5 turns g = 30 into 3.
    const [a] = run(5, 1, 0);
    expect(a).toBeCloseTo(1 - (0.1 * 3) / (3 + 1), 6);
    expect(run(0, 1, 0)[0]).toBeCloseTo(1 - (0.1 * 30) / (30 + 1), 9);
    expect(run(0, 0, 1)[0]).toBe(1);
    expect(run(0, 1, 1)[0]).toBeCloseTo(0.95 - (0.1 * 30) / 31, 9);
  });
});

describe("matchRules", () => {
  it("takes the first match and stops at uncovered paths", () => {
    const rules = [
      [/\.bias$/, 0],
      [/^head\./, 2],
    ] as const;
    expect(matchRules(["head.bias", "head.weight"], rules)).toEqual([0, 2]);
    expect(() => matchRules(["head.bias", "body.weight", "neck"], rules)).toThrow(
      "[matchRules] expected a rule for every parameter, got none for body.weight, neck",
    );
  });
});

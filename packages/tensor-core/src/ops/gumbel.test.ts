// Gumbel noise and the Gumbel-softmax: what the conformance cases cannot say.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../backend.ts";
import { createReferenceBackend } from "../backends/reference/index.ts";
import { createSimdBackend } from "../backends/simd/index.ts";
import { createRng } from "../random.ts";
import { valueAndGradient } from "../tape.ts";
import { tensor } from "../tensor.ts";
import { argmax } from "./argmax.ts";
import { gumbelNoise } from "./gumbel-noise.ts";
import { gumbelSoftmax } from "./gumbel-softmax.ts";
import { meanSquaredError } from "./mean-squared-error.ts";

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

  const random = (shape: readonly number[], index: number) => {
    const rng = createRng({ seed: 5, index });
    const size = shape.reduce((product, side) => product * side, 1);
    return tensor(
      Array.from({ length: size }, () => rng.normal()),
      shape,
      backend,
    );
  };

  describe("gumbelNoise", () => {
    it("uses word i of the stream at element i", () => {
      const address = { seed: 11, stream: 6, epoch: 2, index: 9 };
      const rng = createRng(address);
      const noise = gumbelNoise([3, 7], address, backend).readSync();
      for (const value of noise) expect(value).toBeCloseTo(-Math.log(-Math.log((rng.uint32() + 0.5) / 2 ** 32)), 5);
    });

    it("is finite, with the mean and variance of the Gumbel distribution", () => {
      const noise = Array.from(gumbelNoise([200_000], { seed: 3 }, backend).readSync());
      const mean = noise.reduce((sum, value) => sum + value, 0) / noise.length;
      const variance = noise.reduce((sum, value) => sum + (value - mean) ** 2, 0) / noise.length;
      expect(noise.every(Number.isFinite)).toBe(true);
      // Euler's constant and pi^2 / 6, within five standard errors.
      expect(Math.abs(mean - 0.5772)).toBeLessThan(0.0144);
      expect(Math.abs(variance - 1.6449)).toBeLessThan(0.039);
    });

    it("refuses an address that is none", () => {
      expect(() => gumbelNoise([1], { seed: -1 }, backend)).toThrow(/expected seed to be an integer/);
    });
  });

  describe("gumbelSoftmax", () => {
    const logits = () => random([6, 37], 1);
    const noise = () => random([6, 37], 2);

    it("gives samples that sum to 1", () => {
      const y = Array.from(gumbelSoftmax(logits(), noise(), { temperature: 0.5 }).readSync());
      for (let row = 0; row < 6; row++) {
        const sum = y.slice(row * 37, (row + 1) * 37).reduce((total, value) => total + value, 0);
        expect(sum).toBeCloseTo(1, 5);
      }
    });

    it("is one-hot at the largest score when hard", () => {
      const soft = gumbelSoftmax(logits(), noise(), { temperature: 0.5 });
      const hard = gumbelSoftmax(logits(), noise(), { temperature: 0.5, hard: true }).readSync();
      const expected = Array.from(argmax(soft).readSync()).flatMap((at) =>
        Array.from({ length: 37 }, (_, i) => (i === at ? 1 : 0)),
      );
      expect(Array.from(hard)).toEqual(expected);
    });

    it("takes the lowest index on ties when hard", () => {
      const [flat, none] = [tensor([1, 3, 3, 3, 3], [5], backend), tensor([0, 0, 0, 0, 0], [5], backend)];
      expect(Array.from(gumbelSoftmax(flat, none, { temperature: 1, hard: true }).readSync())).toEqual([0, 1, 0, 0, 0]);
    });

    it("has the soft sample's gradient when hard", () => {
      const weights = random([6, 37], 3);
      const gradient = (hard: boolean): number[] => {
        const soft = gumbelSoftmax(logits(), noise(), { temperature: 0.7 });
        const { gradients } = valueAndGradient({ logits: logits(), noise: noise() }, (params) => {
          const y = gumbelSoftmax(params.logits, params.noise, { temperature: 0.7, hard });
          // d mse / dy = 2 (y - target) / size: with target y - weights the slope is the same for both samples.
          const value = (hard ? y : soft).readSync();
          const target = weights.readSync().map((weight, i) => value[i] - weight);
          return { loss: meanSquaredError(y, tensor(target, [6, 37], backend)) };
        });
        return [...gradients.logits.readSync(), ...gradients.noise.readSync()];
      };
      const [straightThrough, relaxed] = [gradient(true), gradient(false)];
      expect(relaxed.some((slope) => Math.abs(slope) > 1e-4)).toBe(true);
      straightThrough.forEach((slope, i) => expect(Math.abs(slope - relaxed[i])).toBeLessThan(1e-8));
    });
  });
});

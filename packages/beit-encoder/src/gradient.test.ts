// Gradients of whole tiny models against central differences, in float64.
import { afterAll, describe, expect, it } from "vitest";
import {
  leaves,
  scope,
  tensor,
  valueAndGradient,
  type Backend,
  type HostArray,
  type Tensor,
} from "@beitjs/tensor-core";
import { crossEntropy } from "@beitjs/tensor-core/ops";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { hashSigned } from "@beitjs/tensor-core/testing";
import {
  beitVariants,
  classLogits,
  encode,
  encodeMasked,
  parameterShapes,
  pixelLoss,
  predictionOf,
  visualTokenLogits,
  type BeitConfig,
  type BeitParams,
} from "./index.ts";
import { treeFromPaths } from "./parameters.ts";

const backend = createReferenceBackend();
const simd = await createSimdBackend({ threads: 2 });
afterAll(() => simd.dispose());
const tiny: BeitConfig = {
  ...beitVariants.tiny,
  imageSize: 8,
  patchSize: 4,
  width: 6,
  depth: 2,
  heads: 2,
  mlpRatio: 2,
  dropPath: 0.4,
};
const pretraining: BeitConfig = { ...tiny, absolutePositions: true, vocabSize: 5 };
const fineTuning: BeitConfig = { ...tiny, relativePositions: "per-layer", vocabSize: 0, classes: 4 };
// Encoders that see no hidden patch, and heads for pixels.
const headless = { ...tiny, width: 8, absolutePositions: true, vocabSize: 0, poolingNorm: "before" } as const;
const seeing = { ...headless, relativePositions: "none" } as const;
const visibleTokens: BeitConfig = { ...seeing, decoder: { width: 4, depth: 2, heads: 2, vocabSize: 5 } };
const visiblePixels: BeitConfig = { ...seeing, decoder: { width: 4, depth: 2, heads: 2, vocabSize: 0 } };
const pixelsOfAll: BeitConfig = { ...headless, pixelHead: true };
const models: readonly (readonly [string, BeitConfig])[] = [
  ["pre-training", pretraining],
  ["fine-tuning", fineTuning],
  ["pre-training on visible patches, tokens", visibleTokens],
  ["pre-training on visible patches, pixels", visiblePixels],
  ["pre-training on all patches, pixels", pixelsOfAll],
];
const mask = { cells: Uint8Array.from([1, 0, 0, 1]) };

// Values far enough from zero that every parameter matters; tables, scales and norms included.
function valuesOf(config: BeitConfig): Map<string, Float64Array> {
  return new Map(
    [...parameterShapes(config)].map(([path, shape], k) => {
      const offset = /gamma$|scale/.test(path) ? 0.8 : 0;
      const size = shape.reduce((product, side) => product * side, 1);
      return [path, Float64Array.from({ length: size }, (_, i) => offset + 0.5 * hashSigned(k, i))];
    }),
  );
}

function lossOf(config: BeitConfig, params: BeitParams): Tensor {
  const { backend } = params.classToken;
  const pixels = tensor(
    Float64Array.from({ length: 2 * 64 * 3 }, (_, i) => hashSigned(90, i)),
    [2, 8, 8, 3],
    backend,
  );
  const rng = createRng(4); // the same branches are dropped at every evaluation
  const targets = (values: number[]) => tensor(values, [values.length], backend, "int32");
  const beit = { config, params };
  if (config.classes > 0) return crossEntropy(classLogits(beit, encode(beit, pixels, { rng })), targets([1, 3]));
  const tokens = encodeMasked(beit, pixels, { mask, rng });
  if (predictionOf(config) === "pixels") return pixelLoss(beit, tokens, pixels, { mask, normalized: true });
  return crossEntropy(visualTokenLogits(beit, tokens, mask), targets([0, 4, 2, 2]));
}

function treeOf(config: BeitConfig, values: ReadonlyMap<string, Float64Array>, backend: Backend): BeitParams {
  const shapes = [...parameterShapes(config)];
  return treeFromPaths(shapes.map(([path, shape]) => [path, tensor(values.get(path) as Float64Array, shape, backend)]));
}

function gradientsOf(
  config: BeitConfig,
  values: ReadonlyMap<string, Float64Array>,
  backend: Backend,
): Map<string, HostArray> {
  return scope(backend, () => {
    const found = valueAndGradient(treeOf(config, values, backend), (params) => ({ loss: lossOf(config, params) }));
    return new Map(leaves<Tensor>(found.gradients).map(([path, leaf]) => [path, leaf.readSync()]));
  });
}

/** Every element of mask token, tables and layer scales, five or so of the others. */
function samples(path: string, length: number): number[] {
  const step = /maskToken|relativePositionBias|scale/.test(path) ? 1 : Math.ceil(length / 5);
  return Array.from({ length: Math.ceil(length / step) }, (_, i) => i * step);
}

describe("gradients of the whole model", () => {
  it.each(models)("%s", (_, config) => {
    const values = valuesOf(config);
    const evaluate = () => scope(backend, () => lossOf(config, treeOf(config, values, backend)).readSync()[0]);
    const gradients = gradientsOf(config, values, backend);
    expect([...gradients.keys()]).toEqual([...values.keys()]);
    for (const [path, parameter] of values) {
      let largest = 0;
      for (const i of samples(path, parameter.length)) {
        const original = parameter[i];
        parameter[i] = original + 1e-5;
        const above = evaluate();
        parameter[i] = original - 1e-5;
        const below = evaluate();
        parameter[i] = original;
        const numeric = (above - below) / 2e-5;
        const analytic = (gradients.get(path) as Float64Array)[i];
        largest = Math.max(largest, Math.abs(analytic));
        // A central difference of step 1e-5 is good to about 1e-9; gradients are of the order of 0.1.
        expect(Math.abs(numeric - analytic), `${path}[${i}]: numeric ${numeric}, analytic ${analytic}`).toBeLessThan(
          1e-8,
        );
      }
      expect(largest, path).toBeGreaterThan(1e-6);
    }
    expect(backend.memory().tensors).toBe(0);
  });

  // Float32 sums over a few hundred terms of gradients up to 1.
  it.each(models)("%s, kernels against references", (_, config) => {
    const values = valuesOf(config);
    const expected = gradientsOf(config, values, backend);
    for (const [path, gradient] of gradientsOf(config, values, simd)) {
      const wanted = expected.get(path) as HostArray;
      gradient.forEach((value, i) => expect(Math.abs(value - wanted[i]), `${path}[${i}]`).toBeLessThan(1e-5));
    }
    expect([...simd.fallbacks]).toEqual([]);
  });
});

// One step of AdamW (Loshchilov & Hutter 2019; torch.optim.AdamW) over a list of parameters, in place and as one call,
// with torch.nn.utils.clip_grad_norm_'s factor folded in.
import type { Shape, Tensor } from "../tensor.ts";
import { expect, expectShape } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export type AdamWOptions = {
  /** One per parameter. */
  readonly learningRates: readonly number[];
  /** One per parameter; 0 where weights do not decay. */
  readonly weightDecays: readonly number[];
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** 1 for the first update. */
  readonly step: number;
  /** Gradients are scaled by min(1, maxNorm / (norm + 1e-6)); needs `norm`. */
  readonly maxNorm?: number;
};

export type AdamWTensors = {
  readonly parameters: readonly Tensor[];
  readonly gradients: readonly Tensor[];
  readonly firstMoments: readonly Tensor[];
  readonly secondMoments: readonly Tensor[];
  /** Norm of all gradients, from `globalNorm`. [] */
  readonly norm?: Tensor;
};

export const adamWOp = defineOp<AdamWTensors, never, AdamWOptions>({
  name: "AdamW",
  mutates: ["parameters", "firstMoments", "secondMoments"],
  shape({ parameters, gradients, firstMoments, secondMoments, norm }, options) {
    for (const [name, shapes] of Object.entries({ gradients, firstMoments, secondMoments })) {
      if (!sameShapes(shapes, parameters))
        expect("AdamW", false, `${name} of shapes ${show(parameters)}`, show(shapes));
    }
    if (norm) expectShape("AdamW", "norm", norm, []);
    checkOptions(options, parameters.length, norm !== undefined);
    return {};
  },
  forward({ parameters, gradients, firstMoments, secondMoments, norm }, _, options) {
    const clip = norm && options.maxNorm !== undefined ? Math.min(1, options.maxNorm / (norm[0] + 1e-6)) : 1;
    const { beta1, beta2, epsilon, step } = options;
    parameters.forEach((parameter, t) => {
      const rate = options.learningRates[t];
      const [first, second] = [firstMoments[t], secondMoments[t]];
      for (let i = 0; i < parameter.length; i++) {
        const gradient = gradients[t][i] * clip;
        first[i] = beta1 * first[i] + (1 - beta1) * gradient;
        second[i] = beta2 * second[i] + (1 - beta2) * gradient * gradient;
        const denominator = Math.sqrt(second[i] / (1 - beta2 ** step)) + epsilon;
        parameter[i] *= 1 - rate * options.weightDecays[t];
        parameter[i] -= (rate * (first[i] / (1 - beta1 ** step))) / denominator;
      }
    });
  },
});

/**
 * One AdamW update of `parameters`, `firstMoments` and `secondMoments`, in place:
 * p -= lr * decay * p, then p -= lr * (m / (1 - beta1^step)) / (sqrt(v / (1 - beta2^step)) + epsilon).
 * A NaN or an infinity in a gradient stays visible in the parameters.
 *
 * @throws if the lists differ in length or shapes, or an option is out of range
 */
export function adamW(tensors: AdamWTensors, options: AdamWOptions): void {
  apply(adamWOp, tensors, options);
}

function checkOptions(options: AdamWOptions, count: number, hasNorm: boolean): void {
  const { learningRates, weightDecays, beta1, beta2, epsilon, step, maxNorm } = options;
  for (const [name, values] of Object.entries({ learningRates, weightDecays })) {
    expect("AdamW", values.length === count, `${count} ${name}`, `${values.length}`);
  }
  for (const [name, value] of Object.entries({ beta1, beta2 })) {
    expect("AdamW", value >= 0 && value < 1, `${name} in [0, 1)`, `${value}`);
  }
  expect("AdamW", epsilon >= 0, "epsilon >= 0", `${epsilon}`);
  expect("AdamW", Number.isInteger(step) && step >= 1, "an integer step >= 1", `${step}`);
  if (maxNorm === undefined) return expect("AdamW", !hasNorm, "maxNorm together with norm", "norm alone");
  expect("AdamW", hasNorm, "norm together with maxNorm", "maxNorm alone");
  expect("AdamW", maxNorm > 0, "maxNorm above 0", `${maxNorm}`);
}

function sameShapes(a: readonly Shape[], b: readonly Shape[]): boolean {
  const same = (shape: Shape, t: number): boolean =>
    shape.length === b[t].length && shape.every((size, i) => size === b[t][i]);
  return a.length === b.length && a.every(same);
}

function show(shapes: readonly Shape[]): string {
  return shapes.map((shape) => `[${shape.join(", ")}]`).join(" ");
}

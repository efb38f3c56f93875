// What the golden tests share: the batch of the scripts in tools/golden, and comparisons with what the originals computed
// from it. Free of files and test runners: tests read the files and judge the errors.
import {
  leaves,
  scope,
  tensor,
  valueAndGradient,
  zeros,
  type Backend,
  type HostArray,
  type Tensor,
} from "@beitjs/tensor-core";
import { heightWidth, type ImageSize } from "@beitjs/tensor-core/grid";
import { adamW, crossEntropy } from "@beitjs/tensor-core/ops";
import { readSafetensors, toFloat32 } from "@beitjs/tensor-core/safetensors";
import { attentionMaps } from "../attention-maps.ts";
import { patchCount } from "../config.ts";
import { encode, runBlocks } from "../encoder.ts";
import { classLogits, visualTokenLogits } from "../heads.ts";
import { beitToOfficial } from "../checkpoint/official.ts";
import type { Beit, BeitParams } from "../parameters.ts";
import type { HostTensor } from "../values.ts";

/** Values of an expectation file by name. */
export type Expected = (name: string) => HostArray;

/** The values of an expectation file, and the names it has. */
export function readExpected(bytes: Uint8Array): { readonly names: readonly string[]; readonly expected: Expected } {
  const { tensors } = readSafetensors(bytes);
  const expected: Expected = (name) => {
    const found = tensors.get(name);
    if (!found) throw new Error(`[readExpected] expected ${[...tensors.keys()].join(", ")}, got ${name}`);
    return toFloat32(found);
  };
  return { names: [...tensors.keys()], expected };
}

/** An error and what it is of, such as `gradient blocks.0.norm1.weight`. */
export type Finding = readonly [what: string, error: number];

const masks = [0, 1].map((b) => ({ cells: Uint8Array.from({ length: 16 }, (_, p) => ((p + b) % 3 === 0 ? 1 : 0)) }));
const visualTokens = Array.from({ length: 11 }, (_, j) => (5 * j + 3) % 32);
const labels = [1, 3];

/** Two images r(1000, i), which the scripts have as [2, 3, H, W], as [2, H, W, 3]. */
export function goldenPixels(
  signed: (tensor: number, element: number) => number,
  size: ImageSize,
  on: Backend,
): Tensor {
  const { height, width } = heightWidth(size);
  const plane = height * width;
  const values = Float32Array.from({ length: 6 * plane }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return signed(1000, (Math.floor(pixel / plane) * 3 + (i % 3)) * plane + (pixel % plane));
  });
  return tensor(values, [2, height, width, 3], on);
}

/** Loss and logits: of all patches or of the classes. */
export function run(beit: Beit, pixels: Tensor): { readonly loss: Tensor; readonly logits: Tensor } {
  const targets = (values: readonly number[]) => tensor(values, [values.length], pixels.backend, "int32");
  if (beit.config.classes > 0) {
    const logits = classLogits(beit, encode(beit, pixels));
    return { logits, loss: crossEntropy(logits, targets(labels)) };
  }
  const encoded = encode(beit, pixels, { mask: masks });
  const loss = crossEntropy(visualTokenLogits(beit, encoded, masks), targets(visualTokens));
  return { logits: visualTokenLogits(beit, encoded), loss };
}

/** Errors of logits, loss, every hidden state and the attention probabilities of all patches. */
export function forwardErrors(beit: Beit, pixels: Tensor, expected: Expected): readonly Finding[] {
  return scope(pixels.backend, () => {
    const { logits, loss } = run(beit, pixels);
    const findings: Finding[] = [
      ["logits", relativeError(logits.readSync(), expected("logits"))],
      ["loss", relativeError(loss.readSync(), expected("loss"))],
    ];
    const mask = beit.config.vocabSize > 0 ? masks : undefined;
    runBlocks(beit, pixels, { mask }, ({ index, input, output }) => {
      if (index === 0) findings.push(["hidden 0", relativeError(input.readSync(), expected("hidden.0"))]);
      const name = `hidden.${index + 1}`;
      findings.push([`hidden ${index + 1}`, relativeError(output.readSync(), expected(name))]);
    });
    const patches = Array.from({ length: patchCount(beit.config) }, (_, patch) => patch);
    const blocks = beit.params.blocks.map((_, index) => index);
    const tokens = patches.length + 1;
    attentionMaps(beit, pixels, { patches, blocks, ...(mask && { mask }) }).forEach((map, i) => {
      // Queries are patches, so the class token's row of each [N + 1, N + 1] is left out.
      const rows = expected(`attention.${i}`).filter((_, at) => at % (tokens * tokens) >= tokens);
      findings.push([`attention ${i}`, relativeError(map.readSync(), rows)]);
    });
    return { findings };
  }).findings;
}

/** Gradients of the loss under their official names. */
export async function officialGradients(beit: Beit, pixels: Tensor): Promise<Map<string, HostTensor>> {
  const { gradients } = valueAndGradient(beit.params, (params: BeitParams) =>
    run({ config: beit.config, params }, pixels),
  );
  return beitToOfficial({ config: beit.config, params: gradients });
}

/**
 * Errors of tensors against the norm and eight values that the scripts picked: the norm's own, and the largest of the
 * values over the root mean square of the whole tensor, or over the largest of them.
 */
export function pickErrors(found: ReadonlyMap<string, HostTensor>, expectedOf: Expected): readonly Finding[] {
  return [...found].flatMap(([name, { data }]): Finding[] => {
    const [norm, ...values] = expectedOf(name);
    const length = Math.sqrt(data.reduce((total, value) => total + value * value, 0));
    const size = Math.max(norm / Math.sqrt(data.length), ...values.map(Math.abs));
    const picked = values.map((_, i) => data[Math.floor((i * data.length) / values.length)]);
    const error = Math.max(...values.map((value, i) => Math.abs(value - picked[i])));
    return [
      [`norm ${name}`, Math.abs(length / norm - 1)],
      [`values ${name}`, error / size],
    ];
  });
}

export type TrainingOptions = {
  readonly learningRate: number;
  readonly beta2: number;
  /** Weight decay of a parameter by its path. */
  readonly weightDecay: (path: string) => number;
};

/** Losses of ten steps of AdamW at one rate; the parameters are changed. */
export function trainTenSteps(beit: Beit, pixels: Tensor, options: TrainingOptions): Float64Array {
  const { learningRate, beta2, weightDecay } = options;
  const paths = leaves<Tensor>(beit.params).map(([path]) => path);
  const parameters = leaves<Tensor>(beit.params).map(([, leaf]) => leaf);
  return scope(pixels.backend, () => {
    const blank = () => parameters.map(({ shape, backend }) => zeros(shape, backend));
    const [firstMoments, secondMoments] = [blank(), blank()];
    const learningRates = paths.map(() => learningRate);
    const weightDecays = paths.map(weightDecay);
    const losses = Float64Array.from({ length: 10 }, (_, i) => {
      const { value, gradients } = valueAndGradient(beit.params, (params: BeitParams) =>
        run({ config: beit.config, params }, pixels),
      );
      adamW(
        { parameters, gradients: leaves<Tensor>(gradients).map(([, leaf]) => leaf), firstMoments, secondMoments },
        { learningRates, weightDecays, beta1: 0.9, beta2, epsilon: 1e-8, step: i + 1 },
      );
      return value.loss.readSync()[0];
    });
    return { losses };
  }).losses;
}

/** Largest error over the largest expected value. */
export function relativeError(actual: HostArray, expected: HostArray): number {
  if (actual.length !== expected.length || expected.length === 0) {
    throw new Error(`[relativeError] expected ${expected.length} values, got ${actual.length}`);
  }
  let [error, size] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    error = Math.max(error, Math.abs(actual[i] - expected[i]));
    size = Math.max(size, Math.abs(expected[i]));
  }
  return Number.isNaN(error) || size === 0 ? Infinity : error / size;
}

/** The largest error of every kind, kept for a report. */
export type ErrorLog = {
  /** Notes an error and returns it. */
  note(kind: string, error: number): number;
  lines(): readonly string[];
};

export function createErrorLog(): ErrorLog {
  const worst = new Map<string, number>();
  return {
    note(kind, error) {
      worst.set(kind, Math.max(worst.get(kind) ?? 0, error));
      return error;
    },
    lines: () => [...worst].map(([kind, error]) => `${kind} ${error.toExponential(1)}\n`),
  };
}

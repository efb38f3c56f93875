// Against BEiT's own training (microsoft/unilm): ten steps of the two scripts, run by tools/golden/unilm/make.py in float64,
// with their optimizer, parameter groups, layer decay, schedule, clipping and accumulation, here by ours.
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { leaves, tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { bytesSource } from "@beitjs/tensor-core/files";
import { crossEntropy } from "@beitjs/tensor-core/ops";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { readSafetensors, toFloat32 } from "@beitjs/tensor-core/safetensors";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { hashSigned } from "@beitjs/tensor-core/testing";
import {
  beitToOfficial,
  classLogits,
  encode,
  layerDecayRules,
  openBeit,
  visualTokenLogits,
  weightDecayRules,
  type Beit,
  type BeitParams,
} from "@beitjs/beit-encoder";
import { adamWDefaults, type AdamWOptions } from "../optimizer/adamw.ts";
import { matchRules } from "../optimizer/parameter-rules.ts";
import { warmupCosine } from "../optimizer/schedule.ts";
import { initTrainingState, update, type MicroBatch } from "../update.ts";

const simd = await createSimdBackend({ threads: 2 });
afterAll(() => simd.dispose());
const backends: readonly [string, Backend][] = [
  ["simd", simd],
  ["reference", createReferenceBackend()],
];

type Variant = {
  readonly name: string;
  readonly adamW: AdamWOptions;
  readonly layerDecay: number;
  readonly labelSmoothing: number;
  readonly microBatches: number;
};

// The options of the scripts' runs, as in make.py. The originals' defaults decide what is decayed: tables are, too.
const schedule = { peak: 5e-3, minimum: 1e-5, warmupSteps: 4 };
const plain = { adamW: adamWDefaults, layerDecay: 1, labelSmoothing: 0, microBatches: 1 };
const variants: readonly Variant[] = [
  { ...plain, name: "pretraining-shared", adamW: { ...adamWDefaults, beta2: 0.98, clipNorm: 3 } },
  { ...plain, name: "pretraining-positions", adamW: { ...adamWDefaults, clipNorm: 1 } },
  { ...plain, name: "classifier-mean", layerDecay: 0.65, labelSmoothing: 0.1 },
  {
    ...plain,
    name: "classifier-class",
    adamW: { ...adamWDefaults, clipNorm: 1 },
    layerDecay: 0.75,
    microBatches: 2,
  },
];

const masks = [0, 1].map((b) => ({ cells: Uint8Array.from({ length: 16 }, (_, p) => ((p + b) % 3 === 0 ? 1 : 0)) }));
const visualTokens = Array.from({ length: 11 }, (_, j) => (5 * j + 3) % 32);
const labels = [1, 3];

function fileOf(variant: string, name: string): Uint8Array {
  return readFileSync(new URL(`../../../../tools/golden/unilm/${variant}/${name}`, import.meta.url));
}

async function load(variant: string, backend: Backend): Promise<Beit> {
  const file = bytesSource(fileOf(variant, "checkpoint.pth"), "checkpoint.pth");
  return (await openBeit(file, backend, { config: { heads: 3 } })).beit;
}

function expectedOf(variant: string): (name: string) => Float32Array {
  const { tensors } = readSafetensors(fileOf(variant, "expected.safetensors"));
  return (name) => {
    const found = tensors.get(name);
    if (!found) throw new Error(`no ${name} in ${variant}`);
    return toFloat32(found);
  };
}

/** Images `from` up to `to` of two, r(1000, i) in the original's order [2, 3, 32, 32], as [images, 32, 32, 3]. */
function pixelsOn(backend: Backend, from: number, to: number): Tensor {
  const channelsLast = (i: number) => (Math.floor(i / 3072) * 3 + (i % 3)) * 1024 + (Math.floor(i / 3) % 1024);
  const values = Float32Array.from({ length: 6144 }, (_, i) => hashSigned(1000, channelsLast(i)));
  return tensor(values.subarray(from * 3072, to * 3072), [to - from, 32, 32, 3], backend);
}

function microBatchesOf(
  { config }: Beit,
  { microBatches, labelSmoothing }: Variant,
  backend: Backend,
): MicroBatch<BeitParams, { readonly loss: Tensor }>[] {
  const targets = (values: readonly number[]) => tensor(values, [values.length], backend, "int32");
  const size = 2 / microBatches;
  return Array.from({ length: microBatches }, (_, i) => {
    const pixels = pixelsOn(backend, i * size, (i + 1) * size);
    const target = targets(config.classes > 0 ? labels.slice(i * size, (i + 1) * size) : visualTokens);
    return {
      share: 1 / microBatches,
      objective: (params) => {
        const beit = { config, params };
        const logits =
          config.classes > 0
            ? classLogits(beit, encode(beit, pixels))
            : visualTokenLogits(beit, encode(beit, pixels, { mask: masks }), masks);
        return { loss: crossEntropy(logits, target, { labelSmoothing }) };
      },
    };
  });
}

type Trained = { readonly rates: number[]; readonly losses: number[]; readonly norms: number[] };

async function trainTenSteps(beit: Beit, variant: Variant, backend: Backend): Promise<Trained> {
  const paths = leaves(beit.params).map(([path]) => path);
  const rateScales = matchRules(paths, layerDecayRules(beit.config, variant.layerDecay));
  const decayScales = matchRules(paths, weightDecayRules);
  const state = initTrainingState(beit.params);
  const batch = microBatchesOf(beit, variant, backend);
  const trained: Trained = { rates: [], losses: [], norms: [] };
  while (state.step < 10) {
    const learningRate = warmupCosine(state.step, 10, schedule);
    const report = await update(state, batch, { learningRate, adamW: variant.adamW, rateScales, decayScales });
    trained.rates.push(learningRate);
    trained.losses.push(report.loss);
    trained.norms.push(report.gradientNorm);
  }
  return trained;
}

function largestError(actual: ArrayLike<number>, expected: ArrayLike<number>, size: number): number {
  expect(actual.length).toBe(expected.length);
  const errors = Array.from(actual, (value, i) => Math.abs(value - expected[i]) / size);
  return errors.some(Number.isNaN) ? Infinity : Math.max(...errors);
}

const worst = new Map<string, number>();
function note(kind: string, error: number): number {
  worst.set(kind, Math.max(worst.get(kind) ?? 0, error));
  return error;
}
afterAll(() => {
  const lines = [...worst].map(([kind, error]) => `${kind} ${error.toExponential(1)}\n`);
  if (process.env["GOLDEN_ERRORS"]) process.stdout.write(lines.join(""));
});

describe.each(backends)("ten steps of unilm's training on %s", (name, backend) => {
  it.each(variants)("$name", async (variant) => {
    const expected = expectedOf(variant.name);
    const beit = await load(variant.name, backend);
    const { rates, losses, norms } = await trainTenSteps(beit, variant, backend);
    for (const [kind, actual, wanted] of [
      ["rates", rates, expected("rates")],
      ["losses", losses, expected("losses")],
      ["gradient norms", norms, expected("gradient_norms")],
    ] as const) {
      const error = largestError(actual, wanted, Math.max(...wanted));
      expect(note(`${name} ${variant.name} ${kind}`, error), kind).toBeLessThan(kind === "rates" ? 1e-7 : 1e-4);
    }
    expect(losses[9]).toBeLessThan(losses[0] * 0.8);
    // Every parameter after ten steps, by norm and eight values: a wrong factor on one rate or decay shows here.
    for (const [path, { data }] of await beitToOfficial(beit)) {
      const [norm, ...values] = expected(`trained.${path}`);
      const found = Math.sqrt(data.reduce((total, value) => total + value * value, 0));
      const picked = values.map((_, i) => data[Math.floor((i * data.length) / 8)]);
      const size = Math.max(norm / Math.sqrt(data.length), ...values.map(Math.abs));
      expect(note(`${name} ${variant.name} parameter norm`, Math.abs(found / norm - 1)), path).toBeLessThan(1e-4);
      expect(note(`${name} ${variant.name} parameters`, largestError(picked, values, size)), path).toBeLessThan(1e-4);
    }
  });
});

it("runs on kernels alone", () => expect([...simd.fallbacks]).toEqual([]));

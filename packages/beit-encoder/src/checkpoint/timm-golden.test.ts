// Against timm: small classifiers that tools/golden/timm/make.py saved, with what timm computes in float64: outputs,
// gradients, ten steps of AdamW, and what it makes of the weights for other image sizes.
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import type { Backend } from "@beitjs/tensor-core";
import { bytesSource } from "@beitjs/tensor-core/files";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { hashSigned } from "@beitjs/tensor-core/testing";
import {
  beitToOfficial,
  classLogits,
  encode,
  openBeit,
  weightDecayRules,
  type Beit,
  type ParameterRule,
} from "../index.ts";
import {
  createErrorLog,
  forwardErrors,
  goldenPixels,
  officialGradients,
  pickErrors,
  readExpected,
  relativeError,
  trainTenSteps,
} from "../testing/golden.ts";

const simd = await createSimdBackend({ threads: 2 });
afterAll(() => simd.dispose());
const backends: readonly [string, Backend][] = [
  ["simd", simd],
  ["reference", createReferenceBackend()],
];
const variants = [
  ["classifier-mean", "model.safetensors"],
  ["classifier-class", "checkpoint.pth"],
] as const;

// timm's choice where BEiT's own code decays: `Beit.no_weight_decay` names the tables too.
const timmDecayRules: readonly ParameterRule[] = [[/relativePositionBias$/, 0], ...weightDecayRules];
const weightDecay = (path: string) => 0.05 * (timmDecayRules.find(([pattern]) => pattern.test(path))?.[1] ?? NaN);

const log = createErrorLog();
afterAll(() => {
  if (process.env["GOLDEN_ERRORS"]) process.stdout.write(log.lines().join(""));
});

function fileOf(variant: string, name: string): Uint8Array {
  return readFileSync(new URL(`../../../../tools/golden/timm/${variant}/${name}`, import.meta.url));
}

async function load([variant, name]: readonly [string, string], backend: Backend, imageSize?: number): Promise<Beit> {
  const file = bytesSource(fileOf(variant, name), name);
  // Without tables, nothing in the file tells timm from the original code, or the number of heads.
  const known = variant === "classifier-class" ? { config: { heads: 3 } } : {};
  const { beit, unused } = await openBeit(file, backend, { imageSize, ...known });
  expect(unused).toEqual([]);
  return beit;
}

describe.each(backends)("timm on %s", (name, backend) => {
  describe.each(variants)("%s", (variant, weights) => {
    const { expected, names } = readExpected(fileOf(variant, "expected.safetensors"));
    const note = (what: string, error: number) => log.note(`${name} ${variant} ${what.split(" ")[0]}`, error);
    const file = [variant, weights] as const;

    it("logits, loss, hidden states, attention probabilities", async () => {
      const findings = forwardErrors(await load(file, backend), goldenPixels(hashSigned, 32, backend), expected);
      expect(findings).toHaveLength(7);
      for (const [what, error] of findings) expect(note(what, error), what).toBeLessThan(1e-5);
    });

    it("every gradient", async () => {
      const gradients = await officialGradients(await load(file, backend), goldenPixels(hashSigned, 32, backend));
      const wanted = names.filter((one) => one.startsWith("gradient."));
      expect([...gradients.keys()].map((one) => `gradient.${one}`).sort()).toEqual(wanted.sort());
      const findings = pickErrors(gradients, (one) => expected(`gradient.${one}`));
      for (const [what, error] of findings) expect(note(`gradient-${what}`, error), what).toBeLessThan(1e-4);
    });

    it("ten losses of AdamW, and every parameter after them", async () => {
      const beit = await load(file, backend);
      const pixels = goldenPixels(hashSigned, 32, backend);
      const losses = trainTenSteps(beit, pixels, { learningRate: 5e-3, beta2: 0.999, weightDecay });
      expect(note("losses", relativeError(losses, expected("losses")))).toBeLessThan(1e-4);
      expect(losses[9]).toBeLessThan(losses[0] * 0.2);
      const findings = pickErrors(await beitToOfficial(beit), (one) => expected(`trained.${one}`));
      for (const [what, error] of findings) expect(note(`trained-${what}`, error), what).toBeLessThan(1e-4);
    });

    it.each([24, 48])("images of %i, as timm resizes", async (side) => {
      const { expected, names } = readExpected(fileOf(variant, `resized-${side}.safetensors`));
      const beit = await load(file, backend, side);
      const official = await beitToOfficial(beit);
      const resized = names.filter((one) => /relative_position_bias_table$|^pos_embed$/.test(one));
      expect(resized).toHaveLength(variant === "classifier-class" ? 1 : 2);
      for (const one of resized) {
        const values = official.get(one)?.data ?? new Float32Array();
        expect(note(`${side}-positions`, relativeError(values, expected(one))), one).toBeLessThan(1e-6);
      }
      const encoded = encode(beit, goldenPixels(hashSigned, side, backend));
      expect(note(`${side}-encoded`, relativeError(encoded.readSync(), expected("encoded")))).toBeLessThan(1e-5);
      const logits = classLogits(beit, encoded).readSync();
      expect(note(`${side}-logits`, relativeError(logits, expected("logits")))).toBeLessThan(1e-5);
    });
  });
});

it("knows timm's tables", async () => {
  const file = bytesSource(fileOf("classifier-mean", "model.safetensors"), "model.safetensors");
  expect((await openBeit(file, createReferenceBackend())).origin).toBe("timm");
});

it("runs on kernels alone", () => expect([...simd.fallbacks]).toEqual([]));

// Against transformers itself: small models of every variant that tools/golden/transformers/make.py saved, with what
// transformers computes in float64 from the same pixels: outputs, gradients and ten steps of AdamW.
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import type { Backend } from "@beitjs/tensor-core";
import { bytesSource } from "@beitjs/tensor-core/files";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { hashSigned } from "@beitjs/tensor-core/testing";
import { splitNames, thirdOfTensor } from "./hugging-face/names.ts";
import { openBeit, type Beit } from "../index.ts";
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
const variants = ["pretraining-shared", "pretraining-positions", "classifier-mean", "classifier-class"];

const log = createErrorLog();
afterAll(() => {
  if (process.env["GOLDEN_ERRORS"]) process.stdout.write(log.lines().join(""));
});

function fileOf(variant: string, name: string): Uint8Array {
  return readFileSync(new URL(`../../../../tools/golden/transformers/${variant}/${name}`, import.meta.url));
}

async function load(variant: string, backend: Backend): Promise<Beit> {
  const files = ["config.json", "model.safetensors"].map((name) => bytesSource(fileOf(variant, name), name));
  const { beit, labels, unused } = await openBeit(files, backend);
  expect(labels).toEqual(variant.startsWith("classifier") ? [0, 1, 2, 3, 4].map((i) => `kind ${i}`) : undefined);
  expect(unused).toEqual([]);
  return beit;
}

/** The name in transformers' file: heads, and the norm of a pre-training head, are not the base model's. */
function storedName(bare: string, variant: string): string {
  const headNorm = variant.startsWith("pretraining") && bare.startsWith("layernorm.");
  return headNorm || /^(lm_head|classifier)\./.test(bare) ? bare : `beit.${bare}`;
}

describe.each(backends)("transformers on %s", (name, backend) => {
  describe.each(variants)("%s", (variant) => {
    const { expected } = readExpected(fileOf(variant, "expected.safetensors"));
    const note = (what: string, error: number) => log.note(`${name} ${variant} ${what.split(" ")[0]}`, error);
    const pixels = goldenPixels(hashSigned, 32, backend);

    it("logits, loss, hidden states, attention probabilities", async () => {
      const findings = forwardErrors(await load(variant, backend), pixels, expected);
      expect(findings).toHaveLength(7);
      for (const [what, error] of findings) expect(note(what, error), what).toBeLessThan(1e-5);
    });

    it("every gradient", async () => {
      const official = await officialGradients(await load(variant, backend), pixels);
      const gradients = splitNames(official, thirdOfTensor);
      expect(gradients.size).toBeGreaterThan(35);
      const findings = pickErrors(gradients, (bare) => expected(`gradient.${storedName(bare, variant)}`));
      for (const [what, error] of findings) expect(note(`gradient-${what}`, error), what).toBeLessThan(1e-4);
    });

    it("ten losses of AdamW", async () => {
      const beit = await load(variant, backend);
      const losses = trainTenSteps(beit, pixels, { learningRate: 1e-3, beta2: 0.98, weightDecay: () => 0.05 });
      expect(note("losses", relativeError(losses, expected("losses")))).toBeLessThan(1e-4);
      expect(losses[9]).toBeLessThan(losses[0] * 0.8);
    });
  });
});

it("runs on kernels alone", () => expect([...simd.fallbacks]).toEqual([]));

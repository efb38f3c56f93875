// Against BEiT's own code (microsoft/unilm): small checkpoints that tools/golden/unilm/make.py saved as its training scripts
// do, with what its classes compute in float64: outputs, gradients, and what its loader makes for other image sizes.
// Ten steps of its training are compared in trainers, where the optimizer's rules meet the model.
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import type { Backend } from "@beitjs/tensor-core";
import { bytesSource } from "@beitjs/tensor-core/files";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { hashSigned } from "@beitjs/tensor-core/testing";
import { beitToOfficial, classLogits, encode, openBeit, toClassifier, type Beit } from "../index.ts";
import {
  createErrorLog,
  forwardErrors,
  goldenPixels,
  officialGradients,
  pickErrors,
  readExpected,
  relativeError,
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
  return readFileSync(new URL(`../../../../tools/golden/unilm/${variant}/${name}`, import.meta.url));
}

async function load(variant: string, backend: Backend, imageSize?: number): Promise<Beit> {
  const file = bytesSource(fileOf(variant, "checkpoint.pth"), "checkpoint.pth");
  // Only tables tell the number of heads, and three heads are not the released models' width of 64.
  const { beit, origin, unused } = await openBeit(file, backend, { imageSize, config: { heads: 3 } });
  expect(origin).toBe("unilm");
  expect(unused).toEqual([]);
  return beit;
}

describe.each(backends)("unilm on %s", (name, backend) => {
  describe.each(variants)("%s", (variant) => {
    const { expected, names } = readExpected(fileOf(variant, "expected.safetensors"));
    const note = (what: string, error: number) => log.note(`${name} ${variant} ${what.split(" ")[0]}`, error);

    it("logits, loss, hidden states, attention probabilities", async () => {
      const findings = forwardErrors(await load(variant, backend), goldenPixels(hashSigned, 32, backend), expected);
      expect(findings).toHaveLength(7);
      for (const [what, error] of findings) expect(note(what, error), what).toBeLessThan(1e-5);
    });

    it("every gradient", async () => {
      const gradients = await officialGradients(await load(variant, backend), goldenPixels(hashSigned, 32, backend));
      const wanted = names.filter((one) => one.startsWith("gradient."));
      expect([...gradients.keys()].map((one) => `gradient.${one}`).sort()).toEqual(wanted.sort());
      const findings = pickErrors(gradients, (one) => expected(`gradient.${one}`));
      for (const [what, error] of findings) expect(note(`gradient-${what}`, error), what).toBeLessThan(1e-4);
    });
  });

  describe.each(variants.filter((variant) => variant !== "pretraining-positions"))("%s", (variant) => {
    it.each([24, 48])("images of %i, as the loader of fine-tuning resizes", async (side) => {
      const { expected, names } = readExpected(fileOf(variant, `resized-${side}.safetensors`));
      const note = (what: string, error: number) => log.note(`${name} ${variant} ${side} ${what}`, error);
      const classifier = variant.startsWith("classifier");
      const beit = classifier
        ? await load(variant, backend, side)
        : await toClassifier(await load(variant, backend), { classes: 5, imageSize: side }, createRng(1));
      const official = await beitToOfficial(beit);
      const resized = names.filter((one) => /relative_position_bias_table$|^pos_embed$/.test(one));
      expect(resized).toHaveLength(variant === "classifier-class" ? 1 : 2);
      for (const one of resized) {
        const values = official.get(one)?.data ?? new Float32Array();
        expect(note("positions", relativeError(values, expected(one))), one).toBeLessThan(1e-6);
      }
      const encoded = encode(beit, goldenPixels(hashSigned, side, backend));
      expect(note("encoded", relativeError(encoded.readSync(), expected("encoded")))).toBeLessThan(1e-5);
      // A pre-training checkpoint gets a fresh head, so that its logits say nothing.
      if (!classifier) return;
      const logits = classLogits(beit, encoded).readSync();
      expect(note("logits", relativeError(logits, expected("logits")))).toBeLessThan(1e-5);
    });
  });
});

it("runs on kernels alone", () => expect([...simd.fallbacks]).toEqual([]));

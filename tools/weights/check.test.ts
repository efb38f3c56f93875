// The comparison itself, with small models: it passes what is right and fails what is not.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, expect, it } from "vitest";
import {
  beitVariants,
  initBeit,
  initBeitClassifier,
  saveOfficialBeit,
  toHuggingFace,
  type BeitConfig,
} from "@beitjs/beit-encoder";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { findModel, measure } from "./check.ts";
import { goldens, type Golden } from "./goldens.ts";

const folder = mkdtempSync(join(tmpdir(), "beitjs-weights-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const backend = createReferenceBackend();
const tiny: BeitConfig = {
  ...beitVariants.tiny,
  imageSize: 16,
  patchSize: 8,
  width: 64,
  depth: 1,
  heads: 1,
  vocabSize: 5,
};
const image = join(folder, "image.png");
await sharp(Buffer.from(Array.from({ length: 20 * 24 * 3 }, (_, i) => (i * 37) % 256)), {
  raw: { width: 24, height: 20, channels: 3 },
})
  .png()
  .toFile(image);

it("measures a folder and a file alike, and what it measures depends on the weights", async () => {
  const config: BeitConfig = { ...tiny, vocabSize: 0, classes: 4, relativePositions: "per-layer", epsilon: 1e-6 };
  const rng = createRng(1);
  const beit = initBeitClassifier(config, rng, backend);
  mkdirSync(join(folder, "tiny"));
  for (const [name, bytes] of Object.entries(await toHuggingFace(beit)))
    writeFileSync(join(folder, "tiny", name), bytes);
  writeFileSync(join(folder, "tiny.safetensors"), await saveOfficialBeit(beit));
  writeFileSync(join(folder, "other.safetensors"), await saveOfficialBeit(initBeitClassifier(config, rng, backend)));
  const blank: Golden = { names: ["tiny"], logits: [[0, 0, 0]], tolerance: 1e-4 };
  const { logits, best } = await measure(join(folder, "tiny"), { golden: blank, image, backend });
  const golden = { ...blank, logits };
  const again = await measure(join(folder, "tiny.safetensors"), { golden, image, backend });
  expect(again.error).toBeLessThan(1e-7);
  expect(again.best).toBe(best);
  const other = await measure(join(folder, "other.safetensors"), { golden, image, backend });
  expect(other.error).toBeGreaterThan(1e-4);
});

it("measures pre-training models with every patch masked", async () => {
  const beit = initBeit({ ...tiny, absolutePositions: true }, createRng(2), backend, { std: 0.2 });
  writeFileSync(join(folder, "mim.safetensors"), await saveOfficialBeit(beit));
  const golden: Golden = {
    names: ["mim"],
    logits: [
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ],
    tolerance: 1e-2,
  };
  const { logits } = await measure(join(folder, "mim.safetensors"), { golden, image, backend });
  expect(logits.map((row) => row.length)).toEqual([3, 3, 3]);
  expect(logits[0]).not.toEqual(logits[1]);
});

it("finds models under either name", () => {
  const [first] = goldens;
  expect(findModel(folder, first)).toBeUndefined();
  writeFileSync(join(folder, first.names[1]), "");
  expect(findModel(folder, first)).toBe(join(folder, first.names[1]));
});

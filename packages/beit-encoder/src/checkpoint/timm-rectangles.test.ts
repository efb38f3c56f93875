// Against timm on images that are no squares: models of five sizes, forward and backward, and the positions of one size
// brought to another, from what tools/golden/timm/make.py wrote. Weights come from the script's formula.
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { sizeOf, type Backend } from "@beitjs/tensor-core";
import { bytesSource } from "@beitjs/tensor-core/files";
import type { ImageSize } from "@beitjs/tensor-core/grid";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { fromFloat32, writeSafetensors } from "@beitjs/tensor-core/safetensors";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { hashSigned } from "@beitjs/tensor-core/testing";
import {
  beitToOfficial,
  classLogits,
  encode,
  loadBeit,
  openBeit,
  resizeTable,
  saveOfficialBeit,
  toClassifier,
  type ResizingOptions,
  type Beit,
  type BeitConfig,
  type HostTensor,
  type SourceGrid,
} from "../index.ts";
import { createRng } from "@beitjs/tensor-core/random";
import {
  createErrorLog,
  forwardErrors,
  goldenPixels,
  officialGradients,
  pickErrors,
  readExpected,
  relativeError,
} from "../testing/golden.ts";
import { officialNaming } from "./official.ts";

const simd = await createSimdBackend({ threads: 2 });
afterAll(() => simd.dispose());
const backends: readonly [string, Backend][] = [
  ["simd", simd],
  ["reference", createReferenceBackend()],
];

const common: BeitConfig = {
  imageSize: 32,
  channels: 3,
  patchSize: 8,
  width: 24,
  depth: 2,
  heads: 3,
  mlpRatio: 4,
  absolutePositions: false,
  relativePositions: "per-layer",
  layerScale: 0.1,
  dropPath: 0,
  epsilon: 1e-6,
  vocabSize: 0,
  classes: 5,
  pooling: "mean",
};
const models: Readonly<Record<string, BeitConfig>> = {
  "wide-mean": { ...common, imageSize: [16, 40] },
  "tall-token": { ...common, imageSize: [36, 12], patchSize: 4, pooling: "class" },
  "wide-shared": { ...common, imageSize: [24, 48], relativePositions: "shared" },
  "tall-positions": {
    ...common,
    ...{ imageSize: [40, 24], pooling: "class", layerScale: 0 },
    ...{ absolutePositions: true, relativePositions: "none" },
  },
  "strip-both": { ...common, imageSize: [8, 32], patchSize: 4, absolutePositions: true },
};
const resizings: readonly [name: string, model: string, from: ImageSize, to: ImageSize][] = [
  ["square-to-wide", "wide-mean", 32, [24, 56]],
  ["wide-to-tall", "wide-mean", [16, 40], [48, 24]],
  ["tall-to-square", "tall-token", [36, 12], 24],
  ["square-to-wide-shared", "wide-shared", 32, [16, 64]],
  ["square-to-tall-positions", "tall-positions", 32, [56, 24]],
  ["wide-to-square-positions", "tall-positions", [16, 64], 32],
];
const timm: ResizingOptions = { tableResizing: "geometric-linear", positionResizing: "antialiased-bicubic" };

const log = createErrorLog();
afterAll(() => {
  if (process.env["GOLDEN_ERRORS"]) process.stdout.write(log.lines().join(""));
});

function readGolden(name: string) {
  const url = new URL(`../../../../tools/golden/timm/rectangles/${name}.safetensors`, import.meta.url);
  return readExpected(readFileSync(url));
}

/** What the script's `fill` puts into a model. */
function filled(config: BeitConfig): Map<string, HostTensor> {
  const shapes = [...officialNaming.shapes(config)].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(
    shapes.map(([name, shape], k) => {
      const offset = /norm.*weight$/.test(name) ? 1 : name.includes("gamma_") ? 0.5 : 0;
      const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => offset + 0.2 * hashSigned(k, i));
      return [name, { shape, data }];
    }),
  );
}

function fileOf(config: BeitConfig) {
  const tensors = [...filled(config)].map(([name, { shape, data }]) => [name, fromFloat32(data, shape)] as const);
  return bytesSource(writeSafetensors(tensors), "model.safetensors");
}

describe.each(backends)("timm on %s", (name, backend) => {
  const note = (what: string, error: number) => log.note(`${name} ${what.split(" ")[0]}`, error);

  describe.each(Object.entries(models))("%s", (model, config) => {
    const { expected, names } = readGolden(model);
    const load = (): Beit => loadBeit(filled(config), config, backend);
    const pixels = () => goldenPixels(hashSigned, config.imageSize, backend);

    it("logits, loss, hidden states, attention probabilities", () => {
      const findings = forwardErrors(load(), pixels(), expected);
      expect(findings).toHaveLength(7);
      for (const [what, error] of findings) expect(note(what, error), what).toBeLessThan(1e-5);
    });

    it("every gradient", async () => {
      const gradients = await officialGradients(load(), pixels());
      const wanted = names.filter((one) => one.startsWith("gradient."));
      expect([...gradients.keys()].map((one) => `gradient.${one}`).sort()).toEqual(wanted.sort());
      const findings = pickErrors(gradients, (one) => expected(`gradient.${one}`));
      for (const [what, error] of findings) expect(note(`gradient-${what}`, error), what).toBeLessThan(1e-4);
    });
  });

  describe.each(resizings)("%s", (golden, model, from, to) => {
    const { expected, names } = readGolden(golden);
    const config = { ...models[model], imageSize: from };

    async function check(beit: Beit): Promise<void> {
      expect(beit.config.imageSize).toEqual(to);
      const official = await beitToOfficial(beit);
      const resized = names.filter((one) => /relative_position_bias_table$|^pos_embed$/.test(one));
      expect(resized).toHaveLength(config.relativePositions === "per-layer" ? 2 : 1);
      for (const one of resized) {
        const values = official.get(one)?.data ?? new Float32Array();
        expect(note("positions", relativeError(values, expected(one))), one).toBeLessThan(1e-6);
      }
      const encoded = encode(beit, goldenPixels(hashSigned, to, backend));
      expect(note("encoded", relativeError(encoded.readSync(), expected("encoded")))).toBeLessThan(1e-5);
      const logits = classLogits(beit, encoded).readSync();
      expect(note("logits", relativeError(logits, expected("logits")))).toBeLessThan(1e-5);
    }

    it("from a file", async () => {
      const known = { config: { heads: 3, imageSize: from, relativePositions: config.relativePositions } };
      await check((await openBeit(fileOf(config), backend, { ...timm, ...known, imageSize: to })).beit);
    });

    // A classifier has tables in every layer, so one that shares its table is another model afterwards.
    if (config.relativePositions === "shared") return;
    it("from a model", async () => {
      const beit = loadBeit(filled(config), config, backend);
      await check(await toClassifier(beit, { ...timm, classes: 5, imageSize: to }, createRng(1)));
    });
  });
});

describe("what a file of a rectangle says", () => {
  const backend = createReferenceBackend();
  const wide = models["wide-mean"];

  it("is the size asked for, where that fits", async () => {
    const { beit } = await openBeit(fileOf(wide), backend, { imageSize: [16, 40] });
    expect(beit.config).toMatchObject({ imageSize: [16, 40], heads: 3 });
    const table = (await beitToOfficial(beit)).get("blocks.0.attn.relative_position_bias_table");
    const stored = filled(wide).get("blocks.0.attn.relative_position_bias_table");
    expect(table).toEqual(stored);
  });

  it("is nothing where it does not", async () => {
    const message =
      "[openBeit] expected positions of a square grid, got a table of 30 rows; pass imageSize or config.imageSize";
    await expect(openBeit(fileOf(wide), backend)).rejects.toThrow(message);
    await expect(openBeit(fileOf(wide), backend, { imageSize: [48, 24] })).rejects.toThrow(message);
  });

  it("is said to loadBeit by the grid of its values", () => {
    const config = { ...wide, imageSize: 24 };
    const load = (options: ResizingOptions & SourceGrid) => loadBeit(filled(wide), config, backend, options);
    const message =
      "expected blocks.0.attention.relativePositionBias of a square grid, got 30 rows; say the grid as `from`";
    expect(() => load({})).toThrow(message);
    const { attention } = load({ from: { rows: 2, cols: 5 } }).params.blocks[1];
    const values = filled(wide).get("blocks.1.attn.relative_position_bias_table")?.data as Float32Array;
    const resizing = { heads: 3, from: { rows: 2, cols: 5 }, to: { rows: 3, cols: 3 } };
    expect(Float32Array.from(attention.relativePositionBias?.readSync() ?? [])).toEqual(resizeTable(values, resizing));
  });

  // A table of 1 x 5 has as many rows as one of 2 x 2.
  it.each<[string, readonly [number, number]]>([
    ["2 x 5", [16, 40]],
    ["1 x 5", [8, 40]],
    ["5 x 1", [40, 8]],
  ])("stands in a file of official names that we wrote: %s", async (_, imageSize) => {
    const config = { ...wide, imageSize };
    const beit = loadBeit(filled(config), config, backend);
    const file = bytesSource(await saveOfficialBeit(beit), "model.safetensors");
    const opened = await openBeit(file, backend);
    expect([opened.origin, opened.beit.config.imageSize]).toEqual(["unilm", imageSize]);
    expect(await beitToOfficial(opened.beit)).toEqual(await beitToOfficial(beit));
    const swapped = await openBeit(file, backend, { imageSize: [imageSize[1], imageSize[0]] });
    const table = "blocks.0.attn.relative_position_bias_table";
    expect((await beitToOfficial(swapped.beit)).get(table)).not.toEqual((await beitToOfficial(beit)).get(table));
  });

  it("stands in timm's config.json beside it", async () => {
    const json = { architecture: "beit_base_patch16_224", pretrained_cfg: { input_size: [3, 16, 40] } };
    const config = bytesSource(new TextEncoder().encode(JSON.stringify(json)), "config.json");
    const { beit, origin, preprocessing } = await openBeit([fileOf(wide), config], backend);
    expect([origin, beit.config.imageSize]).toEqual(["timm", [16, 40]]);
    expect(preprocessing).toMatchObject({ fit: "shortSide", size: [17, 44], crop: [16, 40] });
  });
});

it("runs on kernels alone", () => expect([...simd.fallbacks]).toEqual([]));

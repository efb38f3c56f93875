// The mean and std that the page scales images by: the model's own in every panel, the visitor's choice where files leave one.
import { beitToOfficial, beitVariants, initBeit, saveBeit, toHuggingFace, type BeitConfig } from "@beitjs/beit-encoder";
import { initTokenizer } from "@beitjs/dvae-tokenizer";
import { disposeTree } from "@beitjs/tensor-core";
import { bytesSource, type FileSource } from "@beitjs/tensor-core/files";
import { createImage } from "@beitjs/tensor-core/image";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { fromFloat32, writeSafetensors } from "@beitjs/tensor-core/safetensors";
import { evalView, tokenizerSmall } from "@beitjs/trainers";
import { describe, expect, it } from "vitest";
import { factsOf, openWeights, withNormalization, type LoadedEncoder } from "./models.ts";

const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
const stretched = { filter: "bicubic", size: 16, fit: "square", crop: 0 } as const;

const backend = createReferenceBackend();
const tiny: BeitConfig = {
  ...beitVariants.tiny,
  ...{ imageSize: 16, patchSize: 8, width: 6, depth: 1, heads: 2, vocabSize: 5 },
};
const beit = initBeit(tiny, createRng(1), backend, { std: 0.3 });
const tokenizer = { name: "tokenizer", tokenizer: initTokenizer(tokenizerSmall.model, createRng(2), backend) };
const image = createImage(
  16,
  16,
  3,
  Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => (i * 53 + ((i * i) % 97)) % 256),
);

async function opened(files: readonly FileSource[]) {
  const { kind, model, notes } = await openWeights(files, backend, () => {});
  if (kind !== "encoder") throw new Error(`expected an encoder, got ${kind}`);
  return { encoder: model as LoadedEncoder, notes };
}

const factsAbout = (encoder: LoadedEncoder) => factsOf({ tokenizer, encoder }).encoder;

/** What panels give the model: the view of `engine.ts`. */
const firstPixels = ({ view }: LoadedEncoder) => [...evalView(image, view).subarray(0, 3)];
const byHand = ({ mean, std }: typeof half) => mean.map((center, c) => (image.data[c] / 255 - center) / std[c]);

function expectClose(got: readonly number[], wanted: readonly number[]): void {
  expect(got).toHaveLength(wanted.length);
  for (const [i, value] of got.entries()) expect(value).toBeCloseTo(wanted[i], 5);
}

async function bare(name: string): Promise<FileSource[]> {
  const official = [...(await beitToOfficial(beit))];
  const tensors = official.map(([path, { data, shape }]) => [path, fromFloat32(data, shape)] as const);
  return [bytesSource(writeSafetensors(tensors), name)];
}

describe("what files say", () => {
  it("is used and told, of our files and of folders, and there is nothing to choose", async () => {
    const preprocessing = { ...stretched, ...imagenet };
    const folder = Object.entries(await toHuggingFace(beit, { preprocessing }));
    for (const files of [
      [bytesSource(await saveBeit(beit, { preprocessing }), "model.safetensors")],
      folder.map(([name, bytes]) => bytesSource(bytes, name)),
    ]) {
      const { encoder, notes } = await opened(files);
      expectClose(firstPixels(encoder), byHand(imagenet));
      const normalization = "ImageNet's mean and std (the files say so)";
      expect(factsAbout(encoder)).toMatchObject({ normalization, chosen: undefined });
      expect(notes).toEqual([]);
    }
  });
});

describe("what files do not say", () => {
  it("is told as what it is, and the visitor may choose", async () => {
    const guess = await opened(await bare("weights.safetensors"));
    expect(guess.notes).toEqual(["Images are scaled by a mean and std of 0.5 (a guess: the files do not say)"]);
    expectClose(firstPixels(guess.encoder), byHand(half));
    expect(factsAbout(guess.encoder).chosen).toBe("auto");

    const chosen = withNormalization(guess.encoder, "imagenet");
    expectClose(firstPixels(chosen), byHand(imagenet));
    const normalization = "ImageNet's mean and std (as chosen)";
    expect(factsAbout(chosen)).toMatchObject({ normalization, chosen: "imagenet" });
    expectClose(firstPixels(withNormalization(chosen, "auto")), byHand(half));
    // The rest of the view is the model's.
    expect({ ...chosen.view, normalization: half }).toEqual(guess.encoder.view);
  });

  it("may be recognized", async () => {
    const { encoder, notes } = await opened(await bare("beitv2_base_patch16_224_pt1k.pth"));
    expect(notes).toEqual(["Images are scaled by ImageNet's mean and std (this is BEiT v2)"]);
    expectClose(firstPixels(encoder), byHand(imagenet));
    expectClose(firstPixels(withNormalization(encoder, "half")), byHand(half));
  });

  it("leaves nothing to choose of gray images", async () => {
    const gray = initBeit({ ...tiny, channels: 1 }, createRng(3), backend);
    const { encoder } = await opened([bytesSource(await saveBeit(gray), "model.safetensors")]);
    expect(factsAbout(encoder)).toMatchObject({
      normalization: "a mean and std of 0.5 (a guess: the files do not say)",
      chosen: undefined,
    });
  });

  it("is not asked of models of bands, which browsers cannot read", async () => {
    const before = backend.memory().tensors;
    const bands = initBeit({ ...tiny, channels: 4 }, createRng(3), backend);
    const bytes = await saveBeit(bands);
    disposeTree(bands.params);
    await expect(opened([bytesSource(bytes, "model.safetensors")])).rejects.toThrow(
      "[useWeights] expected a model of gray or color images, got one of 4 channels",
    );
    expect(backend.memory().tensors).toBe(before);
  });
});

// Manifests of checkpoints that promise more than the tensors beside them: refused by a message below 4 kB, before anything of
// their sizes is made.
import { beitVariants, initBeit, type BeitConfig } from "@beitjs/beit-encoder";
import { initGaussianVae, initTokenizer, type GaussianVaeConfig, type StridedConfig } from "@beitjs/dvae-tokenizer";
import { leaves, type Tensor } from "@beitjs/tensor-core";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { fromFloat32, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import type { DecodedCheckpoint } from "@beitjs/trainers";
import { describe, expect, it } from "vitest";
import { beitOf, gaussianVaeOf, tokenizerOf } from "./from-checkpoint.ts";

const backend = createReferenceBackend();
const strided: StridedConfig = {
  architecture: "strided",
  imageSize: 16,
  channels: 3,
  vocabSize: 8,
  codebookWidth: 4,
  hidden: 4,
  layers: 2,
  blocksPerStage: 1,
  middleBlocks: 1,
  reconstruction: "mse",
  pixelRange: "unit",
};
const { vocabSize: _, ...others } = strided;
const gaussian: GaussianVaeConfig = { ...others, reconstruction: "mse" };
const dallE = { ...strided, architecture: "dall-e", groups: 3, blocksPerGroup: 1 } as const;
const beit: BeitConfig = {
  ...beitVariants.tiny,
  ...{ imageSize: 16, patchSize: 8, width: 6, depth: 2, heads: 2, vocabSize: 8 },
};

async function storedOf(params: unknown): Promise<Map<string, SafeTensor>> {
  const stored = new Map<string, SafeTensor>();
  for (const [path, leaf] of leaves<Tensor>(params)) {
    stored.set(path, fromFloat32(Float32Array.from(await leaf.read()), leaf.shape));
  }
  return stored;
}

type Open = (checkpoint: DecodedCheckpoint, backend: ReturnType<typeof createReferenceBackend>) => unknown;
const checkpoint = (model: unknown, tensors: ReadonlyMap<string, SafeTensor>) =>
  ({ manifest: { model }, tensors, trees: new Map() }) as unknown as DecodedCheckpoint;

function refusal(open: Open, model: unknown, tensors: ReadonlyMap<string, SafeTensor>): string {
  try {
    open(checkpoint(model, tensors), backend);
  } catch (error) {
    const { message } = error as Error;
    expect(message.length).toBeLessThan(4000);
    return message;
  }
  throw new Error("nothing was refused");
}

const rng = createRng(1);
const models = {
  tokenizer: [tokenizerOf, strided, await storedOf(initTokenizer(strided, rng, backend).params)],
  "DALL-E's": [tokenizerOf, dallE, await storedOf(initTokenizer(dallE, rng, backend).params)],
  "Gaussian VAE": [gaussianVaeOf, gaussian, await storedOf(initGaussianVae(gaussian, rng, backend).params)],
  BEiT: [beitOf, beit, await storedOf(initBeit(beit, rng, backend).params)],
} as const;

describe("a manifest's model", () => {
  it.each(Object.entries(models))("opens as it was saved: %s", (_name, [open, config, tensors]) => {
    expect((open as Open)(checkpoint(config, tensors), backend)).toMatchObject({ config });
  });

  const many = (fields: readonly string[], values: readonly unknown[]) =>
    fields.flatMap((field) => values.map((value) => ({ [field]: value })));
  const large = [100_000, 1e9, 2 ** 48];
  const wrong = [null, "x".repeat(1e6), -1, 1.5, [1, 2, 3]];
  const cases = {
    tokenizer: many(
      ["layers", "blocksPerStage", "middleBlocks", "hidden", "codebookWidth", "vocabSize", "channels"],
      large,
    ),
    "DALL-E's": many(["groups", "blocksPerGroup", "hidden", "codebookWidth", "vocabSize"], large),
    "Gaussian VAE": many(["layers", "blocksPerStage", "middleBlocks", "hidden", "codebookWidth", "channels"], large),
    BEiT: many(["depth", "width", "vocabSize", "imageSize", "classes"], large),
  };
  it.each(Object.keys(cases) as (keyof typeof cases)[])("promises more than there is: %s", (name) => {
    const [open, config, tensors] = models[name];
    for (const change of cases[name]) {
      const message = refusal(open as Open, { ...config, ...change }, tensors);
      expect(message, JSON.stringify(change)).toMatch(/expected|do not fit/);
    }
  });

  it.each(Object.keys(cases) as (keyof typeof cases)[])("is no config: %s", (name) => {
    const [open, config, tensors] = models[name];
    const field = name === "BEiT" ? "width" : "hidden";
    for (const value of wrong) expect(refusal(open as Open, { ...config, [field]: value }, tensors)).toContain(field);
    if (name === "BEiT") return;
    for (const value of wrong) {
      expect(refusal(open as Open, { ...config, architecture: value }, tensors)).toContain("architecture");
    }
    expect(refusal(open as Open, {}, tensors)).toContain("expected architecture");
  });

  it.each(Object.keys(models) as (keyof typeof models)[])("does not know tensors of long names: %s", (name) => {
    const [open, config, tensors] = models[name];
    const [[, first]] = [...tensors];
    const long = Array.from({ length: 20 }, (_, i) => [`${i}${"x".repeat(1e5)}`, first] as const);
    refusal(open as Open, config, new Map([...tensors, ...long]));
  });

  it("has tensors that are numbers", () => {
    const [open, config, tensors] = models["Gaussian VAE"];
    const [[path, { shape }]] = [...tensors];
    const values = new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(NaN);
    const damaged = new Map([...tensors, [path, fromFloat32(values, shape)] as const]);
    expect(refusal(open as Open, config, damaged)).toContain(`expected finite parameters, got NaN in ${path}`);
  });
});

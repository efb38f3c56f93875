// The models' configurations, as their packages declare them.
import * as v from "valibot";
import type { BeitConfig } from "@beitjs/beit-encoder";
import type { DvaeConfig, GaussianVaeConfig } from "@beitjs/dvae-tokenizer";
import { fields, oneOf, variant } from "./fields.ts";
import { exactly } from "./inferred.ts";
import { amount, channels, count, imageSize, modelSize, positive, shareBelowOne, truth, whole } from "./values.ts";

const dvae = {
  imageSize,
  channels,
  vocabSize: count,
  codebookWidth: modelSize,
  hidden: modelSize,
  reconstruction: oneOf("mse", "smooth-l1", "logit-laplace"),
  pixelRange: oneOf("mapped", "normalized", "unit"),
};

const strided = {
  ...dvae,
  architecture: v.literal("strided"),
  layers: modelSize,
  blocksPerStage: whole,
  middleBlocks: whole,
};

export const dvaeConfig = exactly<DvaeConfig>()(
  variant("architecture", [
    fields({ ...dvae, architecture: v.literal("dall-e"), groups: modelSize, blocksPerGroup: modelSize }),
    fields(strided),
  ]),
);

const { vocabSize: _, ...withoutCodebook } = strided;
export const gaussianVaeConfig = exactly<GaussianVaeConfig>()(
  fields({
    ...withoutCodebook,
    architecture: v.literal("strided", "strided"),
    reconstruction: oneOf("mse", "smooth-l1"),
  }),
);

/** What only models of pre-training have is said by other fields of its recipe: see pretrainingConfig. */
export const beitConfig = exactly<Omit<BeitConfig, "decoder" | "pixelHead">>()(
  fields({
    imageSize,
    channels,
    patchSize: count,
    width: modelSize,
    depth: modelSize,
    heads: modelSize,
    mlpRatio: positive,
    absolutePositions: truth,
    relativePositions: oneOf("none", "shared", "per-layer"),
    registers: v.exactOptional(count),
    layerScale: amount,
    dropPath: shareBelowOne,
    epsilon: positive,
    vocabSize: whole,
    classes: whole,
    pooling: oneOf("mean", "class"),
    poolingNorm: v.exactOptional(oneOf("before", "after")),
  }),
);

// The shape of recipes, as @beitjs/trainers declares it, for recipes that people write: unknown keys are refused.
import { z } from "zod";
import type { FineTuneRecipe, GaussianRecipe, PretrainRecipe, TokenizerRecipe } from "@beitjs/trainers";

const count = z.number().int().positive();
const whole = z.number().int().nonnegative();
const amount = z.number().nonnegative();
const share = z.number().min(0).max(1);
const channels = z.union([z.literal(1), z.literal(3)]);
const interval = z.tuple([z.number().positive(), z.number().positive()]);
const perChannel = z.array(z.number()).min(1).max(3);
const filter = z.enum(["bilinear", "bicubic", "lanczos"]);
const normalization = z.union([z.enum(["unit", "mapPixels"]), z.strictObject({ mean: perChannel, std: perChannel })]);
const annealing = z.strictObject({ start: amount, end: amount, steps: whole });
/** Below 0 the KL is rewarded: a discrete VAE becomes surer of each token. */
const signedAnnealing = z.strictObject({ start: z.number(), end: z.number(), steps: whole });

const common = {
  seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  epochs: count,
  batchSize: count,
  microBatches: count,
  learningRate: z.strictObject({ peak: amount, minimum: amount, warmupSteps: whole }),
  adamW: z.strictObject({
    beta1: z.number().min(0).lt(1),
    beta2: z.number().min(0).lt(1),
    epsilon: z.number().positive(),
    weightDecay: amount,
    clipNorm: amount,
  }),
};

const views = z.strictObject({
  channels,
  pixelSize: count,
  tokenSize: count,
  colorJitter: z.strictObject({ brightness: amount, contrast: amount, saturation: amount }),
  flip: share,
  scale: interval,
  ratio: interval,
  mean: perChannel,
  std: perChannel,
  tokenRange: z.enum(["mapPixels", "normalized", "unit"]),
});

const dvae = {
  imageSize: count,
  channels,
  vocabSize: count,
  codebookWidth: count,
  hidden: count,
  reconstruction: z.enum(["mse", "smooth-l1", "logit-laplace"]),
  pixelRange: z.enum(["mapped", "normalized", "unit"]),
};

const strided = {
  ...dvae,
  architecture: z.literal("strided"),
  layers: count,
  blocksPerStage: whole,
  middleBlocks: whole,
};

const tokenizerModel = z.discriminatedUnion("architecture", [
  z.strictObject({ ...dvae, architecture: z.literal("dall-e"), groups: count, blocksPerGroup: count }),
  z.strictObject(strided),
]);

const { vocabSize: _, ...withoutCodebook } = strided;
const gaussianModel = z.strictObject({ ...withoutCodebook, reconstruction: z.enum(["mse", "smooth-l1"]) });

const beitModel = z.strictObject({
  imageSize: count,
  channels,
  patchSize: count,
  width: count,
  depth: count,
  heads: count,
  mlpRatio: z.number().positive(),
  absolutePositions: z.boolean(),
  relativePositions: z.enum(["none", "shared", "per-layer"]),
  layerScale: amount,
  dropPath: z.number().min(0).lt(1),
  epsilon: z.number().positive(),
  vocabSize: whole,
  classes: whole,
  pooling: z.enum(["mean", "class"]),
});

const block = {
  kind: z.literal("blockwise"),
  minBlock: z.number().positive().exactOptional(),
  minAspect: z.number().positive().exactOptional(),
  maxAspect: z.number().positive().exactOptional(),
};
const countedBlocks = {
  ...block,
  count,
  maxBlock: z.number().positive().exactOptional(),
};

const mask = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("uniform"), count }),
  z.discriminatedUnion("variant", [
    z.strictObject({ ...block, variant: z.literal("paper"), ratio: z.number().gt(0).lt(1).exactOptional() }),
    z.strictObject({ ...countedBlocks, variant: z.enum(["official", "exact"]).exactOptional() }),
  ]),
]);

const trainCrop = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("resized"), scale: interval, ratio: interval }),
  z.strictObject({ kind: z.literal("padded"), padding: whole }),
]);

const fit = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("direct") }),
  z.strictObject({
    kind: z.enum(["centerCrop", "squareCrop"]),
    cropRatio: z.number().gt(0).max(1),
    margins: z.enum(["even", "down"]).optional(),
  }),
]);

const tokenizer: z.ZodType<TokenizerRecipe> = z.strictObject({
  ...common,
  stage: z.literal("tokenizer"),
  model: tokenizerModel,
  views,
  temperature: z.strictObject({ start: z.number().positive(), end: z.number().positive(), steps: whole }),
  klWeight: signedAnnealing,
  balanceWeight: amount,
  hard: z.boolean(),
});

const gaussian: z.ZodType<GaussianRecipe> = z.strictObject({
  ...common,
  stage: z.literal("gaussian"),
  model: gaussianModel,
  views,
  klWeight: annealing,
});

const pretrain: z.ZodType<PretrainRecipe> = z.strictObject({
  ...common,
  stage: z.literal("pretrain"),
  model: beitModel,
  initStd: z.number().positive(),
  views,
  mask,
});

const fineTune: z.ZodType<FineTuneRecipe> = z.strictObject({
  ...common,
  stage: z.literal("fine-tune"),
  model: beitModel,
  initStd: z.number().positive(),
  view: z.strictObject({ channels, size: count, crop: trainCrop, flip: share, filter, normalization }),
  evalView: z.strictObject({ channels, size: count, fit, filter, normalization }),
  labelSmoothing: z.number().min(0).lt(1),
  layerDecay: z.number().gt(0).max(1),
});

/** One strict schema a stage. */
export const recipeSchemas = { tokenizer, gaussian, pretrain, "fine-tune": fineTune } as const;

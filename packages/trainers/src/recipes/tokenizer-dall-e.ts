// The tokenizer of DALL-E at BEiT's size, 112 x 112 to 14 x 14 tokens of 8192. (DALL-E paper, appendix A.2)
//   beit train-tokenizer --recipe tokenizer-dall-e --data DIR
// A GPU recipe: 52 GFLOP an image forward; the paper made 3,000,000 updates of 512 images. Expect a mean absolute error
// of about 0.086 on pixels in [-1, 1] (BEiT, Table 8).
import { dvaeVariants } from "@beitjs/dvae-tokenizer";
import { paperViews } from "../data/views.ts";
import type { TokenizerRecipe } from "./recipe.ts";

export const tokenizerDallE: TokenizerRecipe = {
  stage: "tokenizer",
  seed: 0,
  model: dvaeVariants["dall-e"],
  views: { ...paperViews, colorJitter: { brightness: 0, contrast: 0, saturation: 0 }, scale: [0.5, 1] },
  epochs: 1200,
  batchSize: 512,
  microBatches: 64,
  learningRate: { peak: 1e-4, minimum: 1.25e-6, warmup: { steps: 0 } },
  adamW: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 1e-4, clipNorm: 0 },
  // 150,000 and 5,000 of the paper's updates.
  temperature: { start: 1, end: 1 / 16, over: { share: 0.05 } },
  // The paper's beta of 6.6, at 192 sub-pixels a token.
  klWeight: { start: 0, end: 6.6 / 192, over: { share: 1 / 600 } },
  balanceWeight: 0,
  hard: false,
};

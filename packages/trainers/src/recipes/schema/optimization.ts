// What every stage has: seed, length, batches, rates, optimizer.
import * as v from "valibot";
import { fields } from "./fields.ts";
import { amount, count, positive, shareBelowOne, truth, whole } from "./values.ts";

export const warmupCosine = fields({
  peak: amount,
  minimum: amount,
  /** Steps of linear warm-up; its last step reaches the peak. */
  warmupSteps: whole,
});

export const adamW = fields({
  beta1: shareBelowOne,
  beta2: shareBelowOne,
  epsilon: positive,
  weightDecay: amount,
  /** Largest global L2 norm of the gradient; larger ones are scaled down. 0: no clipping. */
  clipNorm: amount,
});

export const ema = fields({
  /** What the average keeps of itself in an update. (timm: 0.9998) */
  decay: shareBelowOne,
  /** Starts with less and comes to `decay` as 1 - n^(-2/3), n the number of the update; short runs need it. */
  warmup: truth,
});

export const common = {
  seed: whole,
  /** Passes over the data. */
  epochs: count,
  /** Images per optimizer step. */
  batchSize: count,
  /** Pieces a batch is computed in; their gradients add up to the whole batch's. */
  microBatches: count,
  learningRate: warmupCosine,
  adamW,
  /** Keeps an exponential moving average of the weights, too; it is what the model is used with. */
  ema: v.optional(ema),
};

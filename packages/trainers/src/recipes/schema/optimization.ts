// What every stage has: seed, length, batches, rates, optimizer.
import * as v from "valibot";
import { fields, oneOf } from "./fields.ts";
import { amount, count, length, positive, runCount, shareBelowOne, truth, whole } from "./values.ts";

export const learningRate = fields({
  peak: amount,
  minimum: amount,
  /** Linear warm-up; its last step reaches the peak. */
  warmup: length,
  /**
   * Makes `peak` the rate for a batch of `baseSize` images; the run's is larger or smaller in proportion to its batch
   * (linear), or to the square root (timm's lr_base_size and lr_base_scale). Without it the peak is the run's.
   */
  batchScaling: v.exactOptional(fields({ rule: oneOf("linear", "sqrt"), baseSize: count })),
});

export const adamW = fields({
  beta1: shareBelowOne,
  beta2: shareBelowOne,
  epsilon: positive,
  weightDecay: amount,
  /** Where the decay ends, by half a cosine over the whole run (unilm's weight_decay_end); constant without it. */
  weightDecayEnd: v.exactOptional(amount),
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
  epochs: runCount,
  /** Images per optimizer step. */
  batchSize: runCount,
  /** Pieces a batch is computed in; their gradients add up to the whole batch's. */
  microBatches: count,
  learningRate,
  adamW,
  /** Keeps an exponential moving average of the weights, too; it is what the model is used with. */
  ema: v.exactOptional(ema),
};

// The micro model's training step on our side: encoder, loss, gradients, clip and AdamW, with the packages as they are.
import {
  encode,
  gridOf,
  initBeit,
  visualTokenLoss,
  weightDecayRules,
  type BeitParams,
  type PatchMask,
} from "@beitjs/beit-encoder";
import { blockwiseMask } from "@beitjs/masking";
import { leaves, sizeOf, tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { imageShape } from "@beitjs/tensor-core/grid";
import { createRng, streams } from "@beitjs/tensor-core/random";
import { initTrainingState, matchRules, update } from "@beitjs/trainers";
import type { TrainSettings } from "./settings.ts";

/** What a step is made with. `targets` are those of the masked patches. */
export type StepBatch = { readonly masks: readonly PatchMask[]; readonly pixels: Tensor; readonly targets: Tensor };

/** A step on `backend`, to be called again and again with the same batch; gives the loss before the update. */
export function createStep(settings: TrainSettings, backend: Backend): () => Promise<number> {
  const train = createTraining(settings, backend);
  const batch = makeBatch(settings, backend);
  return () => train(batch);
}

type TrainingSettings = Pick<TrainSettings, "model" | "seed" | "learningRate" | "adamW">;

/** A fresh model on `backend`, and what trains it with a batch and gives the loss before the update. */
export function createTraining(settings: TrainingSettings, backend: Backend): (batch: StepBatch) => Promise<number> {
  const { model, seed, learningRate, adamW } = settings;
  const { config, params } = initBeit(model, createRng({ seed, stream: streams.parameters }), backend);
  const state = initTrainingState(params);
  const paths = leaves(params).map(([path]) => path);
  const rates = {
    learningRate,
    adamW,
    rateScales: paths.map(() => 1),
    decayScales: matchRules(paths, weightDecayRules),
  };
  return async ({ pixels, targets, masks }) => {
    const objective = (tracked: BeitParams) => {
      const beit = { config, params: tracked };
      const rng = createRng({ seed, stream: streams.dropPath, index: state.step });
      const { loss } = visualTokenLoss(beit, encode(beit, pixels, { mask: masks, rng }), { mask: masks, targets });
      return { loss };
    };
    return (await update(state, [{ share: 1, objective }], rates)).loss;
  };
}

function makeBatch({ model, seed, batch, masked }: TrainSettings, backend: Backend): StepBatch {
  const { vocabSize } = model;
  const shape = imageShape(batch, model);
  const rng = createRng({ seed, stream: streams.user });
  const masks = Array.from({ length: batch }, (_, index) =>
    blockwiseMask(
      gridOf(model),
      { variant: "exact", count: masked, minBlock: 4 },
      createRng({ seed, stream: streams.mask, index }),
    ),
  );
  const pixels = Float32Array.from({ length: sizeOf(shape) }, () => rng.normal());
  const targets = Int32Array.from({ length: batch * masked }, () => rng.integer(vocabSize));
  return {
    masks,
    pixels: tensor(pixels, shape, backend),
    targets: tensor(targets, [targets.length], backend, "int32"),
  };
}

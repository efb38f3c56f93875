// The micro model's training step on our side: encoder, loss, gradients, clip and AdamW, with the packages as they are.
import { encode, gridSide, initBeit, visualTokenLogits, weightDecayRules, type BeitParams } from "@beitjs/beit-encoder";
import { blockwiseMask } from "@beitjs/masking";
import { leaves, tensor, type Backend } from "@beitjs/tensor-core";
import { crossEntropy } from "@beitjs/tensor-core/ops";
import { createRng, streams } from "@beitjs/tensor-core/random";
import { initTrainingState, matchRules, update } from "@beitjs/trainers";
import type { TrainSettings } from "./settings.ts";

/** A step on `backend`, to be called again and again; gives the loss before the update. */
export function createStep(settings: TrainSettings, backend: Backend): () => Promise<number> {
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
  const { pixels, targets, masks } = makeBatch(settings, backend);
  return async () => {
    const objective = (tracked: BeitParams) => {
      const beit = { config, params: tracked };
      const rng = createRng({ seed, stream: streams.dropPath, index: state.step });
      const logits = visualTokenLogits(beit, encode(beit, pixels, { mask: masks, rng }), masks); // [masked, V]
      return { loss: crossEntropy(logits, targets) };
    };
    return (await update(state, [{ share: 1, objective }], rates)).loss;
  };
}

function makeBatch({ model, seed, batch, masked }: TrainSettings, backend: Backend) {
  const { imageSize, channels, vocabSize } = model;
  const side = gridSide(model);
  const rng = createRng({ seed, stream: streams.user });
  const masks = Array.from({ length: batch }, (_, index) =>
    blockwiseMask(
      { rows: side, cols: side },
      { variant: "exact", count: masked, minBlock: 4 },
      createRng({ seed, stream: streams.mask, index }),
    ),
  );
  const pixels = Float32Array.from({ length: batch * imageSize * imageSize * channels }, () => rng.normal());
  const targets = Int32Array.from({ length: batch * masked }, () => rng.integer(vocabSize));
  return {
    masks,
    pixels: tensor(pixels, [batch, imageSize, imageSize, channels], backend),
    targets: tensor(targets, [targets.length], backend, "int32"),
  };
}

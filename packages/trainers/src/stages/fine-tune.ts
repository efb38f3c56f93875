// Stage 3: supervised training of the whole network on labeled images, from a pre-trained encoder or from scratch.
// (BEiT §2.6; layer decay after ELECTRA: lower blocks move less)
import { disposeTree, tensor, type Backend } from "@beitjs/tensor-core";
import { argmax, crossEntropy } from "@beitjs/tensor-core/ops";
import { createRng, streams } from "@beitjs/tensor-core/random";
import {
  classLogits,
  encode,
  initBeitClassifier,
  layerDecayRules,
  toClassifier,
  weightDecayRules,
  type Beit,
  type BeitParams,
} from "@beitjs/beit-encoder";
import { requireLabels, trainView, viewRng, type Prepare } from "../data/index.ts";
import type { FineTuneRecipe } from "../recipes/recipe.ts";
import {
  microBatchesOf,
  runBatches,
  startState,
  stepReport,
  totalSteps,
  updateRules,
  type RunOptions,
  type StepReport,
} from "../run.ts";
import { update } from "../update.ts";
import { viewBatch } from "../view-batch.ts";

export type FineTuneReport = StepReport<BeitParams> & {
  /** Share of the batch classified rightly, in training (with augmentation and drop path). */
  readonly accuracy: number;
  readonly beit: Beit;
};

type View = { readonly pixels: Float32Array; readonly label: number };

/**
 * Fine-tunes a classifier; yields a report after every update.
 *
 * @param options.from a pre-trained encoder, copied; without one the network starts from scratch
 * @throws if the images have no labels; NonFiniteError as `update`
 */
export async function* fineTune(
  options: RunOptions & { readonly recipe: FineTuneRecipe; readonly from?: Beit },
): AsyncGenerator<FineTuneReport, void, void> {
  const { recipe, images, backend, resume, from, recompute } = options;
  const { seed, batchSize, microBatches } = recipe;
  const classes = requireLabels(images).length;
  const steps = totalSteps(recipe, images);
  const { config, params } = await startClassifier(recipe, classes, from, backend);
  const state = startState(params, recipe, resume);
  const rate = recipe.layerDecay < 1 ? layerDecayRules(config, recipe.layerDecay) : undefined;
  const rates = updateRules(params, recipe, steps, { decay: weightDecayRules, ...(rate && { rate }) });

  const prepare: Prepare<View> = ({ image, label }, at) => ({
    pixels: trainView(image, recipe.view, viewRng({ seed, ...at })),
    label: label as number,
  });
  for await (const { epoch, items } of runBatches(recipe, options, state, prepare)) {
    const { step } = state;
    const pieces = microBatchesOf(items, microBatches).map((piece) => ({
      pixels: viewBatch(
        piece.map(({ pixels }) => pixels),
        config,
        backend,
      ),
      targets: tensor(
        piece.map(({ label }) => label),
        [piece.length],
        backend,
        "int32",
      ),
    }));
    const report = await update(
      state,
      pieces.map(({ pixels, targets }, micro) => ({
        share: 1 / microBatches,
        objective: (tracked: BeitParams) => {
          const beit = { config, params: tracked };
          const rng = createRng({ seed, stream: streams.dropPath, epoch: micro, index: step });
          const logits = classLogits(beit, encode(beit, pixels, { rng, recompute })); // [B, classes]
          return {
            loss: crossEntropy(logits, targets, { labelSmoothing: recipe.labelSmoothing }),
            predictions: argmax(logits),
          };
        },
      })),
      rates(step),
    ).finally(() => disposeTree(pieces));
    yield {
      ...stepReport(state, { totalSteps: steps, epoch, learningRate: rates(step).learningRate }, report),
      accuracy: report.arrays["predictions"].filter((label, i) => label === items[i].label).length / batchSize,
      beit: { config, params },
    };
  }
}

// The same network either way: relative positions of one table per layer, no visual-token head.
async function startClassifier(
  recipe: FineTuneRecipe,
  classes: number,
  from: Beit | undefined,
  backend: Backend,
): Promise<Beit> {
  const rng = createRng({ seed: recipe.seed, stream: streams.parameters });
  const { dropPath, pooling, relativePositions } = recipe.model;
  if (from) return toClassifier(from, { classes, dropPath, pooling, backend }, rng);
  const perLayer = relativePositions === "shared" ? "per-layer" : relativePositions;
  return initBeitClassifier({ ...recipe.model, relativePositions: perLayer, vocabSize: 0, classes }, rng, backend, {
    std: recipe.initStd,
  });
}

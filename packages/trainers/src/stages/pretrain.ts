// Stage 2: masked image modeling. A frozen tokenizer names the visual tokens of the clean token view; the encoder sees
// the pixel view with about 40 % of its patches replaced by the mask token, and predicts the tokens it cannot see.
// (BEiT §2.3-2.5; loss and accuracy over masked patches only, averaged over the whole batch)
import { disposeTree, tensor, type Tensor } from "@beitjs/tensor-core";
import { createRng, streams } from "@beitjs/tensor-core/random";
import {
  encode,
  gridSide,
  initBeit,
  visualTokenLoss,
  weightDecayRules,
  type Beit,
  type BeitParams,
} from "@beitjs/beit-encoder";
import { gridSide as tokenGridSide, type TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import type { Mask } from "@beitjs/masking";
import { preparedAhead } from "../data/ahead.ts";
import { twoViews, viewRng, type Batch, type Prepare } from "../data/index.ts";
import { tokensOf } from "../evaluate/evaluate.ts";
import { createMaskDrawer, maskedTargets } from "../masks.ts";
import type { PretrainRecipe } from "../recipes/recipe.ts";
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

export type PretrainReport = StepReport<BeitParams> & {
  /** Share of masked patches whose most likely token is the right one. */
  readonly accuracy: number;
  readonly maskedPatches: number;
  readonly beit: Beit;
};

type View = {
  readonly pixelView: Float32Array;
  readonly tokenView: Float32Array;
  readonly at: { readonly epoch: number; readonly index: number };
};

/** A micro-batch on the device. */
type Piece = {
  readonly masks: readonly Mask[];
  readonly pixels: Tensor;
  readonly targets: Tensor;
  /** What `targets` holds: visual tokens of the masked patches. */
  readonly expected: Int32Array;
};

type Step = { readonly epoch: number; readonly masked: number; readonly pieces: readonly Piece[] };

/**
 * Pre-trains a BEiT; yields a report after every update. The tokenizer may live on another backend than the encoder.
 *
 * @throws if tokenizer and encoder disagree on grid, codebook or channels; NonFiniteError as `update`
 */
export async function* pretrain(
  options: RunOptions & { readonly recipe: PretrainRecipe; readonly tokenizer: TokenizerEncoder },
): AsyncGenerator<PretrainReport, void, void> {
  const { recipe, tokenizer, images, backend, resume, recompute } = options;
  const { seed, microBatches, views } = recipe;
  checkMatch(recipe, tokenizer);
  const steps = totalSteps(recipe, images);
  const { config, params } = initBeit(recipe.model, createRng({ seed, stream: streams.parameters }), backend, {
    std: recipe.initStd,
  });
  const state = startState(params, recipe, resume);
  const rates = updateRules(params, recipe, steps, { decay: weightDecayRules });
  const grid = { rows: gridSide(config), cols: gridSide(config) };
  const drawMasks = await createMaskDrawer();

  const prepare: Prepare<View> = ({ image }, at) => ({
    ...twoViews(image, { ...views, tokenRange: "unit" }, viewRng({ seed, ...at })),
    at,
  });
  const makePiece = async (views: readonly View[]): Promise<Piece> => {
    const addresses = views.map(({ at }) => ({ seed, ...at }));
    const masks = drawMasks(grid, recipe.mask, addresses);
    const tokens = await tokensOf(
      tokenizer,
      views.map(({ tokenView }) => tokenView),
    );
    const expected = maskedTargets(tokens, masks);
    const pixelViews = views.map(({ pixelView }) => pixelView);
    const targets = tensor(expected, [expected.length], backend, "int32");
    return { masks, pixels: viewBatch(pixelViews, config, backend), targets, expected };
  };
  // The tokens of the next batch are made while the device computes the step.
  const makeStep = async ({ epoch, items }: Batch<View>): Promise<Step> => {
    const pieces = await Promise.all(microBatchesOf(items, microBatches).map(makePiece));
    return { epoch, masked: pieces.reduce((sum, { expected }) => sum + expected.length, 0), pieces };
  };
  const discard = ({ pieces }: Step): void => disposeTree(pieces);
  const source = runBatches(recipe, options, state, prepare);
  for await (const { epoch, masked, pieces } of preparedAhead(source, makeStep, discard)) {
    const { step } = state;
    const report = await update(
      state,
      pieces.map(({ masks, pixels, targets, expected }, micro) => ({
        share: expected.length / masked,
        objective: (tracked: BeitParams) => {
          const beit = { config, params: tracked };
          const rng = createRng({ seed, stream: streams.dropPath, epoch: micro, index: step });
          const encoded = encode(beit, pixels, { mask: masks, rng, recompute });
          return visualTokenLoss(beit, encoded, { mask: masks, targets });
        },
      })),
      rates(step),
    ).finally(() => disposeTree(pieces));
    const expected = pieces.flatMap((piece) => Array.from(piece.expected));
    yield {
      ...stepReport(state, { totalSteps: steps, epoch, learningRate: rates(step).learningRate }, report),
      accuracy: report.arrays["predictions"].filter((id, i) => id === expected[i]).length / masked,
      maskedPatches: masked,
      beit: { config, params },
    };
  }
}

/** @throws if the tokens of the tokenizer are not what the encoder is to predict */
export function checkMatch({ model, views }: PretrainRecipe, { config }: TokenizerEncoder): void {
  const pairs: readonly [what: string, ofEncoder: number, ofTokenizer: number][] = [
    ["patch grid and token grid of one side", gridSide(model), tokenGridSide(config)],
    ["vocabSize of the codebook's", model.vocabSize, config.vocabSize],
    ["views.pixelSize of the model's imageSize", views.pixelSize, model.imageSize],
    ["views.tokenSize of the tokenizer's imageSize", views.tokenSize, config.imageSize],
    ["views.channels of the model's", views.channels, model.channels],
    ["channels of the tokenizer's", model.channels, config.channels],
  ];
  for (const [what, left, right] of pairs) {
    if (left !== right) throw new Error(`[pretrain] expected ${what}, got ${left} and ${right}`);
  }
}

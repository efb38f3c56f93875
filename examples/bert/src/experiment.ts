// The article's figures 7 and 8 in small: one encoder pre-trained on texts without labels, then fine-tuned on a few labeled passages
// beside the same encoder from scratch.
import { disposeTree, type Backend } from "@beitjs/tensor-core";
import { createRng, permutation, streams, type Rng } from "@beitjs/tensor-core/random";
import { corpusOf, drawPretraining, type Labeled } from "./batches.ts";
import { charactersOf, type Characters } from "./characters.ts";
import { initBert, type BertConfig, type BertParams } from "./model.ts";
import {
  accuracy,
  classLoss,
  initClassHead,
  initPretraining,
  objectives,
  pretrainingLoss,
  type ObjectiveName,
} from "./objectives.ts";
import { passages, type Text } from "./texts.ts";
import { train, type TrainOptions } from "./training.ts";

export type Settings = {
  readonly seed: number;
  readonly batch: number;
  readonly model: Omit<BertConfig, "vocabSize">;
  readonly pretraining: TrainOptions;
  readonly fineTuning: TrainOptions;
  /** Labeled passages of each text. */
  readonly labels: number;
};

export type Outcome = {
  readonly name: string;
  readonly losses: readonly number[];
  /** On passages of documents that nothing was trained on. */
  readonly accuracy: number;
};

export type Experiment = {
  readonly characters: Characters;
  readonly config: BertConfig;
  readonly settings: Settings;
  readonly texts: readonly Text[];
  readonly few: Labeled;
  readonly test: Labeled;
};

/** What all encoders have in common: characters, the labeled passages and those to test on. */
export function prepare(texts: readonly Text[], settings: Settings): Experiment {
  const characters = charactersOf(texts.flatMap(({ training }) => training));
  const { length } = settings.model;
  const labeled = (of: (text: Text) => readonly string[], most: number, rng?: Rng): Labeled => {
    const drawn = texts.map((text) => {
      const found = passages(of(text), length - 1);
      if (found.length < most) {
        throw new Error(
          `[prepare] expected ${most} passages of ${length - 1} characters in ${text.name}, got ${found.length}`,
        );
      }
      const order = rng ? Array.from(permutation(found.length, rng)) : found.map((_, i) => i);
      return order
        .slice(0, Number.isFinite(most) && most > 0 ? most : undefined)
        .map((i) => characters.encode(found[i]));
    });
    return { passages: drawn.flat(), classes: drawn.flatMap((own, i) => own.map(() => i)) };
  };
  const rng = createRng({ seed: settings.seed, stream: streams.split });
  return {
    characters,
    config: { ...settings.model, vocabSize: characters.vocabSize },
    settings,
    texts,
    few: labeled(({ training }) => training, settings.labels, rng),
    test: labeled(({ testing }) => testing, 0),
  };
}

export type Report = (entry: {
  readonly name: string;
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
}) => void;

/** An encoder that was pre-trained without labels, and its losses of hidden characters. */
export async function pretrainBert(
  { texts, characters, config, settings }: Experiment,
  name: ObjectiveName,
  backend: Backend,
  report: Report,
): Promise<{ readonly bert: BertParams; readonly losses: readonly number[] }> {
  const { seed, batch, pretraining } = settings;
  const objective = objectives[name];
  const params = initPretraining(config, objective, createRng({ seed, stream: streams.parameters }), backend);
  const corpus = corpusOf(
    texts.flatMap(({ training }) => training),
    characters,
    config.length,
  );
  const draw = { batch, length: config.length, masking: objective.masking, pairs: objective.nextSentence };
  const losses: number[] = [];
  const batchOf = (step: number) =>
    drawPretraining(corpus, draw, createRng({ seed, stream: streams.mask, index: step }));
  for await (const { step, hidden } of train(
    params,
    (own, at) => pretrainingLoss(own, config, batchOf(at)),
    pretraining,
  )) {
    losses.push(hidden);
    report({ name, step, steps: pretraining.steps, loss: hidden });
  }
  const { bert, ...heads } = params;
  disposeTree(heads);
  return { bert, losses };
}

/** The same encoder as it was before any training. */
export function freshBert({ config, settings }: Experiment, backend: Backend): BertParams {
  return initBert(config, createRng({ seed: settings.seed, stream: streams.parameters }), backend);
}

/** Fine-tunes all of the encoder, which is used up, on the labeled passages. */
export async function fineTune(
  { config, settings, few, test, texts }: Experiment,
  bert: BertParams,
  name: string,
  report: Report,
): Promise<Outcome> {
  const { seed, batch } = settings;
  const params = initClassHead(bert, texts.length, createRng({ seed, stream: streams.user }));
  const size = Math.min(batch, few.passages.length);
  const batchOf = (step: number): Labeled => {
    const rng = createRng({ seed, stream: streams.shuffle, index: step });
    const chosen = Array.from(permutation(few.passages.length, rng)).slice(0, size);
    return { passages: chosen.map((i) => few.passages[i]), classes: chosen.map((i) => few.classes[i]) };
  };
  const losses: number[] = [];
  for await (const { step, loss } of train(
    params,
    (own, at) => classLoss(own, config, batchOf(at)),
    settings.fineTuning,
  )) {
    losses.push(loss);
    report({ name, step, steps: settings.fineTuning.steps, loss });
  }
  const right = await accuracy(params, config, test);
  disposeTree(params);
  return { name, losses, accuracy: right };
}

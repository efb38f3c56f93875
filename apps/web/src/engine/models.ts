// The models in use, and how weights become models: files are told apart by what is in them.
import {
  evalViewFields,
  gridOf,
  hasBeitNames,
  namedNormalization,
  normalizationName,
  openBeit,
  parameterCount,
  prepareBeit,
  type Beit,
  type NormalizationFacts,
  type Preprocessing,
} from "@beitjs/beit-encoder";
import {
  hasTokenizerNames,
  openTokenizer,
  prepareTokenizer,
  tokenGridOf,
  type Tokenizer,
} from "@beitjs/dvae-tokenizer";
import { disposeTree, valueCount, type Backend } from "@beitjs/tensor-core";
import { openTensors, type FileSource } from "@beitjs/tensor-core/files";
import { sameGrid } from "@beitjs/tensor-core/grid";
import { isColor, type Normalization } from "@beitjs/tensor-core/image";
import type { EvalViewOptions } from "@beitjs/trainers";
import type { EncoderFacts, ModelFacts, Models, NormalizationChoice } from "../messages.ts";

export type LoadedTokenizer = { readonly name: string; readonly tokenizer: Tokenizer };
export type EncoderView = EvalViewOptions & { readonly normalization: Exclude<Normalization, string> };
export type LoadedEncoder = {
  readonly name: string;
  readonly beit: Beit;
  readonly view: EncoderView;
  /** What its files say of the preparation of images, or are recognized by. */
  readonly own: { readonly preprocessing: Preprocessing; readonly normalization: NormalizationFacts };
  readonly chosen: NormalizationChoice;
};
export type Loaded = { readonly tokenizer: LoadedTokenizer; readonly encoder: LoadedEncoder };

export type OpenedWeights = (
  | { readonly kind: "tokenizer"; readonly model: LoadedTokenizer }
  | { readonly kind: "encoder"; readonly model: LoadedEncoder }
) & {
  readonly notes: readonly string[];
};

/**
 * A tokenizer or an encoder from files of weights, with a `config.json` among them where there is one.
 *
 * @throws if they are neither, naming what is there; what `openTokenizer` and `openBeit` throw
 */
export async function openWeights(
  files: readonly FileSource[],
  backend: Backend,
  onProgress: (done: number, total: number) => void,
): Promise<OpenedWeights> {
  const names: string[] = [];
  for (const source of files) {
    if (!source.name.endsWith(".json")) names.push(...(await openTensors(source)).tensors.keys());
  }
  const called = files.map(({ name }) => name.split("/").at(-1)).join(", ");
  if (hasBeitNames(names)) {
    const { beit, origin, preprocessing, normalization, unused, guessed, weights } = await openBeit(files, backend, {
      onProgress,
    });
    refuseBands(beit.config, () => disposeTree(beit.params));
    prepareBeit(beit);
    const own = { preprocessing, normalization };
    const view = wholeView(preprocessing);
    const model = { name: `${called} (${origin})`, beit, view, own, chosen: "auto" } as const;
    const notes = [
      ...(normalization.reason === "files" ? [] : [`Images are scaled by ${normalizationOf(model)}`]),
      ...unusedNote(unused),
      ...(weights === "average" ? ["Averaged weights were taken; those of the last step are there, too"] : []),
      ...(weights === "raw" ? ["The weights of the last step were taken; averaged ones are there, too"] : []),
      ...(guessed.includes("heads")
        ? [`${beit.config.heads} heads are a guess from the width: the files do not say`]
        : []),
    ];
    return { kind: "encoder", model, notes };
  }
  if (hasTokenizerNames(names)) {
    const { tokenizer, origin, unused } = await openTokenizer(files, backend, { onProgress });
    refuseBands(tokenizer.config, () => disposeTree(tokenizer.params));
    prepareTokenizer(tokenizer);
    return { kind: "tokenizer", model: { name: `${called} (${origin})`, tokenizer }, notes: unusedNote(unused) };
  }
  const got = names.slice(0, 3).join(", ") || "no weights";
  throw new Error(`[useWeights] expected a tokenizer or a BEiT, got ${called} with ${got}`);
}

export function factsOf({ tokenizer, encoder }: Loaded): Models {
  const [left, right] = [tokenizerFacts(tokenizer), encoderFacts(encoder)];
  return { tokenizer: left, encoder: right, mismatch: mismatchOf(left, right) };
}

export function release({ kind, model }: Pick<OpenedWeights, "kind" | "model">): void {
  disposeTree(
    kind === "tokenizer" ? (model as LoadedTokenizer).tokenizer.params : (model as LoadedEncoder).beit.params,
  );
}

// Browsers decode to colors of 8 bits.
function refuseBands(config: { readonly channels: number }, dispose: () => void): void {
  if (isColor(config)) return;
  dispose();
  throw new Error(`[useWeights] expected a model of gray or color images, got one of ${config.channels} channels`);
}

// The page works on the middle of the image, so the whole of that is resized, whatever the model's own crop would be.
function wholeView(preprocessing: Preprocessing): EncoderView {
  const { channels, size, filter, normalization } = evalViewFields(preprocessing);
  return { channels, size, filter, normalization, fit: { kind: "direct" } };
}

/** The encoder with its own mean and std, or with those of a name. */
export function withNormalization(encoder: LoadedEncoder, chosen: NormalizationChoice): LoadedEncoder {
  const { view, own } = encoder;
  const { mean, std } = chosen === "auto" ? own.preprocessing : namedNormalization(chosen, view.channels);
  return { ...encoder, chosen, view: { ...view, normalization: { mean, std } } };
}

function normalizationOf({ view: { normalization }, own, chosen }: LoadedEncoder): string {
  const name = normalizationName(normalization);
  const { mean, std } = normalization;
  const statistics =
    name === "imagenet"
      ? "ImageNet's mean and std"
      : name === "half"
        ? "a mean and std of 0.5"
        : `mean ${mean.join(", ")} and std ${std.join(", ")}`;
  const reasons = {
    files: "the files say so",
    option: "as chosen",
    recognized: name === "imagenet" ? "this is BEiT v2" : "this is a model of ImageNet-22k",
    convention: "a guess: the files do not say",
  };
  return `${statistics} (${reasons[chosen === "auto" ? own.normalization.reason : "option"]})`;
}

function unusedNote(unused: readonly string[]): string[] {
  return unused.length === 0
    ? []
    : [`${unused.length} tensors of the files are not used: ${unused.slice(0, 5).join(", ")}`];
}

function tokenizerFacts({ name, tokenizer: { config, params } }: LoadedTokenizer): ModelFacts {
  const parameters = valueCount(params);
  return { name, parameters, imageSize: config.imageSize, grid: tokenGridOf(config), vocabSize: config.vocabSize };
}

function encoderFacts(encoder: LoadedEncoder): EncoderFacts {
  const { name, beit, own, chosen, view } = encoder;
  const { imageSize, vocabSize, depth, heads } = beit.config;
  // Of gray images there is one only.
  const open = own.normalization.reason !== "files" && view.channels === 3;
  return {
    ...{ name, parameters: parameterCount(beit.config), imageSize, grid: gridOf(beit.config), vocabSize, depth, heads },
    normalization: normalizationOf(encoder),
    chosen: open ? chosen : undefined,
  };
}

function mismatchOf(tokenizer: ModelFacts, encoder: ModelFacts): string | undefined {
  if (encoder.vocabSize === 0) return "this encoder was fine-tuned and has no head for visual tokens";
  if (encoder.vocabSize !== tokenizer.vocabSize) {
    return `the encoder predicts ${encoder.vocabSize} visual tokens, the tokenizer has ${tokenizer.vocabSize}`;
  }
  if (sameGrid(encoder.grid, tokenizer.grid)) return undefined;
  const text = ({ grid: { rows, cols } }: ModelFacts) => `${rows} x ${cols}`;
  return `the encoder's grid is ${text(encoder)}, the tokenizer's ${text(tokenizer)}`;
}

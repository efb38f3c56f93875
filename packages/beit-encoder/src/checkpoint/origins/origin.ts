// What there is to say of whoever's code wrote a checkpoint. Each origin says it in one module of this folder; what files do
// not say is a convention of their origin, and nothing else in the code asks where a model came from.
import type { Shape } from "@beitjs/tensor-core";
import type { LazyTensor } from "@beitjs/tensor-core/files";
import type { ImageSize } from "@beitjs/tensor-core/grid";
import type { BeitConfig } from "../../config.ts";
import type { ResizingOptions } from "../../values.ts";
import type { Contents } from "../files.ts";
import type { KnownNormalization } from "../normalization.ts";
import type { Preprocessing } from "../preprocessing.ts";
import type { StoredTensor } from "../stored.ts";

export type Origin = {
  readonly name: string;
  /** For people. */
  readonly title: string;
  readonly conventions: Conventions;
  /** What its files call the parameters. */
  readonly naming: Naming;
  /** Whether files with a model of its naming are its own; asked in the order of the list, the first one takes them. */
  recognizes(contents: Contents, tensors: ModelTensors): boolean;
  /**
   * What the files say, before any parameter is read.
   *
   * @throws `[openBeit] expected …, got …`
   */
  describe(contents: Contents, tensors: ModelTensors, given: Given): Description;
};

/** A running mean of the weights of training, or the weights as its last step left them. */
export type WeightsChoice = "average" | "raw";

/** What an origin does where its files do not say. */
export type Conventions = {
  /** Which ones its own loader takes of a checkpoint that has both. */
  readonly weights: WeightsChoice;
  /** How parameters are brought to another image size. */
  readonly resizing: Required<ResizingOptions>;
  /** How images are prepared for evaluation. */
  preprocessing(config: BeitConfig): Preprocessing;
};

/** The tensors of one model by name, without what stands in front of all of them in the checkpoint's tree. */
export type ModelTensors = ReadonlyMap<string, LazyTensor>;

/** What the caller knows better than the files. */
export type Given = {
  readonly config: Partial<BeitConfig>;
  /** The size that the model will be brought to; where nothing else tells the stored one, it may be this. */
  readonly imageSize?: ImageSize | undefined;
};

export type Description = {
  /** The config of the parameters as they are stored. */
  readonly config: BeitConfig;
  /** Its fields that nothing in the files says. */
  readonly guessed?: readonly (keyof BeitConfig)[] | undefined;
  /** What is known of the mean and std of images, where it is not in `preprocessing` or goes before it. */
  readonly normalization?: KnownNormalization | undefined;
  /** Names of the classes, where the files have them. */
  readonly labels?: readonly string[] | undefined;
  /** Whether an image may have any number of classes, where the files say so. */
  readonly multiLabel?: boolean | undefined;
  /** Where the files have it. */
  readonly preprocessing?: Preprocessing | undefined;
  /** The size that images are prepared for, where the origin itself brings the stored positions to it. */
  readonly imageSize?: ImageSize | undefined;
  /** Where this model's positions are brought to another size in another way than the origin's others. */
  readonly resizing?: ResizingOptions | undefined;
  /** What the parameters are called, where the origin has several ways. */
  readonly naming?: Naming | undefined;
  /** Whether a shared table of relative positions beside those of the layers belongs to the model; default true. */
  readonly bothTables?: boolean | undefined;
  /** Names that this model does without, if they are not there: their values are zeros. */
  readonly optional?: RegExp | undefined;
};

/** What the parameters of a BEiT are called in files, and how they lie there. */
export type Naming = {
  /** The patch embedding is in every checkpoint: what its weight is called tells the naming, and its place in the tree. */
  readonly patchEmbedding: string;
  /** What some of the names may have in front of them and others lack, each in files of its own. */
  readonly bases?: readonly string[];
  /** The name that stands here for another one of the same parameter, both without their base. */
  canonical?(name: string): string;
  /** Names and shapes of all parameters of a config, without a base. */
  shapes(config: BeitConfig): ReadonlyMap<string, Shape>;
  /** All parameters by our path, in our layout, from tensors of exactly these names. */
  toOurs(tensors: ReadonlyMap<string, StoredTensor>, config: BeitConfig): ReadonlyMap<string, StoredTensor>;
  /** Names that belong to BEiT, but not to a model without their head. */
  readonly spare: RegExp;
  /** Names of what is computed anew, or zero by construction. */
  readonly derived?: RegExp | undefined;
  /** Names that some models do without, all of them or none: their values are zeros. */
  readonly optional?: RegExp | undefined;
  /** A name as the original's code writes it, with its base where it has it. */
  inFull?(name: string, config: BeitConfig): string;
};

// The official loader looks under `model`, then `module`, then at the top (run_class_finetuning.py); of averages, timm's looks
// under `state_dict_ema`, then `model_ema` (models/_helpers.py).
const preferred = {
  raw: ["model.", "module.", ""],
  average: ["state_dict_ema.", "state_dict_ema.module.", "model_ema.", "model_ema.module.", "ema."],
};
const averaged = /(^|[._])ema([._]|$)/;

/** What stands in front of the names of a model's raw and of its averaged parameters, where there are any of this naming. */
export function placesOf(
  names: Iterable<string>,
  { patchEmbedding, bases = [] }: Naming,
): { readonly [choice in WeightsChoice]: string | undefined } {
  const found = [...names]
    .filter((name) => name === patchEmbedding || name.endsWith(`.${patchEmbedding}`))
    .map((name) => placeWithoutBase(name.slice(0, -patchEmbedding.length), bases));
  const best = (choice: WeightsChoice) => {
    const order = preferred[choice];
    const rank = (place: string) => (order.includes(place) ? order.indexOf(place) : order.length);
    const candidates = found.filter((place) => averaged.test(place) === (choice === "average"));
    return candidates.sort((a, b) => rank(a) - rank(b) || a.length - b.length)[0] as string | undefined;
  };
  return { raw: best("raw"), average: best("average") };
}

/**
 * The tensors under a place in a checkpoint's tree. What lies beside them (optimizer, scaler, another copy) is left out, and a copy
 * at a place within it.
 */
export function tensorsAt(tensors: ModelTensors, place: string, copy?: string): ModelTensors {
  const inCopy = (name: string) => copy !== undefined && copy.length > place.length && name.startsWith(copy);
  const under = [...tensors].filter(([name]) => name.startsWith(place) && !inCopy(name));
  return new Map(under.map(([name, one]) => [name.slice(place.length), one]));
}

/** A name without the base that it has in front of it, and as the naming has it. */
export function canonicalName(name: string, { bases = [], canonical }: Naming): string {
  const base = bases.find((one) => name.startsWith(one)) ?? "";
  const bare = name.slice(base.length);
  return canonical?.(bare) ?? bare;
}

function placeWithoutBase(place: string, bases: readonly string[]): string {
  const base = bases.find((one) => place === one || place.endsWith(`.${one}`)) ?? "";
  return place.slice(0, place.length - base.length);
}

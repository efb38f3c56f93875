// Where features come from: a model's blocks, and what they are compared with.
import { initBeit, type Beit } from "@beitjs/beit-encoder";
import type { Backend } from "@beitjs/tensor-core";
import { heightWidth, imageSizeOf } from "@beitjs/tensor-core/grid";
import { createRng, streams } from "@beitjs/tensor-core/random";
import {
  blockFeatures,
  pixelFeatures,
  type Dataset,
  type EvalViewOptions,
  type FeatureTable,
  type ProbePooling,
} from "@beitjs/trainers";
import { recipeOf } from "../models/from-checkpoint.ts";
import { openEncoder, type OpenedEncoder, type OpenEncoderOptions } from "../models/open-beit.ts";
import type { Context } from "../program/command.ts";
import { usageError } from "../program/exit-codes.ts";
import type { LayerChoice } from "./flags.ts";

export type FeatureSource = {
  readonly name: "model" | "other" | "pixels" | "random network";
  /** Of every table; null where they are no block's. */
  readonly blocks: readonly (number | null)[];
  /** Blocks of the network that they are of. */
  readonly depth: number;
  readonly facts: Readonly<Record<string, unknown>>;
  /** What the features are of, for what sees images in other views; pixels are of none. */
  readonly encoder?: { readonly beit: Beit; readonly view: EvalViewOptions };
  /** A table for each of `blocks`. `label` is shown while it runs. */
  readonly tables: (images: Dataset, label: string) => Promise<readonly FeatureTable[]>;
};

export type SourceFlags = OpenEncoderOptions & {
  readonly layers: LayerChoice;
  readonly pooling: ProbePooling;
  readonly baselines: boolean;
  readonly other: string | undefined;
  readonly batch: number;
  readonly seed: number;
  /** Most numbers that an image is as pixels, with the sides of `mostPixels` at most. */
  readonly mostNumbers?: number;
};

// Larger ones are more numbers than images to learn from.
const mostPixels = 32;

/** The model's features, then those that it is compared with. */
export async function featureSources(
  opened: OpenedEncoder,
  flags: SourceFlags,
  backend: Backend,
  context: Context,
): Promise<readonly FeatureSource[]> {
  const { beit, view } = opened;
  const of = (name: FeatureSource["name"], one: Beit, seen: EvalViewOptions, facts: FeatureSource["facts"] = {}) =>
    encoderSource({ name, facts, beit: one, view: seen }, flags, context);
  const sources = [of("model", beit, view, factsOf(opened))];
  if (flags.other !== undefined) {
    const other = await openEncoder(flags.other, backend, flags, context);
    if (other.view.channels !== view.channels) {
      const [theirs, ours] = [other, opened].map((one) => one.view.channels);
      throw usageError(`--other ${flags.other}: expected a model of images of ${ours} channels, got ${theirs}`);
    }
    sources.push(of("other", other.beit, other.view, factsOf(other)));
  }
  if (!flags.baselines) return sources;
  const rng = createRng({ seed: flags.seed, stream: streams.parameters });
  return [
    ...sources,
    of("random network", initBeit(beit.config, rng, backend, stdOf(opened)), view),
    pixelSource(view, flags, context),
  ];
}

// As its training would have begun, where that is known.
function stdOf({ checkpoint }: OpenedEncoder): { readonly std?: number } {
  const recipe = checkpoint && recipeOf(checkpoint);
  return recipe && "initStd" in recipe ? { std: recipe.initStd } : {};
}

function factsOf({ path, origin, sha256 }: OpenedEncoder): FeatureSource["facts"] {
  return { model: path, origin, sha256 };
}

type Encoder = Pick<FeatureSource, "name" | "facts"> & { readonly beit: Beit; readonly view: EvalViewOptions };

function encoderSource({ name, facts, beit, view }: Encoder, flags: SourceFlags, context: Context): FeatureSource {
  const { depth } = beit.config;
  const blocks = blocksOf(flags.layers, depth);
  const { pooling, batch: batchSize } = flags;
  return {
    ...{ name, depth, facts, blocks },
    encoder: { beit, view },
    tables: (images, label) =>
      shown(label, images, context, (onImages) =>
        blockFeatures(beit, images, { view, blocks, pooling, batchSize, onImages }),
      ),
  };
}

function pixelSource(
  view: EvalViewOptions,
  { batch: batchSize, mostNumbers = Infinity }: SourceFlags,
  context: Context,
): FeatureSource {
  const { height, width } = heightWidth(view.size);
  const within = Math.sqrt(mostNumbers / (height * width * view.channels));
  const scale = Math.min(1, mostPixels / Math.max(height, width), within);
  const scaled = (side: number) => Math.max(1, Math.round(scale * side));
  const size = imageSizeOf({ height: scaled(height), width: scaled(width) });
  return {
    ...{ name: "pixels", blocks: [null], depth: 0, facts: { imageSize: size } },
    tables: async (images, label) => [
      await shown(label, images, context, (onImages) =>
        pixelFeatures(images, { view: { ...view, size }, batchSize, onImages }),
      ),
    ],
  };
}

async function shown<Value>(
  label: string,
  images: Dataset,
  { terminal }: Context,
  work: (onImages: (done: number) => void) => Promise<Value>,
): Promise<Value> {
  const progress = terminal.progress({ label, total: images.length, unit: "images" });
  return work((done) => progress.update(done, "")).finally(() => progress.stop());
}

/** The block at three quarters of a depth: where BEiT's base model is best, the 9th of 12. (BEiT paper, appendix D) */
export function middleBlock(depth: number): number {
  return Math.max(0, Math.round(0.75 * depth) - 1);
}

function blocksOf(layers: LayerChoice, depth: number): readonly number[] {
  if (layers === "all") return Array.from({ length: depth }, (_, block) => block);
  if (layers === "middle") return [middleBlock(depth)];
  if (layers === "last") return [depth - 1];
  const beyond = layers.find((block) => block >= depth);
  if (beyond !== undefined) throw usageError(`--layers ${beyond}: expected 0 to ${depth - 1}`);
  return [...new Set(layers)].sort((a, b) => a - b);
}

// A BEiT to use, wherever it comes from: our own runs and checkpoints, or the files of the originals.
import {
  beitOrigins,
  checkImageSize,
  evalViewFields,
  openBeit,
  type ResizingOptions,
  type Beit,
  type BeitConfig,
  type OpenBeitOptions,
  type BeitOrigin,
  type NormalizationFacts,
  type NormalizationName,
  type Preprocessing,
  type WeightsChoice,
} from "@beitjs/beit-encoder";
import { visionTransformers } from "@beitjs/beit-encoder/vision-transformers";
import type { Backend } from "@beitjs/tensor-core";
import { firstOf, type FileSource } from "@beitjs/tensor-core/files";
import { formatSize, type ImageSize } from "@beitjs/tensor-core/grid";
import type { EvalViewOptions, StageName } from "@beitjs/trainers";
import type { LoadedCheckpoint } from "@beitjs/trainers/node";
import type { Context } from "../program/command.ts";
import { asWrongUse } from "../program/exit-codes.ts";
import type { Progress } from "../program/terminal.ts";
import { evalViewOf, stagesOfKind } from "../runs/stages.ts";
import { preparationOf, tellNormalization } from "./normalization.ts";
import { beitOf, recipeOf, requireStage, weightsHash, takeWeights, type OpenedCheckpoint } from "./from-checkpoint.ts";
import { hashOfWeights, withModel, type GivenModel } from "./sources.ts";

/** A BEiT and what it takes to use it. */
export type OpenedEncoder = {
  readonly beit: Beit;
  readonly origin: BeitOrigin;
  /** Names of the classes, where they are known. */
  readonly labels?: readonly string[];
  /** Whether it was trained to give an image any number of classes. */
  readonly multiLabel?: boolean;
  /** How an image becomes its pixels; the same as a view. */
  readonly preprocessing: Preprocessing;
  /** Why its mean and std are what they are. */
  readonly normalization: NormalizationFacts;
  readonly view: EvalViewOptions;
  /** For another image size later. */
  readonly resizing: ResizingOptions;
  /** SHA-256 of the weights. */
  readonly sha256: string;
  /** Where it was found; of a run, its newest good checkpoint. */
  readonly path: string;
  /** The checkpoint, if it is one of ours. */
  readonly checkpoint?: LoadedCheckpoint;
};

export type OpenEncoderOptions = {
  /** Checkpoints of which stages will do. */
  readonly stages?: readonly StageName[];
  readonly imageSize?: ImageSize | undefined;
  readonly tableResizing?: "auto" | NonNullable<ResizingOptions["tableResizing"]>;
  readonly allowUnexpected?: boolean;
  readonly heads?: number | undefined;
  readonly weights?: "auto" | WeightsChoice;
  readonly normalization?: "auto" | NormalizationName;
};

/** How tables are resized, as `--table-resizing` says it. */
export function resizingOf({ tableResizing = "auto" }: Pick<OpenEncoderOptions, "tableResizing">): ResizingOptions {
  return tableResizing === "auto" ? {} : { tableResizing };
}

/**
 * Opens a BEiT: a run or checkpoint of pretrain or finetune, a file of weights, a model folder, or an address.
 *
 * @throws what is wrong with it, by name
 */
export async function openEncoder(
  given: GivenModel,
  backend: Backend,
  options: OpenEncoderOptions,
  context: Context,
): Promise<OpenedEncoder> {
  const { imageSize: size, allowUnexpected, heads, weights = "auto", normalization = "auto" } = options;
  const chosen: OpenBeitOptions = {
    imageSize: size,
    allowUnexpected,
    ...(heads !== undefined && { config: { heads } }),
    ...resizingOf(options),
    ...(weights !== "auto" && { weights }),
    ...(normalization !== "auto" && { normalization }),
  };
  const open = () =>
    withModel(given, context, async ({ checkpoint, sources, name }) => {
      if (!checkpoint) return { ...(await openFiles(sources, backend, chosen, context)), path: name };
      const { stages = stagesOfKind("beit") } = options;
      const taken = takeWeights(requireStage(checkpoint, stages), weights, context);
      return openTrained(taken, backend, chosen);
    });
  return withImageSize(size, open);
}

/** What `work` gives; that it cannot be with the size that a flag gave is an error of the caller's. */
export async function withImageSize<Value>(size: ImageSize | undefined, work: () => Promise<Value>): Promise<Value> {
  return size === undefined ? work() : asWrongUse(`image size ${formatSize(size)}`, work, isOfImageSize);
}

function isOfImageSize(error: unknown): boolean {
  return error instanceof Error && / expected (imageSize|patch grid and token grid) /.test(error.message);
}

async function openFiles(
  sources: readonly FileSource[],
  backend: Backend,
  options: OpenBeitOptions,
  context: Context,
): Promise<Omit<OpenedEncoder, "path">> {
  const { terminal } = context;
  let progress: Progress | undefined;
  try {
    const {
      unused,
      guessed,
      weights: taken,
      ...opened
    } = await openBeit(sources, backend, {
      ...options,
      origins: visionTransformers,
      onProgress: (done, total) => {
        progress ??= terminal.progress({ label: "reading", total, unit: "tensors" });
        progress.update(done, "");
      },
    });
    if (unused.length > 0) terminal.info(`not used: ${firstOf(unused)}`);
    if (taken) terminal.info(`weights: ${describeWeights(taken)}`);
    tellNormalization(opened, context);
    if (guessed.includes("heads")) terminal.warn(`heads: ${describeHeads(opened.beit.config)}`);
    checkImageSize("openBeit", opened.preprocessing, opened.beit.config);
    return { ...opened, view: evalViewFields(opened.preprocessing), sha256: await hashOfWeights(sources) };
  } finally {
    progress?.stop();
  }
}

function openTrained(checkpoint: OpenedCheckpoint, backend: Backend, options: OpenBeitOptions): OpenedEncoder {
  const beit = beitOf(checkpoint, backend, options);
  const recipe = recipeOf(checkpoint);
  const own = { ...evalViewOf(recipe), size: beit.config.imageSize };
  const labels = labelsOf(checkpoint);
  const { resizing: ownResizing } = beitOrigins.beitjs;
  return {
    beit,
    origin: "beitjs",
    ...("labels" in recipe && { multiLabel: recipe.labels === "multi" }),
    ...(labels?.length === beit.config.classes && { labels }),
    ...preparationOf(own, options.normalization),
    resizing: { ...ownResizing, tableResizing: options.tableResizing ?? ownResizing.tableResizing },
    sha256: weightsHash(checkpoint),
    path: checkpoint.path,
    checkpoint,
  };
}

// The classes of the images that a run learned from are part of its identity; the demo notes them beside it.
function labelsOf({ manifest: { run = {} } }: LoadedCheckpoint): readonly string[] | undefined {
  const { data } = (run["identity"] ?? {}) as { data?: { classes?: readonly string[] | null } };
  return data?.classes ?? (run["classes"] as readonly string[] | undefined);
}

/** Which of two copies of a model's weights were taken. */
export function describeWeights(taken: WeightsChoice): string {
  return taken === "average"
    ? "the averaged ones; those of the last step are there, too: --weights raw"
    : "those of the last step; averaged ones are there, too: --weights average";
}

/** A number of heads that no file says. */
export function describeHeads({ heads, width }: BeitConfig): string {
  return `${heads} guessed from the width of ${width}, as the files do not say; --heads says otherwise`;
}

// Models to use, wherever they come from: our own runs and checkpoints, or the files of the originals.
import {
  beitOrigins,
  evalViewFields,
  openBeit,
  type AdaptOptions,
  type Beit,
  type OpenBeitOptions,
  type BeitOrigin,
  type Preprocessing,
} from "@beitjs/beit-encoder";
import {
  openTokenizer as openTokenizerFiles,
  openTokenizerEncoder,
  type Tokenizer,
  type TokenizerEncoder,
  type TokenizerOrigin,
} from "@beitjs/dvae-tokenizer";
import type { Backend } from "@beitjs/tensor-core";
import { hashSource } from "@beitjs/tensor-core/files";
import type { EvalViewOptions, StageName } from "@beitjs/trainers";
import type { LoadedCheckpoint } from "@beitjs/trainers/node";
import { choice, integer, toggle, type Context } from "../program/command.ts";
import { isCheckpoint, openModelFiles, type ModelFiles } from "./files.ts";
import { beitOf, openCheckpoint, recipeOf, tokenizerOf, weightsHash } from "./checkpoint.ts";
import type { Progress } from "../program/terminal.ts";
import { preprocessingOf } from "../images/eval-views.ts";
import { evalViewOf, stagesOfKind } from "../runs/stages.ts";

/** A BEiT and what it takes to use it. */
export type OpenedEncoder = {
  readonly beit: Beit;
  readonly origin: BeitOrigin;
  /** Names of the classes, where they are known. */
  readonly labels?: readonly string[];
  /** How an image becomes its pixels; the same as a view. */
  readonly preprocessing: Preprocessing;
  readonly view: EvalViewOptions;
  /** For another image size later. */
  readonly resizing: AdaptOptions;
  /** SHA-256 of the weights. */
  readonly sha256: string;
  /** Where it was found; of a run, its newest good checkpoint. */
  readonly path: string;
  /** The checkpoint, if it is one of ours. */
  readonly checkpoint?: LoadedCheckpoint;
};

export type OpenedTokenizerModel<Model> = {
  readonly tokenizer: Model;
  readonly origin: TokenizerOrigin;
  readonly sha256: string;
  readonly path: string;
  readonly checkpoint?: LoadedCheckpoint;
};

export const resizingFlags = {
  imageSize: integer("pixels", "side of the images, if not the model's own: positions are resized", 1),
  tableResizing: choice(
    ["auto", "geometric-cubic", "geometric-linear", "bilinear"],
    "how tables of relative positions are resized; auto: as the model's origin does (unilm, timm, transformers)",
    "auto",
  ),
};

export const looseFlags = {
  heads: integer("count", "attention heads, where neither the file nor a width of 64 a head tells", 1),
  allowUnexpected: toggle("leave aside tensors that are no part of a BEiT, instead of refusing the file"),
};

export type OpenEncoderOptions = {
  /** Checkpoints of which stages will do. */
  readonly stages?: readonly StageName[];
  readonly imageSize?: number | undefined;
  readonly tableResizing?: "auto" | NonNullable<AdaptOptions["tableResizing"]>;
  readonly allowUnexpected?: boolean;
  readonly heads?: number | undefined;
};

/**
 * Opens a BEiT: a run or checkpoint of pretrain or finetune, a file of weights, a model folder, or an address.
 *
 * @throws what is wrong with it, by name
 */
export async function openEncoder(
  paths: string | readonly string[],
  backend: Backend,
  options: OpenEncoderOptions,
  context: Context,
): Promise<OpenedEncoder> {
  const given = typeof paths === "string" ? [paths] : paths;
  const { imageSize, tableResizing = "auto", allowUnexpected, heads } = options;
  const chosen: OpenBeitOptions = {
    imageSize,
    allowUnexpected,
    ...(heads !== undefined && { config: { heads } }),
    ...(tableResizing !== "auto" && { tableResizing }),
  };
  if (given.length === 1 && (await isCheckpoint(given[0]))) {
    return openTrained(given[0], backend, { ...options, ...chosen, tableResizing: chosen.tableResizing }, context);
  }
  return withFiles(given, context, async ({ sources }) => {
    const { terminal } = context;
    let progress: Progress | undefined;
    try {
      const { unused, ...opened } = await openBeit(sources, backend, {
        ...chosen,
        onProgress: (done, total) => {
          progress ??= terminal.progress({ label: "reading", total, unit: "tensors" });
          progress.update(done, "");
        },
      });
      if (unused.length > 0) terminal.info(`not used: ${listed(unused)}`);
      return {
        ...opened,
        view: evalViewFields(opened.preprocessing),
        sha256: await hashOf(sources),
        path: given.join(", "),
      };
    } finally {
      progress?.stop();
    }
  });
}

type ChosenOptions = OpenBeitOptions & Pick<OpenEncoderOptions, "stages">;

async function openTrained(
  path: string,
  backend: Backend,
  { stages = stagesOfKind("beit"), ...options }: ChosenOptions,
  context: Context,
): Promise<OpenedEncoder> {
  const checkpoint = await openCheckpoint(path, stages, context);
  const beit = beitOf(checkpoint, backend, options);
  const view = { ...evalViewOf(recipeOf(checkpoint)), size: beit.config.imageSize };
  const labels = labelsOf(checkpoint);
  const { resizing: ownResizing } = beitOrigins.beitjs;
  return {
    beit,
    origin: "beitjs",
    ...(labels?.length === beit.config.classes && { labels }),
    preprocessing: preprocessingOf(view),
    view,
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

export const tokenizerFlags = {
  tokenSize: integer(
    "pixels",
    "side of the images for a tokenizer that is not ours (default: 112, as BEiT uses them)",
    1,
  ),
};

type OpenTokenizerOptions = { readonly tokenSize?: number | undefined };

/** Opens a whole tokenizer: a run or checkpoint of train-tokenizer, or the files of OpenAI, unilm, DALLE-pytorch. */
export async function openTokenizer(
  paths: string | readonly string[],
  backend: Backend,
  options: OpenTokenizerOptions,
  context: Context,
): Promise<OpenedTokenizerModel<Tokenizer>> {
  return openTokenizerWith(paths, backend, context, (sources) =>
    openTokenizerFiles(sources, backend, { imageSize: options.tokenSize }),
  );
}

/** Opens what it takes to tokenize: of OpenAI's two files, the encoder is enough. */
export async function openTokenizing(
  paths: string | readonly string[],
  backend: Backend,
  options: OpenTokenizerOptions,
  context: Context,
): Promise<OpenedTokenizerModel<TokenizerEncoder>> {
  return openTokenizerWith(paths, backend, context, (sources) =>
    openTokenizerEncoder(sources, backend, { imageSize: options.tokenSize }),
  );
}

async function openTokenizerWith<Model>(
  paths: string | readonly string[],
  backend: Backend,
  context: Context,
  open: (sources: ModelFiles["sources"]) => Promise<{ readonly tokenizer: Model; readonly origin: TokenizerOrigin }>,
): Promise<OpenedTokenizerModel<Model | Tokenizer>> {
  const given = typeof paths === "string" ? [paths] : paths;
  if (given.length === 1 && (await isCheckpoint(given[0]))) {
    const checkpoint = await openCheckpoint(given[0], stagesOfKind("tokenizer"), context);
    return {
      tokenizer: tokenizerOf(checkpoint, backend),
      origin: "beitjs",
      sha256: weightsHash(checkpoint),
      path: checkpoint.path,
      checkpoint,
    };
  }
  return withFiles(given, context, async ({ sources }) => {
    const { tokenizer, origin } = await open(sources);
    return { tokenizer, origin, sha256: await hashOf(sources), path: given.join(", ") };
  });
}

async function withFiles<Result>(
  paths: readonly string[],
  context: Context,
  body: (files: ModelFiles) => Promise<Result>,
): Promise<Result> {
  const files = await openModelFiles(paths, context);
  try {
    return await body(files);
  } finally {
    await files.close();
  }
}

// One file's own hash; several files': of their hashes in the order of their names.
async function hashOf(sources: ModelFiles["sources"]): Promise<string> {
  const weights = sources.filter(({ name }) => !name.endsWith(".json"));
  const hashes: string[] = [];
  for (const source of weights) hashes.push(await hashSource(source));
  return hashes.length === 1 ? hashes[0] : hashes.join("+");
}

function listed(names: readonly string[]): string {
  const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
  return names.slice(0, 5).join(", ") + more;
}

// A tokenizer to use, wherever it comes from: our own runs and checkpoints, or the files of the originals.
import {
  openTokenizer as openTokenizerFiles,
  openTokenizerEncoder as openEncoderFiles,
  type Tokenizer,
  type TokenizerEncoder,
  type TokenizerOrigin,
} from "@beitjs/dvae-tokenizer";
import type { Backend } from "@beitjs/tensor-core";
import type { ImageSize } from "@beitjs/tensor-core/grid";
import type { LoadedCheckpoint } from "@beitjs/trainers/node";
import type { Context } from "../program/command.ts";
import { stagesOfKind } from "../runs/stages.ts";
import { openCheckpoint, tokenizerOf, weightsHash } from "./from-checkpoint.ts";
import { hashOfWeights, isCheckpoint, withModelFiles, type ModelFiles } from "./sources.ts";

export type OpenedTokenizerModel<Model> = {
  readonly tokenizer: Model;
  readonly origin: TokenizerOrigin;
  readonly sha256: string;
  readonly path: string;
  readonly checkpoint?: LoadedCheckpoint;
};

type OpenTokenizerOptions = { readonly tokenSize?: ImageSize | undefined };

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
export async function openTokenizerEncoder(
  paths: string | readonly string[],
  backend: Backend,
  options: OpenTokenizerOptions,
  context: Context,
): Promise<OpenedTokenizerModel<TokenizerEncoder>> {
  return openTokenizerWith(paths, backend, context, (sources) =>
    openEncoderFiles(sources, backend, { imageSize: options.tokenSize }),
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
  return withModelFiles(given, context, async ({ sources }) => {
    const { tokenizer, origin } = await open(sources);
    return { tokenizer, origin, sha256: await hashOfWeights(sources), path: given.join(", ") };
  });
}

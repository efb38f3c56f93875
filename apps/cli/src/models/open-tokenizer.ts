// A tokenizer to use, wherever it comes from: our own runs and checkpoints, or the files of the originals.
import {
  openTokenizer as openTokenizerFiles,
  openTokenizerEncoder as openEncoderFiles,
  type Tokenizer,
  type TokenizerEncoder,
  type TokenizerOrigin,
} from "@beitjs/dvae-tokenizer";
import type { Backend } from "@beitjs/tensor-core";
import type { FileSource } from "@beitjs/tensor-core/files";
import type { ImageSize } from "@beitjs/tensor-core/grid";
import type { LoadedCheckpoint } from "@beitjs/trainers/node";
import type { Context } from "../program/command.ts";
import { stagesOfKind } from "../runs/stages.ts";
import { requireStage, tokenizerOf, weightsHash } from "./from-checkpoint.ts";
import { hashOfWeights, withModel, type GivenModel } from "./sources.ts";

export type OpenedTokenizerModel<Model> = {
  readonly tokenizer: Model;
  readonly origin: TokenizerOrigin;
  readonly sha256: string;
  readonly path: string;
  readonly checkpoint?: LoadedCheckpoint;
};

export type OpenTokenizerOptions = { readonly tokenSize?: ImageSize | undefined };

/** Opens a whole tokenizer: a run or checkpoint of train-tokenizer, or the files of OpenAI, unilm, DALLE-pytorch. */
export async function openTokenizer(
  given: GivenModel,
  backend: Backend,
  options: OpenTokenizerOptions,
  context: Context,
): Promise<OpenedTokenizerModel<Tokenizer>> {
  return openTokenizerWith(given, backend, context, (sources) =>
    openTokenizerFiles(sources, backend, { imageSize: options.tokenSize }),
  );
}

/** Opens what it takes to tokenize: of OpenAI's two files, the encoder is enough. */
export async function openTokenizerEncoder(
  given: GivenModel,
  backend: Backend,
  options: OpenTokenizerOptions,
  context: Context,
): Promise<OpenedTokenizerModel<TokenizerEncoder>> {
  return openTokenizerWith(given, backend, context, (sources) =>
    openEncoderFiles(sources, backend, { imageSize: options.tokenSize }),
  );
}

async function openTokenizerWith<Model>(
  given: GivenModel,
  backend: Backend,
  context: Context,
  open: (sources: readonly FileSource[]) => Promise<{ readonly tokenizer: Model; readonly origin: TokenizerOrigin }>,
): Promise<OpenedTokenizerModel<Model | Tokenizer>> {
  return withModel(given, context, async ({ checkpoint, sources, name }) => {
    if (checkpoint) {
      requireStage(checkpoint, stagesOfKind("tokenizer"));
      const tokenizer = tokenizerOf(checkpoint, backend);
      return { tokenizer, origin: "beitjs", sha256: weightsHash(checkpoint), path: checkpoint.path, checkpoint };
    }
    const { tokenizer, origin } = await open(sources);
    return { tokenizer, origin, sha256: await hashOfWeights(sources), path: name };
  });
}

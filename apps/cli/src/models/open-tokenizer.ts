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
import { formatSize, sameSize, type ImageSize } from "@beitjs/tensor-core/grid";
import type { LoadedCheckpoint } from "@beitjs/trainers/node";
import type { Context } from "../program/command.ts";
import { usageError } from "../program/exit-codes.ts";
import { stagesOfKind } from "../runs/stages.ts";
import { requireStage, tokenizerOf, weightsHash, takeWeights } from "./from-checkpoint.ts";
import { hashOfWeights, withModel, type GivenModel } from "./sources.ts";

export type OpenedTokenizerModel<Model> = {
  readonly tokenizer: Model;
  readonly origin: TokenizerOrigin;
  readonly sha256: string;
  readonly path: string;
  readonly checkpoint?: LoadedCheckpoint;
};

export type OpenTokenizerOptions = {
  /** The size asked for, of a tokenizer that is not ours; ours has its own, and another is refused. */
  readonly tokenSize?: ImageSize | undefined;
  /** The size where none is asked for and the tokenizer has none of its own. */
  readonly usualTokenSize?: ImageSize | undefined;
};

/** Opens a whole tokenizer: a run or checkpoint of train-tokenizer, or the files of OpenAI, unilm, DALLE-pytorch. */
export async function openTokenizer(
  given: GivenModel,
  backend: Backend,
  options: OpenTokenizerOptions,
  context: Context,
): Promise<OpenedTokenizerModel<Tokenizer>> {
  return openTokenizerWith(given, backend, options, context, (sources, imageSize) =>
    openTokenizerFiles(sources, backend, { imageSize }),
  );
}

/** Opens what it takes to tokenize: of OpenAI's two files, the encoder is enough. */
export async function openTokenizerEncoder(
  given: GivenModel,
  backend: Backend,
  options: OpenTokenizerOptions,
  context: Context,
): Promise<OpenedTokenizerModel<TokenizerEncoder>> {
  return openTokenizerWith(given, backend, options, context, (sources, imageSize) =>
    openEncoderFiles(sources, backend, { imageSize }),
  );
}

async function openTokenizerWith<Model>(
  given: GivenModel,
  backend: Backend,
  { tokenSize, usualTokenSize }: OpenTokenizerOptions,
  context: Context,
  open: (
    sources: readonly FileSource[],
    imageSize: ImageSize | undefined,
  ) => Promise<{ readonly tokenizer: Model; readonly origin: TokenizerOrigin }>,
): Promise<OpenedTokenizerModel<Model | Tokenizer>> {
  return withModel(given, context, async ({ checkpoint, sources, name }) => {
    if (checkpoint) {
      const taken = takeWeights(requireStage(checkpoint, stagesOfKind("tokenizer")), "auto", context);
      const tokenizer = tokenizerOf(taken, backend);
      refuseOtherSize(tokenizer, tokenSize);
      return { tokenizer, origin: "beitjs", sha256: weightsHash(taken), path: taken.path, checkpoint: taken };
    }
    const { tokenizer, origin } = await open(sources, tokenSize ?? usualTokenSize);
    return { tokenizer, origin, sha256: await hashOfWeights(sources), path: name };
  });
}

function refuseOtherSize({ config: { imageSize } }: Tokenizer, asked: ImageSize | undefined): void {
  if (asked === undefined || sameSize(asked, imageSize)) return;
  throw usageError(
    `--token-size: expected none, or ${formatSize(imageSize)}, for a tokenizer that was trained with beit at that size, got ${formatSize(asked)}`,
  );
}

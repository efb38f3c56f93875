// Images to their visual tokens: as a grid to look at, as JSON, or as safetensors for other programs.
import { extname } from "node:path";
import { tokenGridOf, type DvaeConfig, type TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import { cellCount, type Grid } from "@beitjs/tensor-core/grid";
import { fromInt32, writeSafetensors } from "@beitjs/tensor-core/safetensors";
import { tokenEvalView, tokensOf } from "@beitjs/trainers";
import { openBackend } from "../backends/open.ts";
import type { Context, FlagValues } from "../program/command.ts";
import { exitCodes, usageError } from "../program/exit-codes.ts";
import { refuseTaken } from "../files/taken.ts";
import { imageBatches } from "../images/batches.ts";
import { openImageSources, type ImageSources } from "../images/sources.ts";
import { openTokenizerEncoder } from "../models/open-tokenizer.ts";
import { writeResult } from "../runs/folder.ts";
import type { tokenizeFlags } from "./declarations/tokenize.ts";

type TokenizedImage = { readonly name: string; readonly tokens: Int32Array };

export async function run(flags: FlagValues<typeof tokenizeFlags>, context: Context): Promise<number> {
  const kind = flags.out === undefined ? undefined : extname(flags.out);
  if (kind !== undefined && kind !== ".json" && kind !== ".safetensors") {
    throw usageError(`--out ${flags.out}: expected a name that ends in .safetensors or .json`);
  }
  if (flags.out !== undefined) await refuseTaken([flags.out], flags);
  const { backend } = await openBackend(flags, context);
  const { tokenizer } = await openTokenizerEncoder(flags.tokenizer, backend, flags, context);
  context.interrupt.check();
  const { channels } = tokenizer.config;
  const images = await openImageSources(flags.data, { ...flags, channels }, context);
  const tokenized: TokenizedImage[] = [];
  for await (const image of tokenizeAll(tokenizer, images, flags, context)) {
    if (flags.out === undefined) show(image, tokenizer.config, context);
    else tokenized.push(image);
  }
  if (flags.out !== undefined) {
    await writeResult(
      flags.out,
      kind === ".json" ? asJson(tokenized, tokenizer.config) : asSafetensors(tokenized, tokenizer.config),
    );
    context.terminal.info(`${tokenized.length} images tokenized: ${flags.out}`);
    context.terminal.event("done", { images: tokenized.length, out: flags.out });
  }
  return exitCodes.done;
}

async function* tokenizeAll(
  tokenizer: TokenizerEncoder,
  images: ImageSources,
  { threads }: { readonly threads: number | undefined },
  context: Context,
): AsyncGenerator<TokenizedImage> {
  const { imageSize, channels } = tokenizer.config;
  const view = tokenEvalView(channels, imageSize);
  const cells = cellCount(tokenGridOf(tokenizer.config));
  const options = { view, batch: 32, label: "tokenizing", threads };
  for await (const { names, views } of imageBatches(images, options, context)) {
    const ids = Int32Array.from(await tokensOf(tokenizer, views));
    for (const [i, name] of names.entries()) yield { name, tokens: ids.slice(i * cells, (i + 1) * cells) };
  }
}

function show({ name, tokens }: TokenizedImage, config: DvaeConfig, { terminal, host }: Context): void {
  const grid = rowsOf(tokens, tokenGridOf(config));
  terminal.event("tokens", { name, tokens: grid });
  if (!host.stdout.isTTY) return terminal.data({ name, tokens: grid });
  const width = String(config.vocabSize - 1).length;
  terminal.result([name, ...grid.map((row) => row.map((id) => String(id).padStart(width)).join(" ")), ""]);
}

function rowsOf(tokens: Int32Array, { rows, cols }: Grid): number[][] {
  return Array.from({ length: rows }, (_, row) => [...tokens.subarray(row * cols, (row + 1) * cols)]);
}

function asJson(images: readonly TokenizedImage[], config: DvaeConfig): string {
  const grid = tokenGridOf(config);
  const entries = images.map(({ name, tokens }) => ({ name, tokens: rowsOf(tokens, grid) }));
  return `${JSON.stringify({ vocabSize: config.vocabSize, grid: [grid.rows, grid.cols], images: entries })}\n`;
}

// int32 [images, rows, columns], the names in the metadata.
function asSafetensors(images: readonly TokenizedImage[], config: DvaeConfig): Uint8Array {
  const { rows, cols } = tokenGridOf(config);
  const values = new Int32Array(images.length * rows * cols);
  images.forEach(({ tokens }, i) => values.set(tokens, i * rows * cols));
  const metadata = { vocabSize: String(config.vocabSize), names: JSON.stringify(images.map(({ name }) => name)) };
  return writeSafetensors([["visualTokens", fromInt32(values, [images.length, rows, cols])]], metadata);
}

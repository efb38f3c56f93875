// Images to their visual tokens: as a grid to look at, as JSON, or as safetensors for other programs.
import { promises as files } from "node:fs";
import { extname } from "node:path";
import { gridSide, type DvaeConfig, type Tokenizer } from "@beitjs/dvae-tokenizer";
import { fromInt32, writeSafetensors } from "@beitjs/tensor-core/safetensors";
import { batches, evalView, tokensOf, type Dataset } from "@beitjs/trainers";
import { datasetLayout, readImage, type DatasetSplit } from "@beitjs/trainers/node";
import { backendFlags, openBackend } from "../backend.ts";
import { defineCommand, list, optional, required, toggle, type Context } from "../command.ts";
import { exitCodes, usageError } from "../exit-codes.ts";
import { interruptible, openImages } from "../images.ts";
import { openCheckpoint, tokenizerOf } from "../models.ts";
import { writeResult } from "../run-folder.ts";
import { tokenEvalView } from "../views.ts";

type TokenizedImage = { readonly name: string; readonly tokens: Int32Array };

export const tokenizeCommand = defineCommand({
  name: "tokenize",
  summary: "Turn images into visual tokens",
  example: "beit tokenize --tokenizer runs/tokenizer --data cat.jpg dog.jpg --out tokens.json",
  flags: {
    tokenizer: required("checkpoint", "checkpoint or run folder of train-tokenizer"),
    data: list("path", "image files, or folders as for training", { required: true }),
    out: optional("file", ".safetensors or .json (default: stdout, as grids on a terminal, as JSON lines elsewhere)"),
    skipBad: toggle("leave images out that cannot be read, instead of stopping"),
    ...backendFlags,
  },
  async run(flags, context) {
    const kind = flags.out === undefined ? undefined : extname(flags.out);
    if (kind !== undefined && kind !== ".json" && kind !== ".safetensors") {
      throw usageError(`--out ${flags.out}: expected a name that ends in .safetensors or .json`);
    }
    const checkpoint = await openCheckpoint(flags.tokenizer, ["tokenizer"], context);
    const sources = await openSources(flags.data, flags.skipBad, context);
    const { backend } = await openBackend(flags, context);
    const tokenizer = tokenizerOf(checkpoint, backend);
    const tokenized: TokenizedImage[] = [];
    for (const source of sources) {
      for await (const image of tokenizeAll(tokenizer, interruptible(source, context), context)) {
        if (flags.out === undefined) show(image, tokenizer.config, context);
        else tokenized.push(image);
      }
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
  },
});

async function openSources(paths: readonly string[], skipBad: boolean, context: Context): Promise<Dataset[]> {
  const sources: Dataset[] = [];
  const singles: string[] = [];
  for (const path of paths) {
    const isFolder = await files.stat(path).then(
      (stats) => stats.isDirectory(),
      () => false,
    );
    if (!isFolder) singles.push(path);
    else {
      const splits = Object.keys((await datasetLayout(path)).splits) as DatasetSplit[];
      for (const split of splits) sources.push((await openImages(path, { split, skipBad }, context)).images);
    }
  }
  return singles.length > 0 ? [await fileDataset(singles, skipBad, context), ...sources] : sources;
}

async function fileDataset(paths: readonly string[], skipBad: boolean, { terminal }: Context): Promise<Dataset> {
  const good: string[] = [];
  for (const path of paths) {
    try {
      await readImage(path);
      good.push(path);
    } catch (error) {
      if (!skipBad) throw error;
      terminal.warn(`left out: ${(error as Error).message}`);
    }
  }
  if (good.length === 0) throw new Error(`none of the ${paths.length} images can be read`);
  return {
    length: good.length,
    get: async (index) => ({ image: await readImage(good[index]), name: good[index] }),
    label: () => undefined,
    name: (index) => good[index],
  };
}

async function* tokenizeAll(
  tokenizer: Tokenizer,
  images: Dataset,
  { terminal }: Context,
): AsyncGenerator<TokenizedImage> {
  const { imageSize, channels } = tokenizer.config;
  const view = tokenEvalView(channels === 1 ? 1 : 3, imageSize);
  const options = {
    batchSize: Math.min(32, images.length),
    seed: 0,
    epochs: 1,
    shuffle: false,
    dropLast: false,
  };
  const progress =
    images.length > 32 ? terminal.progress({ label: "tokenizing", total: images.length, unit: "images" }) : undefined;
  const cells = gridSide(tokenizer.config) ** 2;
  let done = 0;
  try {
    for await (const { items, indices } of batches(images, ({ image }) => evalView(image, view), options)) {
      const ids = Int32Array.from(await tokensOf(tokenizer, items));
      progress?.update((done += items.length), "");
      for (const [i, index] of indices.entries())
        yield { name: images.name(index), tokens: ids.slice(i * cells, (i + 1) * cells) };
    }
  } finally {
    progress?.stop();
  }
}

function show({ name, tokens }: TokenizedImage, config: DvaeConfig, { terminal, host }: Context): void {
  const grid = rowsOf(tokens, gridSide(config));
  terminal.event("tokens", { name, tokens: grid });
  if (!host.stdout.isTTY) return terminal.result(JSON.stringify({ name, tokens: grid }));
  const width = String(config.vocabSize - 1).length;
  terminal.result(`${name}\n${grid.map((row) => row.map((id) => String(id).padStart(width)).join(" ")).join("\n")}\n`);
}

function rowsOf(tokens: Int32Array, side: number): number[][] {
  return Array.from({ length: side }, (_, row) => [...tokens.subarray(row * side, (row + 1) * side)]);
}

function asJson(images: readonly TokenizedImage[], config: DvaeConfig): string {
  const side = gridSide(config);
  const entries = images.map(({ name, tokens }) => ({ name, tokens: rowsOf(tokens, side) }));
  return `${JSON.stringify({ vocabSize: config.vocabSize, grid: [side, side], images: entries })}\n`;
}

// int32 [images, rows, columns], the names in the metadata.
function asSafetensors(images: readonly TokenizedImage[], config: DvaeConfig): Uint8Array {
  const side = gridSide(config);
  const values = new Int32Array(images.length * side * side);
  images.forEach(({ tokens }, i) => values.set(tokens, i * side * side));
  const metadata = { vocabSize: String(config.vocabSize), names: JSON.stringify(images.map(({ name }) => name)) };
  return writeSafetensors([["visualTokens", fromInt32(values, [images.length, side, side])]], metadata);
}

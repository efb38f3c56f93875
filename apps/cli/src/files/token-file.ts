// Visual tokens as `beit tokenize` writes them: JSON, or safetensors with the names in its metadata.
import { promises as files } from "node:fs";
import { extname } from "node:path";
import { tokenGridOf, type DvaeConfig } from "@beitjs/dvae-tokenizer";
import { readSafetensors, toInt32 } from "@beitjs/tensor-core/safetensors";
import * as v from "valibot";
import { messageOf, usageError } from "../program/exit-codes.ts";

export type NamedTokens = {
  readonly name: string;
  /** Row by row. */
  readonly tokens: Int32Array;
};

type TokenFile = {
  readonly vocabSize: number;
  readonly grid: readonly number[];
  readonly images: readonly NamedTokens[];
};

/**
 * Reads tokens that a tokenizer can decode.
 *
 * @throws naming the file, if it is none of tokens, or they are of another grid or codebook
 */
export async function readTokens(path: string, config: DvaeConfig): Promise<readonly NamedTokens[]> {
  const { vocabSize, grid, images } = await readFile(path);
  const { rows, cols } = tokenGridOf(config);
  if (grid.length !== 2 || grid[0] !== rows || grid[1] !== cols) {
    throw usageError(`${path}: expected grids of ${rows} x ${cols} tokens as the tokenizer's, got ${grid.join(" x ")}`);
  }
  if (vocabSize !== config.vocabSize) {
    throw usageError(`${path}: expected tokens of a codebook of ${config.vocabSize}, got one of ${vocabSize}`);
  }
  for (const { name, tokens } of images) {
    if (tokens.length !== rows * cols) {
      throw usageError(`${path}: expected ${rows * cols} tokens of ${name}, got ${tokens.length}`);
    }
    const wrong = tokens.find((id) => !(id >= 0 && id < vocabSize));
    if (wrong !== undefined) {
      throw usageError(`${path}: expected tokens from 0 to ${vocabSize - 1}, got ${wrong} in ${name}`);
    }
  }
  if (images.length === 0) throw usageError(`${path}: expected tokens of at least one image, got none`);
  return images;
}

async function readFile(path: string): Promise<TokenFile> {
  const kind = extname(path);
  if (kind !== ".json" && kind !== ".safetensors") {
    throw usageError(`--tokens ${path}: expected a .safetensors or .json file of beit tokenize`);
  }
  const bytes = await files.readFile(path).catch((cause: unknown) => {
    throw usageError(`--tokens ${path}: cannot be read: ${messageOf(cause)}`, cause);
  });
  try {
    return kind === ".json" ? fromJson(bytes) : fromSafetensors(bytes);
  } catch (cause) {
    throw new Error(`${path}: expected visual tokens as beit tokenize writes them, got: ${reasonOf(cause)}`, { cause });
  }
}

const id = v.pipe(v.number(), v.integer());
const jsonShape = v.object({
  vocabSize: v.pipe(id, v.minValue(1)),
  grid: v.array(id),
  images: v.array(v.object({ name: v.string(), tokens: v.array(v.array(id)) })),
});
const namesShape = v.array(v.string());

function fromJson(bytes: Uint8Array): TokenFile {
  const { vocabSize, grid, images } = v.parse(jsonShape, JSON.parse(new TextDecoder().decode(bytes)));
  return {
    vocabSize,
    grid,
    images: images.map(({ name, tokens }) => ({ name, tokens: Int32Array.from(tokens.flat()) })),
  };
}

function fromSafetensors(bytes: Uint8Array): TokenFile {
  const { tensors, metadata } = readSafetensors(bytes);
  const stored = tensors.get("visualTokens");
  if (stored?.shape.length !== 3) throw new Error("no tensor visualTokens [images, rows, columns]");
  const [count, ...grid] = stored.shape;
  const values = toInt32(stored);
  const names = v.parse(namesShape, JSON.parse(metadata["names"] ?? "null"));
  if (names.length !== count) throw new Error(`${names.length} names for ${count} images`);
  const cells = grid[0] * grid[1];
  return {
    vocabSize: Number(metadata["vocabSize"]),
    grid,
    images: names.map((name, i) => ({ name, tokens: values.slice(i * cells, (i + 1) * cells) })),
  };
}

function reasonOf(error: unknown): string {
  if (!v.isValiError(error)) return messageOf(error);
  const [issue] = error.issues;
  return `${v.getDotPath(issue) ?? "its top"}: ${issue.message}`;
}

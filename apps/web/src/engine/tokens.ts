// An image through the tokenizer and back.
import { decodeTokens, detokenizeMixture, tokenGridOf, tokenize, type Tokenizer } from "@beitjs/dvae-tokenizer";
import { leaves, scope, tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { cellCount, heightWidth } from "@beitjs/tensor-core/grid";
import { imageTensor, withChannels, type Image } from "@beitjs/tensor-core/image";
import type { Picture, Tokens } from "../messages.ts";
import { imagePicture, toPicture } from "./pictures.ts";

export async function tokensOf(image: Image, tokenizer: Tokenizer): Promise<Tokens> {
  const { config } = tokenizer;
  const { imageSize, channels } = config;
  const backend = backendOf(tokenizer);
  const pixels = imageTensor([withChannels(image, channels)], { size: imageSize }, backend);
  try {
    const begin = performance.now();
    const ids = await readIds(tokenize(tokenizer, pixels));
    const middle = performance.now();
    const reconstruction = await decodeTokens(tokenizer, ids);
    const end = performance.now();
    const values = await pixels.read();
    return {
      picture: imagePicture(image),
      seen: imageSize,
      ids,
      grid: tokenGridOf(config),
      reconstruction: toPicture(reconstruction, imageSize),
      difference: toPicture(differenceOf(values, reconstruction, channels), imageSize),
      ...errorsOf(values, reconstruction),
      milliseconds: { tokenize: middle - begin, detokenize: end - middle },
    };
  } finally {
    pixels.dispose();
  }
}

/** The middle three by three tokens of a grid that holds one token only: clear of the edges, where the decoder sees zeros. */
export async function codebookEntry(id: number, tokenizer: Tokenizer): Promise<Picture> {
  const { config } = tokenizer;
  const grid = tokenGridOf(config);
  const values = await decodeTokens(tokenizer, new Int32Array(cellCount(grid)).fill(id));
  const image = heightWidth(config.imageSize);
  const [top, height] = middleThree(grid.rows, image.height / grid.rows);
  const [left, width] = middleThree(grid.cols, image.width / grid.cols);
  const picked: number[] = [];
  for (let row = top; row < top + height; row++) {
    const start = (row * image.width + left) * config.channels;
    picked.push(...values.subarray(start, start + width * config.channels));
  }
  return toPicture(picked, [height, width]);
}

/** Where the middle three of `count` cells begin, and how long they are, in pixels. */
function middleThree(count: number, cell: number): readonly [from: number, length: number] {
  return [Math.max(0, Math.floor((count - 3) / 2)) * cell, Math.min(count, 3) * cell];
}

/** Weights over the codebook for every cell, [rows, cols, V], to values in [0, 1], [H, W, C]. */
export async function decodeWeights(weights: Float32Array, tokenizer: Tokenizer): Promise<Float32Array> {
  const backend = backendOf(tokenizer);
  const { rows, cols } = tokenGridOf(tokenizer.config);
  const shape = [1, rows, cols, tokenizer.config.vocabSize];
  const images = scope(backend, () => detokenizeMixture(tokenizer, tensor(weights, shape, backend)));
  const values = await images.read();
  images.dispose();
  return Float32Array.from(values);
}

function backendOf({ params }: Tokenizer): Backend {
  const [[, { backend }]] = leaves<Tensor>(params);
  return backend;
}

async function readIds(ids: Tensor): Promise<Int32Array<ArrayBuffer>> {
  const values = Int32Array.from(await ids.read());
  ids.dispose();
  return values;
}

function differenceOf(left: ArrayLike<number>, right: ArrayLike<number>, channels: number): Float32Array {
  const out = new Float32Array(left.length / channels);
  for (let i = 0; i < left.length; i++) out[Math.floor(i / channels)] += (2 * Math.abs(left[i] - right[i])) / channels;
  return out;
}

function errorsOf(
  left: ArrayLike<number>,
  right: ArrayLike<number>,
): { readonly error: number; readonly psnr: number } {
  let [absolute, squared] = [0, 0];
  for (let i = 0; i < left.length; i++) {
    absolute += Math.abs(left[i] - right[i]);
    squared += (left[i] - right[i]) ** 2;
  }
  return { error: (255 * absolute) / left.length, psnr: -10 * Math.log10(squared / left.length) };
}

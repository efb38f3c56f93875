// Masked image modeling as a picture: the encoder sees what is not hidden and predicts the visual tokens of the rest, which
// the tokenizer decodes, mixed by their probabilities or the likeliest alone. In several rounds, the surest predictions of each
// are shown to the next, in the pixels they decode to (the idea of MaskGIT's decoding, Chang et al. 2022, with BEiT's own head).
import { encode, gridOf, visualTokenLogits, type Beit } from "@beitjs/beit-encoder";
import type { Tokenizer } from "@beitjs/dvae-tokenizer";
import { scope } from "@beitjs/tensor-core";
import { cellAt, heightWidth } from "@beitjs/tensor-core/grid";
import type { Normalization } from "@beitjs/tensor-core/image";
import { softmax } from "@beitjs/tensor-core/ops";
import { viewBatch } from "@beitjs/trainers";
import type { Guess, Imagined, ImagineOptions } from "../messages.ts";
import { toPicture } from "./pictures.ts";
import { decodeWeights } from "./tokens.ts";

export type ImagineInputs = {
  readonly beit: Beit;
  readonly tokenizer: Tokenizer;
  /** The encoder's view: [H, W, C], normalized. */
  readonly view: Float32Array;
  readonly normalization: Exclude<Normalization, string>;
  /** The image's own tokens. */
  readonly ids: Int32Array;
  /** 1 where a patch is hidden. */
  readonly cells: Uint8Array;
};

export async function imagine(
  inputs: ImagineInputs,
  { guesses: wanted, rounds, paint }: ImagineOptions,
): Promise<Imagined> {
  const { beit, tokenizer, ids } = inputs;
  const { vocabSize } = beit.config;
  const begin = performance.now();
  const hidden = Uint8Array.from(inputs.cells);
  const filled = Int32Array.from(ids);
  const weights = oneHot(ids, vocabSize);
  const guesses = new Map<number, readonly Guess[]>();
  const losses = new Float32Array(ids.length).fill(NaN);
  let view = inputs.view;
  let decoded: Float32Array | undefined;
  for (let round = 0; hidden.includes(1); round++) {
    const patches = patchesOf(hidden);
    const probabilities = await predict(beit, view, hidden);
    const best = patches.map((patch, row) => {
      const of = probabilities.subarray(row * vocabSize, (row + 1) * vocabSize);
      if (round === 0) {
        losses[patch] = -Math.log(Math.max(of[ids[patch]], 1e-12));
        guesses.set(patch, topGuesses(of, wanted));
      }
      return { patch, of, ...likeliest(of) };
    });
    const left = rounds - round;
    const share = left <= 1 ? best.length : Math.ceil(best.length / left);
    for (const { patch, id, of } of best.sort((a, b) => b.probability - a.probability).slice(0, share)) {
      filled[patch] = id;
      hidden[patch] = 0;
      if (paint === "mixture") weights.set(of, patch * vocabSize);
      else weights.set(oneHot([id], vocabSize), patch * vocabSize);
    }
    decoded = await decodeWeights(weights, tokenizer);
    if (hidden.includes(1)) view = withPixels(inputs, decoded, hidden);
  }
  decoded ??= await decodeWeights(weights, tokenizer); // nothing was hidden
  const masked = patchesOf(inputs.cells);
  return {
    ids: filled,
    picture: toPicture(decoded, tokenizer.config.imageSize),
    guesses,
    losses,
    loss: mean(masked.map((patch) => losses[patch])),
    accuracy: mean(masked.map((patch) => Number(guesses.get(patch)?.[0].id === ids[patch]))),
    milliseconds: performance.now() - begin,
  };
}

function oneHot(ids: ArrayLike<number>, vocabSize: number): Float32Array {
  const weights = new Float32Array(ids.length * vocabSize);
  for (let i = 0; i < ids.length; i++) weights[i * vocabSize + ids[i]] = 1;
  return weights;
}

async function predict(beit: Beit, view: Float32Array, hidden: Uint8Array): Promise<Float32Array> {
  const { backend } = beit.params.classToken;
  const mask = { cells: hidden };
  const probabilities = scope(backend, () => {
    const pixels = viewBatch([view], beit.config, backend);
    return softmax(visualTokenLogits(beit, encode(beit, pixels, { mask }), mask)); // [hidden, V]
  });
  const values = await probabilities.read();
  probabilities.dispose();
  return Float32Array.from(values);
}

// The encoder's view with the filled patches in the colors that the tokenizer gives them.
function withPixels(
  { beit, tokenizer, view, normalization: { mean: center, std }, cells }: ImagineInputs,
  decoded: Float32Array,
  hidden: Uint8Array,
): Float32Array {
  const { channels } = beit.config;
  const [size, small] = [beit.config, tokenizer.config].map(({ imageSize }) => heightWidth(imageSize));
  const grid = gridOf(beit.config);
  // A pixel of the tokenizer's image is a cell over the encoder's.
  const pixels = { rows: small.height, cols: small.width };
  const out = Float32Array.from(view);
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const patch = cellAt(x, y, size, grid);
      if (cells[patch] === 0 || hidden[patch] === 1) continue;
      const from = cellAt(x, y, size, pixels) * channels;
      for (let c = 0; c < channels; c++) {
        out[(y * size.width + x) * channels + c] = (decoded[from + c] - center[c]) / std[c];
      }
    }
  }
  return out;
}

function likeliest(probabilities: Float32Array): Guess {
  const probability = probabilities.reduce((most, value) => Math.max(most, value), 0);
  return { id: probabilities.indexOf(probability), probability };
}

function topGuesses(probabilities: Float32Array, count: number): Guess[] {
  const order = Array.from(probabilities, (_, id) => id).sort((a, b) => probabilities[b] - probabilities[a]);
  return order.slice(0, count).map((id) => ({ id, probability: probabilities[id] }));
}

function patchesOf(cells: Uint8Array): number[] {
  return Array.from(cells.keys()).filter((patch) => cells[patch] === 1);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

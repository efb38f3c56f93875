// OpenAI's dVAE at full size on the simd backend against PyTorch: every logit, every id and every pixel of the images in the
// folder. Prints the errors, and fails above 1e-4 or at an id that differs.
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { detokenize, dvaeVariants, loadTokenizer, tokenLogits, tokenize } from "@beitjs/dvae-tokenizer";
import { scope, tensor, type HostArray, type Tensor } from "@beitjs/tensor-core";
import { readTorchFile } from "@beitjs/tensor-core/pickle";
import {
  readSafetensors,
  toFloat32,
  toInt32,
  writeSafetensors,
  type SafeTensor,
} from "@beitjs/tensor-core/safetensors";
import { createSimdBackend } from "@beitjs/tensor-core/simd";

const { folder } = JSON.parse(process.argv[2]) as { readonly folder: string };
const read = (name: string): Uint8Array => readFileSync(join(folder, name));
const backend = await createSimdBackend({ threads: Math.min(4, availableParallelism()) });
const tokenizer = loadTokenizer(officialFile(), backend, { config: dvaeVariants["dall-e"] });
const { tensors } = readSafetensors(read("real-size.safetensors"));
const stored = (name: string): SafeTensor => {
  const found = tensors.get(name);
  if (!found) throw new Error(`[real-size] expected ${name} in the file, got none`);
  return found;
};
const [images, logits, decoded] = ["images", "logits", "decoded"].map((name) => toFloat32(stored(name)));
const ids = toInt32(stored("ids"));
const [count] = stored("images").shape;

const worst = { logits: 0, decoded: 0 };
const seconds = { encode: 0, decode: 0 };
const differing: string[] = [];
for (let image = 0; image < count; image++) scope(backend, () => compareImage(image));
const largest = logits.reduce((size, value) => Math.max(size, Math.abs(value)), 0);
const errors = { logits: worst.logits / largest, decoded: worst.decoded };
const failed = !(errors.logits < 1e-4 && errors.decoded < 1e-4) || differing.length > 0;
console.log(`${count} images: ${ids.length - differing.length} of ${ids.length} ids equal`);
for (const line of differing) console.log(line);
console.log(`logits: error ${errors.logits.toExponential(1)} of the largest, ${largest.toFixed(2)}`);
console.log(`decoded pixels in [0, 1]: error ${errors.decoded.toExponential(1)}`);
console.log(
  `simd: ${(seconds.encode / count).toFixed(2)} s an image to encode, ${(seconds.decode / count).toFixed(2)} s to decode`,
);
if (backend.fallbacks.size > 0) console.log(`fallbacks: ${[...backend.fallbacks].join(", ")}`);
backend.dispose();
process.exitCode = failed ? 1 : 0;

function officialFile(): Uint8Array {
  const official = new Map<string, SafeTensor>();
  for (const half of ["encoder", "decoder"]) {
    for (const [name, value] of readTorchFile(read(`${half}.pkl`)).tensors) official.set(`${half}.${name}`, value);
  }
  return writeSafetensors(official);
}

function compareImage(image: number): void {
  const [pixels, cells, vocabulary] = [112 * 112, 196, 8192];
  const view = tensor(
    channelsLast(images.subarray(image * 3 * pixels, (image + 1) * 3 * pixels), 3),
    [1, 112, 112, 3],
    backend,
  );
  const start = performance.now();
  const found = tokenLogits(tokenizer, view);
  const values = found.readSync();
  seconds.encode += (performance.now() - start) / 1000;
  const expected = logits.subarray(image * cells * vocabulary, (image + 1) * cells * vocabulary);
  worst.logits = Math.max(worst.logits, largestError(values, channelsLast(expected, vocabulary)));
  const tokens = tokenize(tokenizer, view);
  tokens.readSync().forEach((id, cell) => compareId(values, image, cell, id));
  compareDecoded(tokens, decoded.subarray(image * 3 * pixels, (image + 1) * 3 * pixels));
}

function compareId(values: HostArray, image: number, cell: number, id: number): void {
  const expected = ids[image * 196 + cell];
  if (id === expected) return;
  const margin = values[cell * 8192 + id] - values[cell * 8192 + expected];
  differing.push(`image ${image}, cell ${cell}: ${id} for ${expected}, by ${margin.toExponential(1)}`);
}

function compareDecoded(tokens: Tensor, expected: Float32Array): void {
  const start = performance.now();
  const pixels = detokenize(tokenizer, tokens).readSync();
  seconds.decode += (performance.now() - start) / 1000;
  worst.decoded = Math.max(worst.decoded, largestError(pixels, channelsLast(expected, 3)));
}

/** One image's [C, H W] as [H W, C]. */
function channelsLast(values: Float32Array, channels: number): Float32Array {
  const places = values.length / channels;
  return Float32Array.from(values, (_, i) => values[(i % channels) * places + Math.floor(i / channels)]);
}

function largestError(actual: HostArray, expected: Float32Array): number {
  let error = actual.length === expected.length ? 0 : Infinity;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]);
    error = Number.isNaN(difference) ? Infinity : Math.max(error, difference);
  }
  return error;
}

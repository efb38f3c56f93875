// Makes one model with random weights and pixels for it, and writes it in every form that a contestant reads. Runs in a
// process of its own. Prints one line of JSON.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openBeit, type BeitConfig } from "@beitjs/beit-encoder";
import { openTokenizerEncoder, type DallEConfig } from "@beitjs/dvae-tokenizer";
import { bytesSource } from "@beitjs/tensor-core/files";
import { heightWidth } from "@beitjs/tensor-core/grid";
import { createRng } from "@beitjs/tensor-core/random";
import { fromFloat32, writeSafetensors, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { beitToOnnx, tokenizerToOnnx } from "@beitjs/onnx";
import { encoderShapes, randomValues, tokenizerShapes } from "./parameter-shapes.ts";
import type { InferenceFiles } from "./settings.ts";

export type WriteModelRequest = {
  readonly folder: string;
  readonly config: DallEConfig | BeitConfig;
  readonly seed: number;
  /** Leaves the ONNX file out. */
  readonly weightsOnly?: boolean;
};

/** Side of a square of one color, in pixels. */
const SQUARE = 8;

const { folder, config, seed, weightsOnly } = JSON.parse(process.argv[2]) as WriteModelRequest;
const files: InferenceFiles = {
  weights: join(folder, "model.safetensors"),
  onnx: join(folder, "model.onnx"),
  pixels: join(folder, "pixels.f32"),
};
const weights = drawWeights();
writeFileSync(files.weights, weights);
writeFileSync(files.pixels, new Uint8Array(drawPixels().buffer));
if (!weightsOnly) writeFileSync(files.onnx, await toOnnx());
console.log(JSON.stringify(files));

function drawWeights(): Uint8Array {
  const shapes = "architecture" in config ? tokenizerShapes(config) : encoderShapes(config);
  const tensors = new Map<string, SafeTensor>();
  for (const [path, shape] of shapes) {
    const rng = createRng({ seed, index: tensors.size });
    tensors.set(path, fromFloat32(randomValues(path, shape, rng), shape));
  }
  return writeSafetensors(tensors, { "beitjs.config": JSON.stringify(config) });
}

// Squares of random colors, so that cells of the grid differ. A tokenizer expects values in [0, 1], an encoder about as
// many above 0 as below.
function drawPixels(): Float32Array {
  const { channels } = config;
  const { height, width } = heightWidth(config.imageSize);
  const rng = createRng({ seed, stream: 1 });
  const [scale, shift] = "architecture" in config ? [1, 0] : [4, -2];
  const [rows, squares] = [Math.ceil(height / SQUARE), Math.ceil(width / SQUARE)];
  const colors = Float32Array.from({ length: rows * squares * channels }, () => rng.uniform());
  return Float32Array.from({ length: height * width * channels }, (_, i) => {
    const [pixel, channel] = [Math.floor(i / channels), i % channels];
    const [row, column] = [Math.floor(pixel / width / SQUARE), Math.floor((pixel % width) / SQUARE)];
    return scale * (0.9 * colors[(row * squares + column) * channels + channel] + 0.1 * rng.uniform()) + shift;
  });
}

async function toOnnx(): Promise<Uint8Array> {
  const backend = await createSimdBackend({ threads: 1 });
  const source = bytesSource(weights, "model.safetensors");
  if (!("architecture" in config)) return beitToOnnx((await openBeit(source, backend)).beit, { output: "features" });
  return tokenizerToOnnx((await openTokenizerEncoder(source, backend)).tokenizer);
}

// Writes the first weights and all batches of a training into a folder. Runs in a process of its own. Prints one line of JSON.
import { writeFileSync } from "node:fs";
import { gridOf, initBeit } from "@beitjs/beit-encoder";
import { blockwiseMask } from "@beitjs/masking";
import { leaves, type Tensor } from "@beitjs/tensor-core";
import { cellCount, heightWidth } from "@beitjs/tensor-core/grid";
import { createRng, streams, type Rng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { fromFloat32, writeSafetensors, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import { curveFiles, curveSeeds, type CurveSettings } from "./settings.ts";

export type WriteInputsRequest = CurveSettings & { readonly folder: string };

const { folder, model, batch, masked, steps } = JSON.parse(process.argv[2]) as WriteInputsRequest;
const { patchSize, channels } = model;
const { height: imageHeight, width: imageWidth } = heightWidth(model.imageSize);
/** Rectangles of one color in an image, on a background of another. */
const RECTANGLES = 3;
const NOISE = 0.05;

const grid = gridOf(model);
const files = curveFiles(folder);
curveSeeds.forEach((seed, i) => writeFileSync(files.weights[i], firstWeights(seed)));
const images = Array.from({ length: steps * batch }, (_, index) =>
  drawImage(createRng({ seed: 1, stream: streams.user, index })),
);
const masks = images.map((_, index) =>
  blockwiseMask(
    grid,
    { variant: "exact", count: masked, minBlock: 4 },
    createRng({ seed: 1, stream: streams.mask, index }),
  ),
);
const targets = images.flatMap((image, i) => colorsOf(image).filter((_, patch) => masks[i].cells[patch] === 1));
writeFileSync(files.pixels, Buffer.concat(images.map((image) => new Uint8Array(image.buffer))));
writeFileSync(files.masks, Buffer.concat(masks.map(({ cells }) => cells)));
writeFileSync(files.targets, new Uint8Array(Int32Array.from(targets).buffer));
console.log(JSON.stringify(files));

function firstWeights(seed: number): Uint8Array {
  const { params } = initBeit(model, createRng({ seed, stream: streams.parameters }), createReferenceBackend());
  const tensors = new Map<string, SafeTensor>();
  for (const [path, leaf] of leaves<Tensor>(params))
    tensors.set(path, fromFloat32(Float32Array.from(leaf.readSync()), leaf.shape));
  return writeSafetensors(tensors);
}

// [H, W, C], values about in [-1, 1].
function drawImage(rng: Rng): Float32Array {
  const color = (): number[] => Array.from({ length: channels }, () => rng.uniform() * 2 - 1);
  const pixels = new Float32Array(imageHeight * imageWidth * channels);
  const fill = (values: readonly number[], [top, left, height, width]: readonly number[]): void => {
    for (let row = top; row < Math.min(imageHeight, top + height); row++)
      for (let column = left; column < Math.min(imageWidth, left + width); column++)
        pixels.set(values, (row * imageWidth + column) * channels);
  };
  fill(color(), [0, 0, imageHeight, imageWidth]);
  for (let i = 0; i < RECTANGLES; i++)
    fill(color(), [rng.integer(imageHeight), rng.integer(imageWidth), 8 + rng.integer(16), 8 + rng.integer(16)]);
  return pixels.map((value) => value + NOISE * rng.normal());
}

// The mean color of every patch, eight steps a channel.
function colorsOf(image: Float32Array): number[] {
  return Array.from({ length: cellCount(grid) }, (_, patch) => {
    const [top, left] = [Math.floor(patch / grid.cols) * patchSize, (patch % grid.cols) * patchSize];
    let token = 0;
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0;
      for (let i = 0; i < patchSize ** 2; i++) {
        const [row, column] = [top + Math.floor(i / patchSize), left + (i % patchSize)];
        sum += image[(row * imageWidth + column) * channels + channel];
      }
      token = token * 8 + Math.max(0, Math.min(7, Math.floor((sum / patchSize ** 2 + 1) * 4)));
    }
    return token;
  });
}

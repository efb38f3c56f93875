// A published model in a folder of the user's against its published logits.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  classLogits,
  encode,
  evalViewFields,
  openBeit,
  patchCount,
  visualTokenLogits,
  type Beit,
} from "@beitjs/beit-encoder";
import { scope, tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { imageShape } from "@beitjs/tensor-core/grid";
import { openFile } from "@beitjs/tensor-core/files/node";
import { evalView } from "@beitjs/trainers";
import { readImage } from "@beitjs/trainers/node";
import type { Golden } from "./goldens.ts";

export type Measured = {
  /** As many logits as the golden has, and the largest difference from them. */
  readonly logits: readonly (readonly number[])[];
  readonly error: number;
  readonly best: number;
};

/** Where a model lies in the folder, under any of its names; undefined if it is not there. */
export function findModel(folder: string, { names }: Golden): string | undefined {
  const there = new Set(readdirSync(folder));
  const name = names.find((one) => there.has(one));
  return name === undefined ? undefined : join(folder, name);
}

/** Runs the model on the image; a pre-training model with all patches masked. */
export async function measure(
  path: string,
  { golden, image, backend }: { readonly golden: Golden; readonly image: string; readonly backend: Backend },
): Promise<Measured> {
  const beit = await open(path, backend);
  const { imageSize, classes, vocabSize } = beit.config;
  const half = [0.5, 0.5, 0.5];
  const view = evalViewFields({ filter: "bilinear", size: imageSize, fit: "square", crop: 0, mean: half, std: half });
  const pixels = evalView(await readImage(image), view);
  const logits = scope(backend, () => {
    const input = tensor(pixels, imageShape(1, beit.config), backend);
    return classes > 0 ? classLogits(beit, encode(beit, input)) : maskedLogits(beit, input);
  });
  const values = await logits.read();
  const width = classes > 0 ? classes : vocabSize;
  const found = golden.logits.map((row, i) => row.map((_, j) => values[i * width + j]));
  const error = Math.max(...found.flatMap((row, i) => row.map((value, j) => Math.abs(value - golden.logits[i][j]))));
  return { logits: found, error, best: values.indexOf(Math.max(...values)) };
}

function maskedLogits(beit: Beit, input: Tensor): Tensor {
  const mask = { cells: new Uint8Array(patchCount(beit.config)).fill(1) };
  return visualTokenLogits(beit, encode(beit, input, { mask }));
}

async function open(path: string, backend: Backend): Promise<Beit> {
  const paths = statSync(path).isDirectory()
    ? readdirSync(path)
        .filter((name) => /\.(json|safetensors|bin)$/.test(name))
        .map((name) => join(path, name))
    : [path];
  const files = await Promise.all(paths.map((one) => openFile(one)));
  try {
    return (await openBeit(files, backend)).beit;
  } finally {
    for (const file of files) await file.close();
  }
}

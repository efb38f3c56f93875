// Compares what ours computes of the models that make.py wrote with torch in float64, beside torch in float32; see README.md.
//   npm run build && node --import jiti/register tools/random-models/compare.ts FOLDER [--backend simd|reference]
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  classLogits,
  encode,
  openBeit,
  pooledFeatures,
  visualTokenLogits,
  type Beit,
  type BeitConfig,
} from "@beitjs/beit-encoder";
import { scope, tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { openFile } from "@beitjs/tensor-core/files/node";
import { layerNorm } from "@beitjs/tensor-core/nn";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { readSafetensors, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import { createSimdBackend } from "@beitjs/tensor-core/simd";

type Model = {
  readonly folder: string;
  readonly kind: string;
  readonly dtype: string;
  readonly storage: string;
  /** What the files do not say. */
  readonly known: Partial<BeitConfig>;
};
type Measured = { readonly model: Model; readonly output: string; readonly ours: number; readonly torch: number };

/** How much larger than torch's own error ours may be. */
const most = 10;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { backend: { type: "string", default: "simd" } },
});
const [folder = "."] = positionals;
const backend = values.backend === "reference" ? createReferenceBackend() : await createSimdBackend({ threads: 1 });
const models = JSON.parse(readFileSync(join(folder, "models.json"), "utf8")) as readonly Model[];
const measured: Measured[] = [];
const failed: string[] = [];
for (const model of models) {
  try {
    measured.push(...(await measure(model, backend)));
  } catch (error) {
    failed.push(`${model.folder} ${model.kind}, ${model.dtype}, ${model.storage}: ${(error as Error).message}`);
  }
}
report(measured);
for (const line of failed) process.stdout.write(`failed: ${line}\n`);
const worst = [...measured].sort((a, b) => b.ours / b.torch - a.ours / a.torch).slice(0, 3);
for (const one of worst) process.stdout.write(`largest ratio: ${described(one)}\n`);
const beyond = measured.filter(({ ours, torch }) => !(ours / torch <= most));
for (const one of beyond) process.stdout.write(`beyond: ${described(one)}\n`);
process.exitCode = failed.length + beyond.length > 0 ? 1 : 0;

function described({ model, output, ours, torch }: Measured): string {
  const errors = `${ours.toExponential(1)} where torch has ${torch.toExponential(1)}`;
  return `${model.folder} ${model.kind}, ${model.dtype}, ${model.storage}, ${output}: ${errors}`;
}

async function measure(model: Model, on: Backend): Promise<Measured[]> {
  const place = join(folder, model.folder, "model");
  const files = await Promise.all(readdirSync(place).map((name) => openFile(join(place, name))));
  const { beit } = await openBeit(files, on, { config: model.known }).finally(() =>
    Promise.all(files.map((file) => file.close())),
  );
  const { tensors } = readSafetensors(readFileSync(join(folder, model.folder, "outputs.safetensors")));
  const stored = (name: string) => tensors.get(name) as SafeTensor;
  const mask = tensors.get("mask");
  const names = [...tensors.keys()].filter((name) => name.startsWith("float64.")).map((name) => name.slice(8));
  return scope(on, () => {
    const pixels = channelsLast(stored("pixels"), on);
    return {
      found: names.map((output): Measured => {
        const exact = numbersOf(stored(`float64.${output}`));
        const got = outputOf(output, beit, pixels, mask).readSync();
        const torch = relativeError(numbersOf(stored(`float32.${output}`)), exact);
        return { model, output, ours: relativeError(got, exact), torch };
      }),
    };
  }).found;
}

function outputOf(name: string, beit: Beit, pixels: Tensor, mask: SafeTensor | undefined): Tensor {
  const patches = mask?.shape[1] ?? 0;
  const masks = Array.from({ length: mask?.shape[0] ?? 0 }, (_, image) => ({
    cells: mask?.data.slice(image * patches, (image + 1) * patches) ?? new Uint8Array(),
  }));
  const encoded = encode(beit, pixels, name === "masked" ? { mask: masks } : {});
  switch (name) {
    case "tokens":
      return encoded;
    case "normalized":
      return layerNorm(encoded, beit.params.norm as NonNullable<Beit["params"]["norm"]>, beit.config);
    case "pooled":
      return pooledFeatures(beit, encoded);
    default:
      return beit.config.classes > 0 ? classLogits(beit, encoded) : visualTokenLogits(beit, encoded);
  }
}

// [B, C, H, W] -> [B, H, W, C]
function channelsLast(pixels: SafeTensor, on: Backend): Tensor {
  const [batch, channels, height, width] = pixels.shape;
  const from = numbersOf(pixels);
  const plane = height * width;
  const data = Float32Array.from({ length: from.length }, (_, i) => {
    const [pixel, channel] = [Math.floor(i / channels), i % channels];
    return from[(Math.floor(pixel / plane) * channels + channel) * plane + (pixel % plane)];
  });
  return tensor(data, [batch, height, width, channels], on);
}

function numbersOf({ dtype, data }: SafeTensor): Float64Array | Float32Array {
  const { buffer } = data.slice();
  return dtype === "F64" ? new Float64Array(buffer) : new Float32Array(buffer);
}

/** The largest difference over the largest value. */
function relativeError(got: ArrayLike<number>, exact: ArrayLike<number>): number {
  if (got.length !== exact.length) throw new Error(`expected ${exact.length} values, got ${got.length}`);
  let [error, size] = [0, 0];
  for (let i = 0; i < exact.length; i++) {
    const difference = Math.abs(got[i] - exact[i]);
    error = difference <= error ? error : difference; // NaN counts
    size = Math.max(size, Math.abs(exact[i]));
  }
  return error / size;
}

function report(all: readonly Measured[]): void {
  const row = (name: string, some: readonly Measured[]) => {
    const ratios = sorted(some.map(({ ours, torch }) => ours / torch));
    const models = new Set(some.map(({ model }) => model.folder)).size;
    const largest = (of: "ours" | "torch") => Math.max(...some.map((one) => one[of])).toExponential(1);
    const cells = [
      name,
      models,
      some.length,
      ratios[ratios.length >> 1].toFixed(2),
      ratios[ratios.length - 1].toFixed(2),
    ];
    process.stdout.write(`| ${[...cells, largest("ours"), largest("torch")].join(" | ")} |\n`);
  };
  process.stdout.write("|  | models | outputs | median ratio | largest ratio | largest error | torch's |\n");
  process.stdout.write("| --- | --- | --- | --- | --- | --- | --- |\n");
  for (const by of ["kind", "dtype", "storage"] as const) {
    for (const name of new Set(all.map(({ model }) => model[by]))) {
      row(
        name,
        all.filter(({ model }) => model[by] === name),
      );
    }
  }
  row("all", all);
}

function sorted(numbers: readonly number[]): number[] {
  return [...numbers].sort((a, b) => a - b);
}

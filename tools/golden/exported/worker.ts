// Writes every model as <name>.onnx, inputs and our outputs as <name>.safetensors, with the names of its original as
// <name>.official.safetensors, and BEiTs also as Hugging Face folders; of open sizes <name>.at-<height>x<width>.safetensors for
// each, of 16 bits the parameters before they were rounded as <name>.parameters.safetensors.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beitToOfficial, beitVariants, saveOfficialBeit, toHuggingFace, type BeitConfig } from "@beitjs/beit-encoder";
import {
  detokenize,
  dvaeVariants,
  saveOfficialTokenizer,
  tokenizerToOfficial,
  type DvaeConfig,
} from "@beitjs/dvae-tokenizer";
import type { Backend } from "@beitjs/tensor-core";
import { heightWidth, type ImageSize } from "@beitjs/tensor-core/grid";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { fromFloat32, fromInt32, writeSafetensors, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { beitToOnnx, tokenizerToOnnx } from "@beitjs/onnx";
import { beitAt, expectedOfBeit, expectedOfTokenizer, tokenizerAt, type Outputs } from "./expected.ts";
import {
  beitCases,
  buildBeit,
  buildTokenizer,
  channelsFirstShape,
  configAt,
  maskFor,
  pixelsFor,
  tokenizerCases,
  type BeitCase,
  type Case,
} from "./models.ts";

type Settings = { readonly folder: string; readonly size: "small" | "real" | "large" };
type Inputs = Readonly<Record<string, SafeTensor>>;

const base: BeitConfig = { ...beitVariants.base, relativePositions: "per-layer", vocabSize: 0, classes: 1000 };
const sets: Record<Settings["size"], readonly [Record<string, BeitCase>, Record<string, Case<DvaeConfig>>]> = {
  small: [beitCases, tokenizerCases],
  real: [{ "base-classifier": { output: "logits", config: base } }, { "dall-e": { config: dvaeVariants["dall-e"] } }],
  // Above two gigabytes if the biases of the layers were stored instead of their tables.
  large: [
    {
      "large-512-classifier": {
        output: "logits",
        config: { ...base, width: 1024, depth: 24, heads: 16, imageSize: 512, layerScale: 1e-5 },
      },
    },
    {},
  ],
};

const { folder, size } = JSON.parse(process.argv[2]) as Settings;
const backend: Backend = size === "small" ? createReferenceBackend() : await createSimdBackend({ threads: 2 });
const batch = size === "small" ? 2 : 1;
const [beits, tokenizers] = sets[size];
const report: Record<string, object> = {};
mkdirSync(folder, { recursive: true });
for (const [name, found] of Object.entries(beits)) await exportBeit(name, found);
for (const [name, found] of Object.entries(tokenizers)) await exportTokenizer(name, found);
backend.dispose();
console.log(JSON.stringify(report));

async function exportBeit(name: string, found: BeitCase): Promise<void> {
  const { output, config, half, sizes, resizing } = found;
  const beit = buildBeit(config, backend);
  const start = performance.now();
  const bytes = await beitToOnnx(beit, { output, half, openSize: sizes !== undefined, resizing });
  const exportMs = performance.now() - start;
  // transformers has no mean of normalized patches.
  const beyond = config.pooling === "mean" && config.poolingNorm === "before";
  if (size !== "large" && !beyond && !half) {
    mkdirSync(join(folder, name), { recursive: true });
    for (const [file, content] of Object.entries(await toHuggingFace(beit))) {
      writeFileSync(join(folder, name, file), content);
    }
  }
  if (output === "logits" && !half && !sizes) writeFileSync(officialFile(name), await saveOfficialBeit(beit));
  for (const seen of [undefined, ...(sizes ?? [])]) {
    const model = await beitAt(beit, found, seen);
    const inputs = beitInputs(output, { ...config, imageSize: seen ?? config.imageSize });
    const run = (): Outputs => expectedOfBeit(model, output, batch, seen);
    write(runFile(name, seen), { inputs, run, ...(seen === undefined && { bytes, exportMs }) });
  }
  if (half)
    writeParameters(
      name,
      [...(await beitToOfficial(beit))].map(([key, { data, shape }]) => [key, fromFloat32(data, shape)]),
    );
}

function beitInputs(output: BeitCase["output"], config: BeitConfig): Inputs {
  const pixels = fromFloat32(pixelsFor(config, batch, "signed"), channelsFirstShape(batch, config));
  if (output === "features" || config.vocabSize === 0) return { pixel_values: pixels };
  const cells = maskFor(configAt(config, config.imageSize), batch);
  return { pixel_values: pixels, bool_masked_pos: fromInt32(cells, [batch, cells.length / batch]) };
}

async function exportTokenizer(name: string, found: Case<DvaeConfig>): Promise<void> {
  const { config, half, sizes } = found;
  const tokenizer = buildTokenizer(config, backend);
  const start = performance.now();
  const bytes = await tokenizerToOnnx(tokenizer, { half, openSize: sizes !== undefined });
  const exportMs = performance.now() - start;
  if (!half && !sizes) writeFileSync(officialFile(name), await saveOfficialTokenizer(tokenizer));
  for (const seen of [undefined, ...(sizes ?? [])]) {
    const model = await tokenizerAt(tokenizer, found, seen);
    const pixels = fromFloat32(pixelsFor(model.config, batch, "unit"), channelsFirstShape(batch, model.config));
    const run = (): Outputs => {
      const outputs = expectedOfTokenizer(model, batch);
      return { ...outputs, decoded: detokenize(model, outputs["ids"]) };
    };
    write(runFile(name, seen), { inputs: { pixels }, run, ...(seen === undefined && { bytes, exportMs }) });
  }
  if (half) writeParameters(name, [...(await tokenizerToOfficial(tokenizer))]);
}

// Of images that are not the model's own size, beside the file's own run.
function runFile(name: string, size: ImageSize | undefined): string {
  if (size === undefined) return name;
  const { height, width } = heightWidth(size);
  return `${name}.at-${height}x${width}`;
}

// What was rounded, before it was.
function writeParameters(name: string, parameters: Iterable<readonly [string, SafeTensor]>): void {
  writeFileSync(join(folder, `${name}.parameters.safetensors`), writeSafetensors(parameters));
}

function officialFile(name: string): string {
  return join(folder, `${name}.official.safetensors`);
}

type Exported = {
  readonly inputs: Inputs;
  /** Of the first run of a file. */
  readonly bytes?: Uint8Array;
  readonly exportMs?: number;
  run(): Outputs;
};

function write(name: string, { inputs, run, bytes, exportMs }: Exported): void {
  const tensors: [string, SafeTensor][] = Object.entries(inputs).map(([key, value]) => [`input.${key}`, value]);
  run(); // Packs the weights.
  const start = performance.now();
  const outputs = run();
  const ourMs = performance.now() - start;
  for (const [key, value] of Object.entries(outputs)) {
    const values = value.readSync();
    const stored =
      values instanceof Int32Array
        ? fromInt32(values, value.shape)
        : fromFloat32(Float32Array.from(values), value.shape);
    tensors.push([`expected.${key}`, stored]);
  }
  writeFileSync(join(folder, `${name}.safetensors`), writeSafetensors(tensors));
  if (!bytes) return;
  writeFileSync(join(folder, `${name}.onnx`), bytes);
  report[name] = { bytes: bytes.length, exportMs: Math.round(exportMs ?? 0), ourMs: Math.round(ourMs) };
}

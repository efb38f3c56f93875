// Writes every model as <name>.onnx, inputs and our outputs as <name>.safetensors, with the names of its original as
// <name>.official.safetensors, and BEiTs also as Hugging Face folders.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beitVariants, saveOfficialBeit, toHuggingFace, type BeitConfig } from "@beitjs/beit-encoder";
import { detokenize, dvaeVariants, saveOfficialTokenizer, type DvaeConfig } from "@beitjs/dvae-tokenizer";
import type { Backend } from "@beitjs/tensor-core";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { fromFloat32, fromInt32, writeSafetensors, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { beitToOnnx, tokenizerToOnnx } from "@beitjs/onnx";
import { expectedOfBeit, expectedOfTokenizer, type Outputs } from "./expected.ts";
import {
  beitCases,
  buildBeit,
  buildTokenizer,
  channelsFirstShape,
  maskFor,
  pixelsFor,
  tokenizerCases,
  type BeitCase,
} from "./models.ts";

type Settings = { readonly folder: string; readonly size: "small" | "real" | "large" };
type Inputs = Readonly<Record<string, SafeTensor>>;

const base: BeitConfig = { ...beitVariants.base, relativePositions: "per-layer", vocabSize: 0, classes: 1000 };
const sets: Record<Settings["size"], readonly [Record<string, BeitCase>, Record<string, DvaeConfig>]> = {
  small: [beitCases, tokenizerCases],
  real: [{ "base-classifier": { output: "logits", config: base } }, { "dall-e": dvaeVariants["dall-e"] }],
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
for (const [name, config] of Object.entries(tokenizers)) await exportTokenizer(name, config);
backend.dispose();
console.log(JSON.stringify(report));

async function exportBeit(name: string, { output, config }: BeitCase): Promise<void> {
  const beit = buildBeit(config, backend);
  const start = performance.now();
  const bytes = await beitToOnnx(beit, { output });
  const exportMs = performance.now() - start;
  const pixels = pixelsFor(config, batch, "signed");
  const inputs: Record<string, SafeTensor> = {
    pixel_values: fromFloat32(pixels, channelsFirstShape(batch, config)),
  };
  if (output === "logits" && config.vocabSize > 0) {
    const cells = maskFor(config, batch);
    inputs.bool_masked_pos = fromInt32(cells, [batch, cells.length / batch]);
  }
  // transformers has no mean of normalized patches.
  const beyond = config.pooling === "mean" && config.poolingNorm === "before";
  if (size !== "large" && !beyond) {
    mkdirSync(join(folder, name), { recursive: true });
    for (const [file, content] of Object.entries(await toHuggingFace(beit))) {
      writeFileSync(join(folder, name, file), content);
    }
  }
  if (output === "logits") writeFileSync(officialFile(name), await saveOfficialBeit(beit));
  write(name, { bytes, inputs, exportMs, run: () => expectedOfBeit(beit, output, batch) });
}

async function exportTokenizer(name: string, config: DvaeConfig): Promise<void> {
  const tokenizer = buildTokenizer(config, backend);
  const start = performance.now();
  const bytes = await tokenizerToOnnx(tokenizer);
  const exportMs = performance.now() - start;
  const pixels = fromFloat32(pixelsFor(config, batch, "unit"), channelsFirstShape(batch, config));
  writeFileSync(officialFile(name), await saveOfficialTokenizer(tokenizer));
  const run = (): Outputs => {
    const outputs = expectedOfTokenizer(tokenizer, batch);
    return { ...outputs, decoded: detokenize(tokenizer, outputs["ids"]) };
  };
  write(name, { bytes, inputs: { pixels }, exportMs, run });
}

function officialFile(name: string): string {
  return join(folder, `${name}.official.safetensors`);
}

type Exported = {
  readonly bytes: Uint8Array;
  readonly inputs: Inputs;
  readonly exportMs: number;
  run(): Outputs;
};

function write(name: string, { bytes, inputs, exportMs, run }: Exported): void {
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
  writeFileSync(join(folder, `${name}.onnx`), bytes);
  writeFileSync(join(folder, `${name}.safetensors`), writeSafetensors(tensors));
  report[name] = { bytes: bytes.length, exportMs: Math.round(exportMs), ourMs: Math.round(ourMs) };
}

// Facts as text: a line a fact, then the tensors in columns.
import { tokenizerOrigins } from "@beitjs/dvae-tokenizer";
import { firstOf } from "@beitjs/tensor-core/files";
import { formatSize } from "@beitjs/tensor-core/grid";
import type { CheckpointFacts } from "./checkpoint-facts.ts";
import { describeHeads, describeWeights } from "../models/open-beit.ts";
import { describeOrigin } from "../models/origins.ts";
import { describeNormalization } from "../models/normalization.ts";
import { printable } from "../program/printable.ts";
import { countDtypes, type DtypeFacts, type FileFacts, type TensorFacts } from "./file-facts.ts";
import type { ModelFacts } from "./model-facts.ts";
import type { TreeFacts } from "./tree-facts.ts";

const labelWidth = 15;
const mostLabels = 5;
const mostCharacters = 120;

/** A file, with what it holds where it is a model of its own. */
export function formatFile(file: FileFacts, model?: ModelFacts): string[] {
  const {
    bytes,
    description,
    sha256,
    problem,
    tensors,
    dtypes = [],
    values = 0,
    metadata = {},
    tree,
    setAside = {},
  } = file;
  return [
    file.name,
    line("format", description),
    line("size", formatBytes(bytes)),
    ...(sha256 === undefined ? [] : [line("SHA-256", sha256)]),
    ...(problem === undefined ? [] : [line("problem", problem)]),
    ...(model ? formatModel(model) : []),
    ...(tensors ? [line("tensors", `${count(tensors.length)}, ${count(values)} floating-point values`)] : []),
    ...dtypes.map(formatDtype),
    ...formatSetAside(Object.entries(setAside)),
    ...Object.entries(metadata).map(([key, value]) => line(`metadata ${key}`, shortened(value))),
    ...(tree === undefined ? [] : formatTree(tree)),
    ...(tensors && tensors.length > 0 ? ["", ...formatTensors(tensors)] : []),
    "",
  ];
}

export function formatModel(model: ModelFacts): string[] {
  if (model.kind === "other") return [line("holds", "no BEiT and no tokenizer")];
  if (model.kind === "damaged") return [line("holds", `a ${model.what} that cannot be used: ${model.problem}`)];
  if (model.kind === "tokenizer-decoder") {
    return [line("holds", "the decoder of a tokenizer (OpenAI); its encoder.pkl belongs to it")];
  }
  const { config } = model;
  const settings = line("config", pairs(config));
  if (model.kind === "tokenizer") {
    const what = `a tokenizer (${tokenizerOrigins[model.origin].title}), ${model.parts}: ${config.vocabSize} visual tokens, images of ${formatSize(config.imageSize)} pixels`;
    return [line("holds", what), settings, line("parameters", count(model.parameters))];
  }
  const { labels, preprocessing, parameters, unused } = model;
  return [
    line(
      "holds",
      `${describeOrigin(model.origin)}: ${headOf(model.config)}, images of ${formatSize(config.imageSize)} pixels`,
    ),
    settings,
    ...(model.guessed.includes("heads") ? [line("heads", describeHeads(model.config))] : []),
    ...(model.weights ? [line("weights", describeWeights(model.weights))] : []),
    line("parameters", count(parameters)),
    ...(model.config.classes > 0 ? [line("labels", labels ? formatLabels(labels) : "none")] : []),
    line("preprocessing", pairs(preprocessing)),
    line("normalization", describeNormalization(model)),
    ...(unused.length > 0 ? [line("not used", firstOf(unused))] : []),
  ];
}

export function formatCheckpoint(
  path: string,
  { checkpoint, steps, best, manifest, preprocessing, normalization, files, problem }: CheckpointFacts,
): string[] {
  const tensors = files.find(({ name }) => name.endsWith("model.safetensors"))?.tensors ?? [];
  return [
    path,
    line("format", steps ? "a run folder of ours" : "a checkpoint of ours"),
    ...(steps ? [line("checkpoints", `steps ${steps.join(", ")}; here: ${checkpoint}`)] : []),
    ...(best ? [line("best", `step ${best.step}: ${best.path}`)] : []),
    ...(problem === undefined ? [] : [line("problem", problem)]),
    ...(manifest
      ? [
          line("stage", manifest.stage),
          line("step", `${manifest.step} (epoch ${manifest.position.epoch}, batch ${manifest.position.batch})`),
          line("model", pairs(manifest.model)),
          line("recipe", pairs(manifest.recipe, ["stage", "model"])),
        ]
      : []),
    ...(preprocessing && normalization
      ? [line("normalization", describeNormalization({ preprocessing, normalization }))]
      : []),
    ...files.flatMap(({ name, bytes, sha256, sound }) => [
      line("file", `${name.slice(checkpoint.length + 1)}, ${formatBytes(bytes)}${sound ? "" : ", damaged"}`),
      ...(sha256 === undefined ? [] : [line("  SHA-256", sha256)]),
    ]),
    ...countDtypes(tensors).map(formatDtype),
    ...(tensors.length > 0 ? ["", ...formatTensors(tensors)] : []),
    "",
  ];
}

function formatSetAside(setAside: readonly (readonly [name: string, what: string])[]): string[] {
  return setAside.length > 0 ? [line("set aside", firstOf(setAside.map(([name, what]) => `${name} (${what})`)))] : [];
}

/** A size in bytes, and in a unit to read where there are many. */
function formatBytes(bytes: number): string {
  const exact = `${count(bytes)} ${bytes === 1 ? "byte" : "bytes"}`;
  if (bytes < 2 ** 20) return exact;
  return bytes < 2 ** 30
    ? `${exact} (${(bytes / 2 ** 20).toFixed(1)} MiB)`
    : `${exact} (${(bytes / 2 ** 30).toFixed(2)} GiB)`;
}

function headOf({ classes, vocabSize }: { readonly classes: number; readonly vocabSize: number }): string {
  if (classes > 0) return `a classifier of ${classes} classes`;
  return vocabSize > 0 ? `a pre-training model of ${vocabSize} visual tokens` : "an encoder without a head";
}

function formatLabels(labels: readonly string[]): string {
  const more = labels.length > mostLabels ? ", …" : "";
  return `${labels.length}: ${labels.slice(0, mostLabels).join(", ")}${more}`;
}

function formatDtype({ dtype, tensors, bytes }: DtypeFacts): string {
  return line(`  ${dtype}`, `${count(tensors)} ${tensors === 1 ? "tensor" : "tensors"}, ${formatBytes(bytes)}`);
}

function formatTree(tree: TreeFacts): string[] {
  if (typeof tree !== "object" || tree === null) return [line("tree", String(tree))];
  return Object.entries(tree).flatMap(([key, value], i) => {
    const label = i === 0 ? "tree" : "";
    if (typeof value !== "object" || value === null) return [line(label, `${key}: ${String(value)}`)];
    const fields = Object.entries(value).map(([name, one]) => line("", `  ${name} = ${String(one)}`));
    return [line(label, `${key}:`), ...fields];
  });
}

function formatTensors(tensors: readonly TensorFacts[]): string[] {
  const rows = [
    ["tensor", "dtype", "shape"],
    ...tensors.map(({ name, dtype, shape }) => [printable(name), dtype, `[${shape.join(", ")}]`]),
  ];
  const widths = [0, 1].map((column) => rows.reduce((most, row) => Math.max(most, row[column].length), 0));
  return rows.map(([name, dtype, shape]) => `  ${name.padEnd(widths[0])}  ${dtype.padEnd(widths[1])}  ${shape}`);
}

function pairs(fields: object, without: readonly string[] = []): string {
  return Object.entries(fields)
    .filter(([key]) => !without.includes(key))
    .map(([key, value]) => `${key} ${typeof value === "object" ? JSON.stringify(value) : String(value)}`)
    .join(", ");
}

function line(label: string, text: string): string {
  return `  ${printable(label).padEnd(labelWidth)} ${printable(text)}`.trimEnd();
}

function shortened(text: string): string {
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters)}… (${count(text.length)} characters)` : text;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

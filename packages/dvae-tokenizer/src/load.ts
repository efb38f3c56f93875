// Weight files to tokenizers: our own safetensors (the config is in their metadata) and the parameter names of
// openai/DALL-E, microsoft/unilm's dVAE and DALLE-pytorch. PyTorch keeps filters [out, in, k, k], we [out, k, k, in].
import { fillTree, leaves, zeros, type Backend, type Tensor } from "@beitjs/tensor-core";
import { readSafetensors, toFloat32, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import { validateDvaeConfig, type DallEConfig, type DvaeConfig, type StridedConfig } from "./config.ts";
import type { InitConv } from "./init-conv.ts";
import { buildTokenizer, type Tokenizer } from "./tokenizer.ts";

/** How an official tensor lies in memory: a filter, a transposed filter, a table, a table stored as a 1x1 filter, a vector. */
export type OfficialLayout = "filter" | "transposed-filter" | "table" | "filter-as-table" | "vector";
export type OfficialName = { readonly official: string; readonly path: string; readonly layout: OfficialLayout };

/**
 * A tokenizer from a safetensors file: one of ours, or one with official names if `config` says which network it is.
 *
 * @throws if neither the file nor the options hold a config, or if tensors are missing, unexpected or misshapen
 */
export function loadTokenizer(
  bytes: Uint8Array,
  backend: Backend,
  options: { readonly config?: DvaeConfig } = {},
): Tokenizer {
  const { tensors, metadata } = readSafetensors(bytes);
  const config = options.config ?? storedConfig(metadata);
  const tokenizer = blankTokenizer(config, backend);
  const names = officialNames(config);
  const foreign = names.some(({ official }) => tensors.has(official));
  fillTree(tokenizer.params, foreign ? fromOfficial(tensors, names) : tensors, { user: "loadTokenizer" });
  return tokenizer;
}

/** The tensors of a tokenizer under their official names and in PyTorch's layout. */
export async function tokenizerToOfficial({ config, params }: Tokenizer): Promise<Map<string, SafeTensor>> {
  const byPath = new Map(leaves<Tensor>(params));
  const out = new Map<string, SafeTensor>();
  for (const { official, path, layout } of officialNames(config)) {
    const tensor = byPath.get(path) as Tensor;
    const values = Float32Array.from(await tensor.read());
    out.set(
      official,
      permute(values, tensor.shape, toOfficialAxes[layout], layout === "filter-as-table" ? [1, 1] : []),
    );
  }
  return out;
}

/** Every parameter of a config: official name, our path, layout. */
export function officialNames(config: DvaeConfig): readonly OfficialName[] {
  return config.architecture === "dall-e" ? dallENames(config) : stridedNames(config);
}

function dallENames({ groups, blocksPerGroup, ...config }: DallEConfig): OfficialName[] {
  const conv = (official: string, path: string): OfficialName[] => [
    { official: `${official}.w`, path: `${path}.filter`, layout: "filter" },
    { official: `${official}.b`, path: `${path}.bias`, layout: "vector" },
  ];
  const half = (name: "encoder" | "decoder"): OfficialName[] =>
    Array.from({ length: groups * blocksPerGroup }, (_, i) => {
      const [group, block] = [Math.floor(i / blocksPerGroup), i % blocksPerGroup];
      const official = `${name}.blocks.group_${group + 1}.block_${block + 1}`;
      const path = `${name}.groups.${group}.${block}`;
      const widthChanges =
        block === 0 &&
        (name === "encoder" ? group > 0 : group > 0 || config.codebookWidth !== config.hidden * 2 ** (groups - 1));
      return [
        ...[1, 2, 3, 4].flatMap((n) => conv(`${official}.res_path.conv_${n}`, `${path}.conv${n}`)),
        ...(widthChanges ? conv(`${official}.id_path`, `${path}.identity`) : []),
      ];
    }).flat();
  return [
    ...conv("encoder.blocks.input", "encoder.input"),
    ...half("encoder"),
    ...conv("encoder.blocks.output.conv", "encoder.output"),
    { official: "decoder.blocks.input.w", path: "codebook.table", layout: "filter-as-table" },
    { official: "decoder.blocks.input.b", path: "codebook.bias", layout: "vector" },
    ...half("decoder"),
    ...conv("decoder.blocks.output.conv", "decoder.output"),
  ];
}

function stridedNames({ layers, blocksPerStage, middleBlocks }: StridedConfig): OfficialName[] {
  const names: OfficialName[] = [{ official: "codebook.weight", path: "codebook.table", layout: "table" }];
  const conv = (official: string, path: string, layout: OfficialLayout = "filter"): void => {
    names.push({ official: `${official}.weight`, path: `${path}.filter`, layout });
    names.push({ official: `${official}.bias`, path: `${path}.bias`, layout: "vector" });
  };
  const block = (official: string, path: string): void =>
    [1, 2, 3].forEach((n) => conv(`${official}.net.${2 * n - 2}`, `${path}.conv${n}`));
  for (const [half, stage, layout] of [
    ["encoder", "down", "filter"],
    ["decoder", "up", "transposed-filter"],
  ] as const) {
    let index = 0;
    const middle = (): void => {
      for (let i = 0; i < middleBlocks; i++) block(`${half}.${index++}`, `${half}.middle.${i}`);
    };
    if (half === "decoder" && middleBlocks > 0) conv(`${half}.${index++}`, "decoder.input");
    if (half === "decoder") middle();
    for (let layer = 0; layer < layers; layer++) {
      conv(`${half}.${index++}.0`, `${half}.stages.${layer}.${stage}`, layout);
      for (let i = 0; i < blocksPerStage; i++) block(`${half}.${index++}`, `${half}.stages.${layer}.blocks.${i}`);
    }
    if (half === "encoder") middle();
    conv(`${half}.${index}`, half === "encoder" ? "encoder.logits" : "decoder.output");
  }
  return names;
}

// Axes of our layout in terms of the official one, and back. Tables stored as filters drop their two 1-sized axes first.
const fromOfficialAxes: Record<OfficialLayout, readonly number[]> = {
  filter: [0, 2, 3, 1],
  "transposed-filter": [0, 2, 3, 1],
  table: [0, 1],
  "filter-as-table": [1, 0],
  vector: [0],
};
const toOfficialAxes: Record<OfficialLayout, readonly number[]> = {
  filter: [0, 3, 1, 2],
  "transposed-filter": [0, 3, 1, 2],
  table: [0, 1],
  "filter-as-table": [1, 0],
  vector: [0],
};

function fromOfficial(
  tensors: ReadonlyMap<string, SafeTensor>,
  names: readonly OfficialName[],
): Map<string, SafeTensor> {
  const byOfficial = new Map(names.map((name) => [name.official, name]));
  const renamed = new Map<string, SafeTensor>();
  for (const [official, tensor] of tensors) {
    const name = byOfficial.get(official);
    if (!name) renamed.set(official, tensor);
    else {
      const shape = name.layout === "filter-as-table" ? tensor.shape.slice(0, 2) : tensor.shape;
      renamed.set(name.path, permute(toFloat32(tensor), shape, fromOfficialAxes[name.layout]));
    }
  }
  return renamed;
}

// A permutation of axes; a tensor of another rank is passed on unchanged, for `fillTree` to complain about by name.
function permute(
  values: Float32Array,
  shape: readonly number[],
  axes: readonly number[],
  more: readonly number[] = [],
): SafeTensor {
  if (shape.length !== axes.length) return toStored(values, shape);
  const target = axes.map((axis) => shape[axis]);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const out = new Float32Array(values.length);
  const position = new Array<number>(axes.length).fill(0);
  for (let i = 0; i < out.length; i++) {
    let from = 0;
    for (let axis = 0; axis < axes.length; axis++) from += position[axis] * strides[axes[axis]];
    out[i] = values[from];
    for (let axis = axes.length - 1; axis >= 0 && ++position[axis] === target[axis]; axis--) position[axis] = 0;
  }
  return toStored(out, [...target, ...more]);
}

function toStored(values: Float32Array, shape: readonly number[]): SafeTensor {
  return { dtype: "F32", shape: [...shape], data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
}

function blankTokenizer(config: DvaeConfig, backend: Backend): Tokenizer {
  const conv: InitConv = ({ input, output, size }) => ({
    filter: zeros([output, size, size, input], backend),
    bias: zeros([output], backend),
  });
  const up: InitConv = ({ input, output, size }) => ({
    filter: zeros([input, size, size, output], backend),
    bias: zeros([output], backend),
  });
  return buildTokenizer(config, { conv, up, table: (shape) => zeros(shape, backend) }, backend);
}

function storedConfig(metadata: Readonly<Record<string, string>>): DvaeConfig {
  const text = metadata["beitjs.config"];
  if (text === undefined)
    throw new Error("[loadTokenizer] expected a config in the file's metadata or in the options, got none");
  const config = JSON.parse(text) as DvaeConfig;
  validateDvaeConfig(config);
  return config;
}

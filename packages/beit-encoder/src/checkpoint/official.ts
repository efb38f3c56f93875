// Weights of the official BEiT checkpoints to ours and back, by one table of names.
import { sizeOf, type Backend, type Shape } from "@beitjs/tensor-core";
import { firstOf } from "@beitjs/tensor-core/files";
import { validateBeitConfig, type BeitConfig } from "../config.ts";
import { encoderOnly } from "../encoder-only.ts";
import { headPaths, parameterShapes, type Beit } from "../parameters.ts";
import {
  adaptValues,
  beitFromValues,
  checkDepth,
  readParameters,
  type ResizingOptions,
  type HostTensor,
  type HostTensors,
  type SourceGrid,
} from "../values.ts";
import type { Naming } from "./origins/origin.ts";

/** Our path and the official name; `*` stands for the number of a block. (modeling_pretrain.py, modeling_finetune.py) */
export const officialNames: readonly (readonly [ours: string, official: string])[] = [
  ["patchEmbedding.weight", "patch_embed.proj.weight"],
  ["patchEmbedding.bias", "patch_embed.proj.bias"],
  ["classToken", "cls_token"],
  ["maskToken", "mask_token"],
  ["positions", "pos_embed"],
  ["registers", "reg_token"],
  ["relativePositionBias", "rel_pos_bias.relative_position_bias_table"],
  ["blocks.*.norm1.gamma", "blocks.*.norm1.weight"],
  ["blocks.*.norm1.beta", "blocks.*.norm1.bias"],
  ["blocks.*.attention.qkv.weight", "blocks.*.attn.qkv.weight"],
  ["blocks.*.attention.queryBias", "blocks.*.attn.q_bias"],
  ["blocks.*.attention.valueBias", "blocks.*.attn.v_bias"],
  ["blocks.*.attention.projection.weight", "blocks.*.attn.proj.weight"],
  ["blocks.*.attention.projection.bias", "blocks.*.attn.proj.bias"],
  ["blocks.*.attention.relativePositionBias", "blocks.*.attn.relative_position_bias_table"],
  ["blocks.*.scale1", "blocks.*.gamma_1"],
  ["blocks.*.norm2.gamma", "blocks.*.norm2.weight"],
  ["blocks.*.norm2.beta", "blocks.*.norm2.bias"],
  ["blocks.*.mlp.expand.weight", "blocks.*.mlp.fc1.weight"],
  ["blocks.*.mlp.expand.bias", "blocks.*.mlp.fc1.bias"],
  ["blocks.*.mlp.contract.weight", "blocks.*.mlp.fc2.weight"],
  ["blocks.*.mlp.contract.bias", "blocks.*.mlp.fc2.bias"],
  ["blocks.*.scale2", "blocks.*.gamma_2"],
  ["norm.gamma", "norm.weight"],
  ["norm.beta", "norm.bias"],
  ["visualTokenHead.weight", "lm_head.weight"],
  ["visualTokenHead.bias", "lm_head.bias"],
  ["classNorm.gamma", "fc_norm.weight"],
  ["classNorm.beta", "fc_norm.bias"],
  ["classHead.weight", "head.weight"],
  ["classHead.bias", "head.bias"],
];

const toOurs = new Map(officialNames.map(([ours, official]) => [official, ours]));
const toOfficial = new Map(officialNames);

/** @internal The naming of unilm and timm. */
export const officialNaming: Naming = {
  patchEmbedding: "patch_embed.proj.weight",
  shapes: officialShapes,
  toOurs: (tensors, config) =>
    new Map(
      [...tensors].map(([name, { shape, read }]) => {
        const path = rename(name, toOurs) as string;
        return [path, { shape, read: async () => ourLayout(path, await read(), config) }];
      }),
    ),
  // The last are of BEiT v2's pre-training alone: layers behind an early one that make the class token learn.
  spare: /^(mask_token|(norm|fc_norm|lm_head|head)\.(weight|bias)|cls_pt_(layers|norm|fc_norm|lm_head)\..*)$/,
  // Of timm's qkv_bias=False.
  optional: /^blocks\.\d+\.attn\.[qv]_bias$/,
  // Keys have no bias.
  derived: /(^|\.)(relative_position_index|k_bias)$/,
};

/**
 * A model from checkpoint values, official or our own (`readParameters`), told apart by their names. Positions and tables
 * of another image size are resized, a shared table is copied to the layers where the config wants it there, heads that
 * the config does not have are left out.
 *
 * @param tensors values by name; stored indices (`relative_position_index`) are ignored
 * @param options.from grid of the values' positions, where it is neither the config's nor a square
 * @throws naming the parameter that is missing, unknown, not of this config, or of another shape
 */
export function loadBeit(
  tensors: HostTensors,
  config: BeitConfig,
  backend: Backend,
  options: ResizingOptions & SourceGrid = {},
): Beit {
  validateBeitConfig(config, "loadBeit");
  checkDepth("loadBeit", config, tensors.size);
  const ours = [...tensors.keys()].some((name) => name.startsWith("patchEmbedding."));
  const values = adaptValues(ours ? tensors : fromOfficial(tensors, config), config, options);
  const shapes = parameterShapes(config);
  const foreign = [...values.keys()].filter((path) => !shapes.has(path) && !headPaths.test(path));
  if (foreign.length > 0) {
    throw new Error(`[loadBeit] expected only parameters of this config, got also ${firstOf(foreign)}`);
  }
  return beitFromValues("loadBeit", config, values, { backend });
}

/** All parameters under their official names, in the official layouts; without a decoder and a head for pixels, which have none. */
export async function beitToOfficial(beit: Beit): Promise<Map<string, HostTensor>> {
  const official = new Map<string, HostTensor>();
  for (const [path, value] of await readParameters(encoderOnly(beit))) {
    official.set(rename(path, toOfficial) as string, officialLayout(path, value, beit.config));
  }
  return official;
}

/** @internal @throws `[caller] expected a model without registers …`: no code of BEiT has them */
export function checkNoRegisters(caller: string, { registers }: BeitConfig): void {
  if (!registers) return;
  throw new Error(
    `[${caller}] expected a model without registers, got ${registers}; our own files take it (--to beitjs)`,
  );
}

/** @internal A token's norm is its own, so the class token's may be the one of all tokens, where the originals look for it. */
export function classTokenNorm(official: string, pooling: BeitConfig["pooling"]): string {
  return pooling === "class" ? official.replace(/^fc_norm\./, "norm.") : official;
}

// Shapes of all parameters under their official names, in the official layouts.
function officialShapes(config: BeitConfig): Map<string, Shape> {
  return new Map(
    [...parameterShapes(config)].map(([path, shape]) => [
      rename(path, toOfficial) as string,
      officialShape(path, shape, config),
    ]),
  );
}

function fromOfficial(tensors: HostTensors, config: BeitConfig): Map<string, HostTensor> {
  const values = new Map<string, HostTensor>();
  for (const [name, value] of tensors) {
    if (name.endsWith("relative_position_index")) continue;
    const path = rename(name, toOurs);
    if (path === undefined) throw new Error(`[loadBeit] expected official parameter names, got ${name}`);
    values.set(path, ourLayout(path, value, config));
  }
  return values;
}

function rename(name: string, names: ReadonlyMap<string, string>): string | undefined {
  const [, block] = /^blocks\.(\d+)\./.exec(name) ?? [];
  const pattern = block === undefined ? name : name.replace(block, "*");
  return names.get(pattern)?.replace("*", block ?? "");
}

// Officially, tokens and positions have leading axes of one, and the patch embedding is a convolution [D, C, P, P].
function ourLayout(path: string, { shape, data }: HostTensor, { channels, patchSize }: BeitConfig): HostTensor {
  if (isToken(path)) return { shape: shape.slice(2), data };
  if (isTokens(path)) return { shape: shape.slice(1), data };
  if (path !== "patchEmbedding.weight") return { shape, data };
  const [width, ...rest] = shape;
  if (rest.join() !== [channels, patchSize, patchSize].join()) {
    throw new Error(
      `[loadBeit] expected ${path} [D, ${channels}, ${patchSize}, ${patchSize}], got [${shape.join(", ")}]`,
    );
  }
  return { shape: [width, sizeOf(rest)], data: transposeRows(data, channels, patchSize * patchSize) };
}

function officialLayout(path: string, { shape, data }: HostTensor, config: BeitConfig): HostTensor {
  const { channels, patchSize } = config;
  const official = officialShape(path, shape, config);
  if (path !== "patchEmbedding.weight") return { shape: official, data };
  return { shape: official, data: transposeRows(data, patchSize * patchSize, channels) };
}

function officialShape(path: string, shape: Shape, { channels, patchSize }: BeitConfig): Shape {
  if (isToken(path)) return [1, 1, ...shape];
  if (isTokens(path)) return [1, ...shape];
  return path === "patchEmbedding.weight" ? [shape[0], channels, patchSize, patchSize] : shape;
}

function isToken(path: string): boolean {
  return path === "classToken" || path === "maskToken";
}

function isTokens(path: string): boolean {
  return path === "positions" || path === "registers";
}

// Matrices [rows, cols], one after another, each transposed.
function transposeRows(data: Float32Array, rows: number, cols: number): Float32Array {
  const size = rows * cols;
  return data.map((_, i) => {
    const within = i % size;
    return data[i - within + (within % rows) * cols + Math.floor(within / rows)];
  });
}

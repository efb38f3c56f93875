// Weights as Hugging Face stores BEiT, under the official names: most are renamed, and the matrices of queries, keys and
// values are one. (transformers, convert_beit_unilm_to_pytorch.py, also read backwards; conversion_mapping.py)
import type { Shape } from "@beitjs/tensor-core";
import type { HostTensor } from "../../values.ts";
import { officialNaming } from "../official.ts";
import { canonicalName, type Naming } from "../origins/origin.ts";
import { joinRows } from "../stored.ts";
import { huggingFaceName } from "./config.ts";

/** Hugging Face's name without the leading `beit.`, and the official one; `*` stands for the number of a block. */
export const huggingFaceNames: readonly (readonly [huggingFace: string, official: string])[] = [
  ["embeddings.cls_token", "cls_token"],
  ["embeddings.mask_token", "mask_token"],
  ["embeddings.position_embeddings", "pos_embed"],
  ["embeddings.register_tokens", "reg_token"],
  ["embeddings.patch_embeddings.projection.weight", "patch_embed.proj.weight"],
  ["embeddings.patch_embeddings.projection.bias", "patch_embed.proj.bias"],
  ["encoder.relative_position_bias.relative_position_bias_table", "rel_pos_bias.relative_position_bias_table"],
  ["encoder.layer.*.layernorm_before.weight", "blocks.*.norm1.weight"],
  ["encoder.layer.*.layernorm_before.bias", "blocks.*.norm1.bias"],
  ["encoder.layer.*.attention.attention.query.bias", "blocks.*.attn.q_bias"],
  ["encoder.layer.*.attention.attention.value.bias", "blocks.*.attn.v_bias"],
  [
    "encoder.layer.*.attention.attention.relative_position_bias.relative_position_bias_table",
    "blocks.*.attn.relative_position_bias_table",
  ],
  ["encoder.layer.*.attention.output.dense.weight", "blocks.*.attn.proj.weight"],
  ["encoder.layer.*.attention.output.dense.bias", "blocks.*.attn.proj.bias"],
  ["encoder.layer.*.lambda_1", "blocks.*.gamma_1"],
  ["encoder.layer.*.layernorm_after.weight", "blocks.*.norm2.weight"],
  ["encoder.layer.*.layernorm_after.bias", "blocks.*.norm2.bias"],
  ["encoder.layer.*.intermediate.dense.weight", "blocks.*.mlp.fc1.weight"],
  ["encoder.layer.*.intermediate.dense.bias", "blocks.*.mlp.fc1.bias"],
  ["encoder.layer.*.output.dense.weight", "blocks.*.mlp.fc2.weight"],
  ["encoder.layer.*.output.dense.bias", "blocks.*.mlp.fc2.bias"],
  ["encoder.layer.*.lambda_2", "blocks.*.gamma_2"],
  ["layernorm.weight", "norm.weight"],
  ["layernorm.bias", "norm.bias"],
  ["lm_head.weight", "lm_head.weight"],
  ["lm_head.bias", "lm_head.bias"],
  ["pooler.layernorm.weight", "fc_norm.weight"],
  ["pooler.layernorm.bias", "fc_norm.bias"],
  ["classifier.weight", "head.weight"],
  ["classifier.bias", "head.bias"],
];

const toOfficial = new Map(huggingFaceNames);
const toHuggingFace = new Map(huggingFaceNames.map(([huggingFace, official]) => [official, huggingFace]));
const parts = ["query", "key", "value"] as const;
const matrix = /^encoder\.layer\.(\d+)\.attention\.attention\.(query|key|value)\.weight$/;

/** @internal The naming of transformers. */
export const huggingFaceNaming: Naming = {
  patchEmbedding: "embeddings.patch_embeddings.projection.weight",
  // Data2VecVision is the same network.
  bases: ["beit.", "data2vec_vision."],
  canonical: nameOnDisk,
  shapes: (config) => splitNames(officialNaming.shapes(config), thirdOfShape),
  toOurs: (tensors, config) => officialNaming.toOurs(joinNames(tensors, joinRows), config),
  // The last are what a model for segmentation has on its encoder.
  spare:
    /^(embeddings\.mask_token|(layernorm|pooler\.layernorm|lm_head|classifier)\.(weight|bias)|(fpn\d?|decode_head|auxiliary_head)\..*)$/,
  derived: officialNaming.derived,
  inFull: huggingFaceName,
};

/**
 * @internal Hugging Face's names, of files or of memory, with or without a base, to the official ones; three matrices become one.
 *
 * @param join queries, keys and values, in this order
 */
export function joinNames<Value>(
  tensors: ReadonlyMap<string, Value>,
  join: (parts: readonly Value[]) => Value,
): Map<string, Value> {
  const official = new Map<string, Value>();
  const bare = new Map([...tensors].map(([name, value]) => [canonicalName(name, huggingFaceNaming), value]));
  for (const [name, value] of bare) {
    const [, block, part] = matrix.exec(name) ?? [];
    if (part === undefined) official.set(rename(name) ?? name, value);
    else if (part === "query") {
      const found = parts.map((one) => bare.get(name.replace("query", one)));
      official.set(`blocks.${block}.attn.qkv.weight`, join(found.filter((one) => one !== undefined)));
    }
  }
  return official;
}

/**
 * @internal Official names to Hugging Face's, without the leading `beit.`; the joined matrix of a block becomes three.
 *
 * @param third the part of a joined value that is queries (0), keys (1) or values (2)
 */
export function splitNames<Value>(
  official: ReadonlyMap<string, Value>,
  third: (joined: Value, part: number) => Value,
): Map<string, Value> {
  const split = new Map<string, Value>();
  for (const [name, value] of official) {
    const [, block = ""] = /^blocks\.(\d+)\./.exec(name) ?? [];
    if (name.endsWith(".attn.qkv.weight")) {
      const path = `encoder.layer.${block}.attention.attention`;
      parts.forEach((part, i) => split.set(`${path}.${part}.weight`, third(value, i)));
    } else {
      const found = toHuggingFace.get(block ? name.replace(block, "*") : name) as string;
      split.set(found.replace("*", block), value);
    }
  }
  return split;
}

// Rows of queries, keys or values.
function thirdOfShape([rows, columns]: Shape): Shape {
  return [rows / 3, columns];
}

/** @internal */
export function thirdOfTensor({ shape, data }: HostTensor, part: number): HostTensor {
  const size = data.length / 3;
  return { shape: thirdOfShape(shape), data: data.subarray(part * size, (part + 1) * size) };
}

// Since transformers 5, modules have other names in memory (`torch.save(model.state_dict())`) than what `save_pretrained` writes.
const inMemory: readonly (readonly [memory: RegExp, disk: string])[] = [
  [/^shared_position_bias\./, "encoder.relative_position_bias."],
  [/^layers\.(\d+)\.relative_position_bias\./, "encoder.layer.$1.attention.attention.relative_position_bias."],
  [/^layers\.(\d+)\.attention\.q_proj\./, "encoder.layer.$1.attention.attention.query."],
  [/^layers\.(\d+)\.attention\.k_proj\./, "encoder.layer.$1.attention.attention.key."],
  [/^layers\.(\d+)\.attention\.v_proj\./, "encoder.layer.$1.attention.attention.value."],
  [/^layers\.(\d+)\.attention\.o_proj\./, "encoder.layer.$1.attention.output.dense."],
  [/^layers\.(\d+)\.mlp\.fc1\./, "encoder.layer.$1.intermediate.dense."],
  [/^layers\.(\d+)\.mlp\.fc2\./, "encoder.layer.$1.output.dense."],
  [/^layers\.(\d+)\.(layernorm_before|layernorm_after|lambda_1|lambda_2)/, "encoder.layer.$1.$2"],
];

function nameOnDisk(name: string): string {
  const [memory, disk] = inMemory.find(([one]) => one.test(name)) ?? [];
  return memory && disk ? name.replace(memory, disk) : name;
}

function rename(name: string): string | undefined {
  const [, block = ""] = /^encoder\.layer\.(\d+)\./.exec(name) ?? [];
  return toOfficial.get(block ? name.replace(block, "*") : name)?.replace("*", block);
}

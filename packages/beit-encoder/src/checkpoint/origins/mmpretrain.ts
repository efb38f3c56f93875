// OpenMMLab's mmpretrain (and mmclassification before it): the modules are named in its own way, their order and layouts are
// unilm's. Its files of weights say nothing but names and shapes. (mmpretrain, models/backbones/beit.py, models/selfsup/beit.py)
import { inferConfig } from "../infer-config.ts";
import type { KnownNormalization } from "../normalization.ts";
import { officialNaming } from "../official.ts";
import { croppedAtCenter } from "../preprocessing.ts";
import { canonicalName, type Naming, type Origin } from "./origin.ts";
import { unilm } from "./unilm.ts";

/** mmpretrain's name without the leading `backbone.`, and the official one; `*` stands for the number of a block. */
const names: readonly (readonly [mmpretrain: string, official: string])[] = [
  ["patch_embed.projection", "patch_embed.proj"],
  ["layers.*.ln1", "blocks.*.norm1"],
  ["layers.*.ln2", "blocks.*.norm2"],
  ["layers.*.ffn.layers.0.0", "blocks.*.mlp.fc1"],
  ["layers.*.ffn.layers.1", "blocks.*.mlp.fc2"],
  ["layers.*", "blocks.*"],
  // After the mean of the patches, over all tokens, and over all tokens in BEiT v2's pre-training.
  ["ln2", "fc_norm"],
  ["ln1", "norm"],
  ["neck.norm", "norm"],
  ["head.cls_head", "lm_head"],
  ["head.fc", "head"],
  ["head.layers.head", "head"],
];

function official(name: string): string {
  return replaced(name, names) ?? name;
}

/** A name whose beginning is one of the patterns, with what the pattern stands for. */
function replaced(name: string, patterns: typeof names): string | undefined {
  const block = /^layers\.(\d+)\./.exec(name)?.[1] ?? "";
  for (const [from, to] of patterns) {
    const start = from.replace("*", block);
    if (name.startsWith(`${start}.`)) return to.replace("*", block) + name.slice(start.length);
  }
  return undefined;
}

const recognizedAsImagenet: KnownNormalization = { reason: "recognized", is: "imagenet" };

const naming: Naming = {
  ...officialNaming,
  patchEmbedding: "patch_embed.projection.weight",
  bases: ["backbone."],
  canonical: official,
  // The teacher and BEiT v2's layers behind an early one are of pre-training alone, the others are heads for segmentation.
  spare: new RegExp(`${officialNaming.spare.source}|^(neck|target_generator|decode_head|auxiliary_head)\\.`),
};

export const mmpretrain = {
  name: "mmpretrain",
  title: "mmpretrain",
  conventions: {
    weights: "raw", // `state_dict`, whatever else a checkpoint has
    resizing: unilm.conventions.resizing, // models/utils/embed.py
    // configs/beit/benchmarks: ResizeEdge to 256, CenterCrop, a mean and standard deviation of 127.5
    preprocessing: (config) => croppedAtCenter(config, 0.875),
  },
  naming,
  recognizes: () => true,
  describe(_, tensors, given) {
    const named = new Map([...tensors].map(([name, value]) => [canonicalName(name, naming), value]));
    // `final_norm` and `avg_token` at once.
    if (named.has("norm.weight") && named.has("fc_norm.weight")) {
      throw new Error("[openBeit] expected one norm behind the last layer, got two, backbone.ln1 and backbone.ln2");
    }
    const inferred = inferConfig(named, given.config, [given.imageSize]);
    // configs/beit: pre-training, of v1 and v2, takes ImageNet's mean and standard deviation.
    return { ...inferred, ...(inferred.config.vocabSize > 0 && { normalization: recognizedAsImagenet }) };
  },
} as const satisfies Origin;

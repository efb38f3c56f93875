// mmpretrain's files: its names for our parameters give the same numbers. The names are as in its modules (models/backbones/beit.py,
// models/selfsup/beit.py, models/heads, mmcv's FFN and PatchEmbed), written out by hand.
import { describe, expect, it } from "vitest";
import { bytesSource } from "@beitjs/tensor-core/files";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { fromFloat32, readSafetensors, writeSafetensors, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import {
  beitVariants,
  initBeit,
  initBeitClassifier,
  openBeit,
  readParameters,
  saveOfficialBeit,
  type Beit,
  type BeitConfig,
} from "../../index.ts";

const backend = createReferenceBackend();
const common: BeitConfig = {
  ...beitVariants.tiny,
  ...{ imageSize: 32, patchSize: 8, width: 16, depth: 2, heads: 2, vocabSize: 0, layerScale: 0.1 },
};
const classifier: BeitConfig = { ...common, classes: 3, relativePositions: "per-layer" };
const pretraining: BeitConfig = { ...common, vocabSize: 7 };

/** Ours, official, mmpretrain's without and with a block. */
const outside: readonly (readonly [official: string, mmpretrain: string])[] = [
  ["cls_token", "backbone.cls_token"],
  ["mask_token", "backbone.mask_token"],
  ["pos_embed", "backbone.pos_embed"],
  ["patch_embed.proj.weight", "backbone.patch_embed.projection.weight"],
  ["patch_embed.proj.bias", "backbone.patch_embed.projection.bias"],
  ["rel_pos_bias.relative_position_bias_table", "backbone.rel_pos_bias.relative_position_bias_table"],
  ["fc_norm.weight", "backbone.ln2.weight"],
  ["fc_norm.bias", "backbone.ln2.bias"],
  ["norm.weight", "backbone.ln1.weight"],
  ["norm.bias", "backbone.ln1.bias"],
  ["head.weight", "head.fc.weight"],
  ["head.bias", "head.fc.bias"],
  ["lm_head.weight", "head.cls_head.weight"],
  ["lm_head.bias", "head.cls_head.bias"],
];
const inside: typeof outside = [
  ["gamma_1", "gamma_1"],
  ["gamma_2", "gamma_2"],
  ["norm1.weight", "ln1.weight"],
  ["norm1.bias", "ln1.bias"],
  ["norm2.weight", "ln2.weight"],
  ["norm2.bias", "ln2.bias"],
  ["attn.q_bias", "attn.q_bias"],
  ["attn.v_bias", "attn.v_bias"],
  ["attn.relative_position_bias_table", "attn.relative_position_bias_table"],
  ["attn.qkv.weight", "attn.qkv.weight"],
  ["attn.proj.weight", "attn.proj.weight"],
  ["attn.proj.bias", "attn.proj.bias"],
  ["mlp.fc1.weight", "ffn.layers.0.0.weight"],
  ["mlp.fc1.bias", "ffn.layers.0.0.bias"],
  ["mlp.fc2.weight", "ffn.layers.1.weight"],
  ["mlp.fc2.bias", "ffn.layers.1.bias"],
];
const names = new Map([
  ...outside,
  ...[0, 1].flatMap((block) =>
    inside.map(([ours, theirs]) => [`blocks.${block}.${ours}`, `backbone.layers.${block}.${theirs}`] as const),
  ),
]);

/** A model's tensors as mmpretrain calls them, in a checkpoint of mmengine. */
async function renamed(beit: Beit): Promise<[string, SafeTensor][]> {
  const { tensors } = readSafetensors(await saveOfficialBeit(beit));
  return [...tensors].map(([name, tensor]) => [`state_dict.${names.get(name) ?? `unnamed ${name}`}`, tensor]);
}

const open = (tensors: Iterable<readonly [string, SafeTensor]>, config: Partial<BeitConfig> = {}) =>
  openBeit(bytesSource(writeSafetensors(tensors)), backend, { config });
const one = fromFloat32(Float32Array.of(1), [1]);
const random = (config: BeitConfig) =>
  (config.vocabSize > 0 ? initBeit : initBeitClassifier)(config, createRng(5), backend, { std: 0.2 });

describe("a file of mmpretrain", () => {
  it.each<[string, BeitConfig]>([
    ["a classifier of the mean", classifier],
    ["a classifier of the class token", { ...classifier, pooling: "class" }],
    ["pre-training", pretraining],
    ["pre-training with positions", { ...pretraining, absolutePositions: true, relativePositions: "none" }],
    ["a plain transformer", { ...classifier, layerScale: 0 }],
  ])("is opened as what it was: %s", async (_, config) => {
    const beit = random(config);
    const tensors = await renamed(beit);
    // Indices are computed anew, and what stands in front of the names may be anything.
    tensors.push(["state_dict.backbone.layers.0.attn.relative_position_index", one]);
    const opened = await open([...tensors, ["optimizer.state", one]], { heads: 2 });
    expect(opened.origin).toBe("mmpretrain");
    expect(opened.unused).toEqual([]);
    expect(opened.beit.config).toEqual(config);
    expect(await readParameters(opened.beit)).toEqual(await readParameters(beit));
    const bare = tensors.map(([name, tensor]) => [name.replace(/^state_dict\.(backbone\.)?/, ""), tensor] as const);
    expect(await readParameters((await open(bare, { heads: 2 })).beit)).toEqual(await readParameters(beit));
  });

  it("leaves aside what only pre-training and segmentation have, its teacher included", async () => {
    const beit = random(pretraining);
    const second = (await renamed(beit)).map(
      ([name, tensor]) => [name.replace("backbone.ln1.", "neck.norm."), tensor] as const,
    );
    const aside = [
      "neck.patch_aggregation.0.ln1.weight",
      "target_generator.encoder.patch_embed.projection.weight",
      "target_generator.quantize.embedding.weight",
      "target_generator.encode_task_layer.0.weight",
    ];
    const { beit: opened, unused } = await open([
      ...second,
      ...aside.map((name) => [`state_dict.${name}`, one] as const),
    ]);
    expect([...unused].sort()).toEqual(aside.sort());
    expect(await readParameters(opened)).toEqual(await readParameters(beit));
    const backbone = (await renamed(random(classifier))).filter(([name]) => name.includes(".backbone."));
    const segmentation = await open([...backbone, ["state_dict.decode_head.conv_seg.weight", one]]);
    expect(segmentation.unused).toEqual(["decode_head.conv_seg.weight"]);
    expect(segmentation.beit.config).toMatchObject({ classes: 0, poolingNorm: "after" });
  });

  it("is prepared as its configs of BEiT do: short side to 256, the center, [-1, 1]", async () => {
    const beit = random({ ...classifier, imageSize: 224, patchSize: 32 });
    const { preprocessing } = await open(await renamed(beit));
    expect(preprocessing).toMatchObject({ filter: "bicubic", size: 256, fit: "shortSide", crop: 224 });
    expect(preprocessing).toMatchObject({ mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] });
    const { normalization } = await open(await renamed(random(pretraining)));
    expect(normalization).toEqual({ name: "imagenet", reason: "recognized" });
  });

  it("is refused where two norms follow one another", async () => {
    const tensors = await renamed(random(classifier));
    for (const end of ["weight", "bias"]) tensors.push([`state_dict.backbone.ln1.${end}`, one]);
    await expect(open(tensors)).rejects.toThrow("expected one norm behind the last layer, got two");
  });

  it("takes the raw weights, as mmengine's loader does, unless averaged ones are asked for", async () => {
    const beit = random(classifier);
    const tensors = await renamed(beit);
    const average = tensors.map(
      ([name, tensor]) => [name.replace("state_dict.", "ema_state_dict.module."), tensor] as const,
    );
    expect((await open([...tensors, ...average])).weights).toBe("raw");
  });
});

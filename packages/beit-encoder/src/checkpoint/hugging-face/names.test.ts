import { describe, expect, it } from "vitest";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import {
  beitToOfficial,
  beitVariants,
  huggingFaceNames,
  initBeit,
  type BeitConfig,
  type HostTensor,
} from "../../index.ts";
import { joinNames } from "./names.ts";

const backend = createReferenceBackend();
const config: BeitConfig = {
  ...beitVariants.tiny,
  imageSize: 24,
  patchSize: 8,
  width: 6,
  depth: 12,
  heads: 2,
  mlpRatio: 2,
  vocabSize: 5,
};
const classifier: BeitConfig = { ...config, vocabSize: 0, classes: 3, relativePositions: "per-layer" };
const layer = "beit.encoder.layer.11.attention.attention";

// What Hugging Face's converter makes of official tensors: new names, and three matrices for one.
function converted(official: ReadonlyMap<string, HostTensor>): Map<string, HostTensor> {
  const stored = new Map<string, HostTensor>();
  for (const [name, value] of official) {
    const [, block = ""] = /^blocks\.(\d+)\./.exec(name) ?? [];
    const prefix = /^(lm_head|head|norm)\./.test(name) ? "" : "beit.";
    const found = huggingFaceNames.find(([, pattern]) => pattern.replace("*", block) === name);
    if (found) stored.set(prefix + found[0].replace("*", block), value);
    else {
      const third = value.data.length / 3;
      ["query", "key", "value"].forEach((part, i) => {
        const data = value.data.slice(i * third, (i + 1) * third);
        stored.set(`beit.encoder.layer.${block}.attention.attention.${part}.weight`, { shape: [6, 6], data });
      });
    }
  }
  return stored;
}

const joinValues = (parts: readonly HostTensor[]): HostTensor => ({
  shape: [parts.reduce((rows, { shape }) => rows + shape[0], 0), parts[0].shape[1]],
  data: Float32Array.from(parts.flatMap(({ data }) => [...data])),
});

describe("joinNames", () => {
  it.each<[string, BeitConfig, string[]]>([
    ["pre-training", config, ["beit.embeddings.mask_token", "lm_head.weight", "layernorm.bias"]],
    [
      "classifier",
      classifier,
      [
        `${layer}.relative_position_bias.relative_position_bias_table`,
        "classifier.bias",
        "beit.pooler.layernorm.weight",
      ],
    ],
  ])("gives the official tensors back: %s", async (_, config, names) => {
    const official = await beitToOfficial(initBeit(config, createRng(3), backend));
    const stored = converted(official);
    for (const name of [
      ...names,
      `${layer}.query.bias`,
      "beit.encoder.layer.11.lambda_1",
      "beit.encoder.layer.1.output.dense.weight",
    ]) {
      expect(stored.has(name), name).toBe(true);
    }
    const back = joinNames(stored, joinValues);
    expect(new Map([...back].sort())).toEqual(new Map([...official].sort()));
  });
});

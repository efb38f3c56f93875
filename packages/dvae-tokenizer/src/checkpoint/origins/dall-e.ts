// openai/DALL-E: `encoder.pkl` and `decoder.pkl`, in one architecture, so that shapes are all there is to read.
// (dall_e/encoder.py, dall_e/decoder.py)
import type { LazyTensor } from "@beitjs/tensor-core/files";
import { dvaeVariants, validateDvaeConfig, type DallEConfig } from "../../config.ts";
import { officialNamesOf } from "../../names.ts";
import { shapeOf, type ModelFile, type ModelTensors, type Origin } from "./origin.ts";

export const dallE = {
  name: "dall-e",
  title: "OpenAI",
  probes: ["encoder.blocks.input.w", "blocks.input.w"],
  recognizes: () => true,
  describe(files, given) {
    const tensors = joined(files);
    if (![...tensors.keys()].some((name) => name.startsWith("encoder."))) {
      throw new Error("[openTokenizer] expected encoder and decoder, got no encoder");
    }
    const config = { ...configOf(tensors), ...given } as DallEConfig;
    validateDvaeConfig(config);
    return { config, tensors, names: officialNamesOf(config) };
  },
} as const satisfies Origin;

// The two files use the same names: the encoder begins with a 7x7 convolution of pixels, the decoder with a 1x1.
function joined(files: readonly ModelFile[]): ModelTensors {
  const all = new Map<string, LazyTensor>();
  for (const { tensors } of files) {
    const input = tensors.get("blocks.input.w");
    const half = input ? (input.shape[2] > 1 ? "encoder." : "decoder.") : "";
    for (const [bare, tensor] of tensors) {
      const name = half + bare;
      if (all.has(name)) throw new Error(`[openTokenizer] expected every tensor once, got two named ${name}`);
      all.set(name, tensor);
    }
  }
  return all;
}

function configOf(tensors: ModelTensors): DallEConfig {
  const [hidden, channels] = shapeOf(tensors, "encoder.blocks.input.w", 4);
  const counted = (pattern: RegExp) =>
    [...tensors.keys()].reduce((most, name) => Math.max(most, Number(pattern.exec(name)?.[1] ?? 0)), 0);
  return {
    ...dvaeVariants["dall-e"],
    channels,
    hidden,
    vocabSize: shapeOf(tensors, "encoder.blocks.output.conv.w", 4)[0],
    codebookWidth: tensors.get("decoder.blocks.input.w")?.shape[0] ?? dvaeVariants["dall-e"].codebookWidth,
    groups: counted(/^encoder\.blocks\.group_(\d+)\./),
    blocksPerGroup: counted(/^encoder\.blocks\.group_1\.block_(\d+)\./),
  };
}

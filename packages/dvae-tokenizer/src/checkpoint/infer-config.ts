// The config of a dVAE from the names and shapes of its parameters. (openai/DALL-E dall_e/encoder.py and decoder.py; unilm
// beit/modeling_discrete_vae.py; DALLE-pytorch dalle_pytorch.py)
import type { Shape } from "@beitjs/tensor-core";
import { dvaeVariants, validateDvaeConfig, type DallEConfig, type DvaeConfig, type StridedConfig } from "../config.ts";

type Shapes = ReadonlyMap<string, Shape>;

/**
 * @param given what the shapes do not tell: `imageSize` (the network takes any), how reconstructions are scored, the range
 * of the pixels; default as the original of the architecture
 * @throws `[openTokenizer] expected …, got …`
 */
export function inferDvaeConfig(shapes: Shapes, given: Partial<DvaeConfig> = {}): DvaeConfig {
  const inferred = shapes.has("encoder.blocks.input.w") ? dallEConfig(shapes) : stridedConfig(shapes);
  const config = { ...inferred, ...given } as DvaeConfig;
  validateDvaeConfig(config);
  return config;
}

function dallEConfig(shapes: Shapes): DallEConfig {
  const [hidden, channels] = shapeOf(shapes, "encoder.blocks.input.w", 4);
  const counted = (pattern: RegExp) =>
    [...shapes.keys()].reduce((most, name) => Math.max(most, Number(pattern.exec(name)?.[1] ?? 0)), 0);
  return {
    ...dvaeVariants["dall-e"],
    channels,
    hidden,
    vocabSize: shapeOf(shapes, "encoder.blocks.output.conv.w", 4)[0],
    codebookWidth: shapes.get("decoder.blocks.input.w")?.[0] ?? dvaeVariants["dall-e"].codebookWidth,
    groups: counted(/^encoder\.blocks\.group_(\d+)\./),
    blocksPerGroup: counted(/^encoder\.blocks\.group_1\.block_(\d+)\./),
  };
}

// The encoder is a list: strided convolutions `N.0`, residual blocks `N.net`, and a last 1x1 convolution. unilm puts a
// block after every convolution, DALLE-pytorch all blocks after the last.
function stridedConfig(shapes: Shapes): StridedConfig {
  const [hidden, channels] = shapeOf(shapes, "encoder.0.0.weight", 4);
  const kinds = modulesOf(shapes);
  const [layers, blocks] = [
    kinds.filter((kind) => kind === "conv").length,
    kinds.filter((kind) => kind === "block").length,
  ];
  // With one of each, only the decoder tells: DALLE-pytorch's begins with a convolution of its own.
  const interleaved = blocks === layers && kinds[1] === "block" && !shapes.has("decoder.0.weight");
  const [vocabSize, codebookWidth] = shapeOf(shapes, "codebook.weight", 2);
  return {
    ...dvaeVariants[interleaved ? "beit-customized" : "dalle-pytorch"],
    channels,
    hidden,
    layers,
    vocabSize,
    codebookWidth,
    blocksPerStage: interleaved ? 1 : 0,
    middleBlocks: interleaved ? 0 : blocks,
  };
}

function modulesOf(shapes: Shapes): readonly ("conv" | "block" | "logits")[] {
  const kinds: ("conv" | "block" | "logits")[] = [];
  for (let i = 0; ; i++) {
    if (shapes.has(`encoder.${i}.0.weight`)) kinds.push("conv");
    else if (shapes.has(`encoder.${i}.net.0.weight`)) kinds.push("block");
    else if (shapes.has(`encoder.${i}.weight`)) kinds.push("logits");
    else return kinds;
  }
}

function shapeOf(shapes: Shapes, name: string, rank: number): Shape {
  const shape = shapes.get(name);
  if (shape?.length === rank) return shape;
  throw new Error(
    `[openTokenizer] expected ${name} with ${rank} axes, got ${shape ? `[${shape.join(", ")}]` : "none"}`,
  );
}

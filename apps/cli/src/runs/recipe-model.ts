// The model of a recipe in a line.
import { gridOf, parameterCount, type BeitConfig } from "@beitjs/beit-encoder";
import { tokenGridOf, type DvaeConfig, type GaussianVaeConfig } from "@beitjs/dvae-tokenizer";
import { formatGrid, formatSize } from "@beitjs/tensor-core/grid";
import type { Recipe } from "@beitjs/trainers";

/** `BEiT, 12 blocks 768 wide, 86.5 M parameters, 224 pixels in 14x14 patches` */
export function describeRecipeModel({ model }: Recipe): string {
  return "patchSize" in model ? describeBeit(model) : describeTokenizer(model);
}

function describeBeit(model: BeitConfig): string {
  const millions = (parameterCount(model) / 1e6).toPrecision(3);
  const size = formatSize(model.imageSize);
  return `BEiT, ${model.depth} blocks ${model.width} wide, ${millions} M parameters, ${size} pixels in ${formatGrid(gridOf(model))} patches`;
}

function describeTokenizer(model: DvaeConfig | GaussianVaeConfig): string {
  // The Gaussian VAE has no codebook; its cells are those of a dVAE of the same network.
  const cells = formatGrid(tokenGridOf({ vocabSize: 1, ...model }));
  const size = formatSize(model.imageSize);
  if (!("vocabSize" in model)) return `Gaussian VAE, ${size} pixels to ${cells} latents of ${model.codebookWidth} numbers`;
  return `dVAE (${model.architecture}), ${size} pixels to ${cells} of ${model.vocabSize} visual tokens`;
}

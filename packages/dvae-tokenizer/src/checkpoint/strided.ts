// What unilm's and DALLE-pytorch's dVAEs have in common: names and shapes of strided convolutions and residual blocks.
import { validateDvaeConfig, type DvaeConfig, type StridedConfig } from "../config.ts";
import { officialNamesOf } from "../names.ts";
import { shapeOf, type Description, type ModelTensors } from "./origins/origin.ts";

const spare = /(^|\.)(mean|std|temperature|kl_div_loss_weight)$/;

/** The first convolution of the encoder. */
export const stridedProbe = "encoder.0.0.weight";

/** The encoder is a list: strided convolutions `N.0`, residual blocks `N.net`, and a last 1x1 convolution. */
export type Modules = {
  readonly convolutions: number;
  readonly blocks: number;
  readonly second: "convolution" | "block" | "logits" | undefined;
};

export function modulesOf(tensors: ModelTensors): Modules {
  const kinds: NonNullable<Modules["second"]>[] = [];
  for (let i = 0; ; i++) {
    if (tensors.has(`encoder.${i}.0.weight`)) kinds.push("convolution");
    else if (tensors.has(`encoder.${i}.net.0.weight`)) kinds.push("block");
    else if (tensors.has(`encoder.${i}.weight`)) kinds.push("logits");
    else break;
  }
  const count = (kind: Modules["second"]) => kinds.filter((one) => one === kind).length;
  return { convolutions: count("convolution"), blocks: count("block"), second: kinds[1] };
}

/** @param original what the origin's network has beside what shapes tell: `imageSize` (it takes any), range of pixels, loss */
export function describeStrided(
  tensors: ModelTensors,
  original: StridedConfig,
  given: Partial<DvaeConfig>,
): Description {
  const [hidden, channels] = shapeOf(tensors, stridedProbe, 4);
  const [vocabSize, codebookWidth] = shapeOf(tensors, "codebook.weight", 2);
  const layers = modulesOf(tensors).convolutions;
  const config = { ...original, channels, hidden, layers, vocabSize, codebookWidth, ...given } as DvaeConfig;
  validateDvaeConfig(config);
  return { config, tensors, names: officialNamesOf(config), spare };
}

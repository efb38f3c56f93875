// BEiT's own dVAE (microsoft/unilm, beit/modeling_discrete_vae.py): a residual block after every strided convolution.
import { dvaeVariants } from "../../config.ts";
import { describeStrided, modulesOf, stridedProbe } from "../strided.ts";
import { onlyFile, type ModelTensors, type Origin } from "./origin.ts";

export const unilm = {
  name: "unilm",
  title: "unilm",
  probes: [stridedProbe],
  recognizes: isInterleaved,
  describe: (files, given) => describeStrided(onlyFile(files).tensors, dvaeVariants["beit-customized"], given),
} as const satisfies Origin;

function isInterleaved(tensors: ModelTensors): boolean {
  const { convolutions, blocks, second } = modulesOf(tensors);
  // With one of each, only the decoder tells: DALLE-pytorch's begins with a convolution of its own.
  return blocks === convolutions && second === "block" && !tensors.has("decoder.0.weight");
}

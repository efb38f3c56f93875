// lucidrains/DALLE-pytorch (dalle_pytorch.py): all residual blocks, if any, after the last strided convolution.
import { isKind } from "@beitjs/tensor-core/pickle";
import { dvaeVariants } from "../../config.ts";
import { describeStrided, modulesOf, stridedProbe } from "../strided.ts";
import { onlyFile, type ModelFile, type Origin } from "./origin.ts";

export const dallePytorch = {
  name: "dalle-pytorch",
  title: "DALLE-pytorch",
  probes: [stridedProbe],
  recognizes: () => true,
  describe(files, given) {
    const file = onlyFile(files);
    const middleBlocks = modulesOf(file.tensors).blocks;
    const original = { ...dvaeVariants["dalle-pytorch"], middleBlocks, ...imageSizeOf(file) };
    return describeStrided(file.tensors, original, given);
  },
} as const satisfies Origin;

// Stored beside the weights.
function imageSizeOf({ root }: ModelFile): { readonly imageSize?: number } {
  if (root === undefined || !isKind(root, "dict")) return {};
  const settings = root.entries.get("hparams");
  if (settings === undefined || !isKind(settings, "dict")) return {};
  const size = settings.entries.get("image_size");
  return typeof size === "number" && Number.isSafeInteger(size) && size > 0 ? { imageSize: size } : {};
}

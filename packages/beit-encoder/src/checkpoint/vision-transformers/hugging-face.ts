// Plain vision transformers of Hugging Face transformers: ViT, ViTMAE, DINOv2 with registers and without, in folders with a config.json.
// (transformers, modeling_vit.py, modeling_vit_mae.py, modeling_dinov2.py, modeling_dinov2_with_registers.py)
import { sameSize } from "@beitjs/tensor-core/grid";
import type { Shape } from "@beitjs/tensor-core";
import { validateBeitConfig } from "../../config.ts";
import { joinNames } from "../hugging-face/names.ts";
import { inferConfig } from "../infer-config.ts";
import { huggingFace } from "../origins/hugging-face.ts";
import type { KnownOrigin } from "../origins/index.ts";
import { canonicalName, type Given, type ModelTensors } from "../origins/origin.ts";
import { preprocessingFromHuggingFace } from "../preprocessing.ts";
import { huggingFaceViTNaming } from "./hugging-face-naming.ts";
import { isViTConfig, vitConfigFromHuggingFace } from "./hugging-face-config.ts";
import { recognizedAsImagenet } from "./plain.ts";

export const huggingFaceViT = {
  name: "hugging-face-vit",
  title: "Hugging Face",
  conventions: huggingFace.conventions,
  naming: huggingFaceViTNaming,

  recognizes({ config }, tensors) {
    if (config) return isViTConfig(config);
    return [...tensors.keys()].some((name) => /\.(key|k_proj)\.bias$/.test(name));
  },

  describe({ config: json, preprocessor }, tensors, given) {
    const read = json && vitConfigFromHuggingFace(json);
    const { config: found, guessed } = read ? { config: read.config, guessed: [] } : inferred(tensors, given);
    const config = { ...found, ...given.config };
    validateBeitConfig(config, "openBeit");
    const preprocessing = preprocessor && preprocessingFromHuggingFace(preprocessor);
    const seen = preprocessing && (preprocessing.crop === 0 ? preprocessing.size : preprocessing.crop);
    const isDino = read ? read.isDino : config.layerScale > 0;
    return {
      config,
      guessed,
      labels: read?.labels,
      multiLabel: read?.multiLabel,
      preprocessing,
      ...((isDino || read?.isMae) && { normalization: preprocessing ? undefined : recognizedAsImagenet }),
      // Its code brings positions to the size of whatever image comes.
      ...(isDino && seen && !sameSize(seen, config.imageSize) && { imageSize: seen }),
      ...(config.registers && { resizing: { positionResizing: "antialiased-bicubic" } }),
    };
  },
} as const satisfies KnownOrigin;

function inferred(tensors: ModelTensors, given: Given) {
  const shapes = new Map<string, { readonly shape: Shape }>(
    [...tensors].map(([name, { shape }]) => [canonicalName(name, huggingFaceViTNaming), { shape }]),
  );
  const official = joinNames(shapes, (parts) => ({
    shape: [parts.reduce((rows, { shape }) => rows + shape[0], 0), ...parts[0].shape.slice(1)],
  }));
  const registers = official.get("reg_token")?.shape[1];
  const isDino = official.has("blocks.0.gamma_1");
  // Of DINOv2's classifier, which sees the class token beside the mean, the head is left aside.
  if (isDino) official.delete("head.weight");
  const known = { epsilon: isDino ? 1e-6 : 1e-12, ...(registers && { registers }), ...given.config };
  return inferConfig(official, known, [given.imageSize]);
}

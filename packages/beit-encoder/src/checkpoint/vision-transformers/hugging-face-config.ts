// The config.json of transformers' plain vision transformers. What we cannot compute is refused by its path.
// (transformers, configuration_vit.py, configuration_vit_mae.py, configuration_dinov2.py, configuration_dinov2_with_registers.py)
import { validateBeitConfig, type BeitConfig } from "../../config.ts";
import { classesOf, imageSizeField, namedLabels, squareSide, type HuggingFaceConfig } from "../hugging-face/config.ts";
import { fieldsOf, type JsonFields } from "../json.ts";

const types: ReadonlyMap<unknown, "ViT" | "ViTMAE" | "DINOv2"> = new Map([
  ["vit", "ViT"],
  ["vit_mae", "ViTMAE"],
  ["dinov2", "DINOv2"],
  ["dinov2_with_registers", "DINOv2"],
] as const);

/** What it says, and whose it is. */
export type ViTConfig = Omit<HuggingFaceConfig, "maskToken" | "bothTables"> & {
  readonly isDino: boolean;
  readonly isMae: boolean;
};

/** Whether it is of a model that `vitConfigFromHuggingFace` reads. */
export function isViTConfig(json: object): boolean {
  return types.has(Reflect.get(json, "model_type"));
}

/**
 * The config that a parsed config.json describes. Absent fields have transformers' defaults. A class head is read of
 * `ViTForImageClassification` alone: DINOv2's sees the class token beside the mean of the patches.
 *
 * @throws `[vitConfigFromHuggingFace] expected <path> …, got …`
 */
export function vitConfigFromHuggingFace(configJson: object): ViTConfig {
  const fields = fieldsOf("vitConfigFromHuggingFace", configJson);
  const type = types.get(fields.value("model_type", undefined));
  const isDino = type === "DINOv2";
  checkSupported(fields);
  const width = fields.number("hidden_size", 768);
  const architectures = fields.value("architectures", []);
  const hasHead = Array.isArray(architectures) && architectures.includes("ViTForImageClassification");
  const { classes, labels } = hasHead ? classesOf(fields) : { classes: 0 };
  const registers = isDino ? fields.number("num_register_tokens", 0) : 0;
  const config: BeitConfig = {
    imageSize: imageSizeField(fields),
    channels: fields.number("num_channels", 3),
    patchSize: squareSide(fields, "patch_size", isDino ? 14 : 16),
    width,
    depth: fields.number("num_hidden_layers", 12),
    heads: fields.number("num_attention_heads", 12),
    mlpRatio: isDino ? fields.number("mlp_ratio", 4) : fields.number("intermediate_size", 3072) / width,
    absolutePositions: true,
    relativePositions: "none",
    ...(registers > 0 && { registers }),
    layerScale: isDino ? fields.number("layerscale_value", 1) : 0,
    dropPath: isDino ? fields.number("drop_path_rate", 0) : 0,
    epsilon: fields.number("layer_norm_eps", isDino ? 1e-6 : 1e-12),
    vocabSize: 0,
    classes,
    pooling: "class",
    ...(classes === 0 && { poolingNorm: "before" as const }),
  };
  validateBeitConfig(config, "vitConfigFromHuggingFace");
  return { config, ...namedLabels(fields, labels), isDino, isMae: type === "ViTMAE" };
}

function checkSupported(fields: JsonFields): void {
  const activation = fields.value("hidden_act", "gelu");
  fields.check(activation === "gelu", `hidden_act "gelu"`, activation);
  fields.check(!fields.flag("use_swiglu_ffn", false), "use_swiglu_ffn false (DINOv2's giant has SwiGLU)", true);
}

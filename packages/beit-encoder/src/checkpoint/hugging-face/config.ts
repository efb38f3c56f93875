// A model's config as Hugging Face's config.json has it, and back. What we cannot compute is refused by its path; what
// only other classes read (segmentation heads, backbones) is ignored. (transformers, configuration_beit.py)
import { heightWidth, imageSizeOf, isImageSize, type ImageSize } from "@beitjs/tensor-core/grid";
import {
  hiddenWidth,
  poolingNormOf,
  validateBeitConfig,
  type BeitConfig,
  type RelativePositions,
} from "../../config.ts";
import { fieldsOf, type JsonFields } from "../json.ts";

/** A class of transformers that we write. */
export type HuggingFaceArchitecture = "BeitModel" | "BeitForMaskedImageModeling" | "BeitForImageClassification";

export type HuggingFaceConfig = {
  readonly config: BeitConfig;
  /** Names of the classes; absent where the file has none but placeholders (`LABEL_0`). */
  readonly labels?: readonly string[];
  /** `problem_type` is `multi_label_classification`. */
  readonly multiLabel?: true;
  /** Whether a model for masked image modeling has a mask token of its own. */
  readonly maskToken?: boolean;
  /** Whether what a shared table of relative positions says is added to the layers' own. */
  readonly bothTables?: boolean;
};

/** What a model predicts. */
type Head = "none" | "vocabulary" | "classes";

/** The classes of transformers that we read. */
const architectures: ReadonlyMap<unknown, Head> = new Map([
  ["BeitModel", "none"],
  ["BeitForMaskedImageModeling", "vocabulary"],
  ["BeitForImageClassification", "classes"],
  ["BeitForSemanticSegmentation", "none"],
  ["Data2VecVisionModel", "none"],
  ["Data2VecVisionForImageClassification", "classes"],
  ["Data2VecVisionForSemanticSegmentation", "none"],
] as const);

/**
 * The config that a parsed config.json describes, of BEiT or of Data2VecVision, which is the same network. Dropout, which is of
 * training alone, is left out. Absent fields have transformers' defaults; `architectures` decides which head there is, and
 * without it there is none, nor of a model for segmentation. Shared and own tables of relative positions at once are own ones.
 *
 * @throws `[beitConfigFromHuggingFace] expected <path> …, got …` for what is no BEiT or beyond our models: other
 * activations, patches that are not square, feature pyramids
 */
export function beitConfigFromHuggingFace(configJson: object): HuggingFaceConfig {
  const fields = fieldsOf("beitConfigFromHuggingFace", configJson);
  const head = headOf(fields);
  checkSupported(fields, head);
  const width = fields.number("hidden_size", 768);
  const { classes, labels } = head === "classes" ? classesOf(fields) : { classes: 0 };
  const config: BeitConfig = {
    imageSize: imageSizeField(fields),
    channels: fields.number("num_channels", 3),
    patchSize: squareSide(fields, "patch_size", 16),
    width,
    depth: fields.number("num_hidden_layers", 12),
    heads: fields.number("num_attention_heads", 12),
    mlpRatio: fields.number("intermediate_size", 3072) / width,
    absolutePositions: fields.flag("use_absolute_position_embeddings", false),
    relativePositions: relativePositionsOf(fields),
    layerScale: Math.max(0, fields.number("layer_scale_init_value", 0.1)),
    dropPath: fields.number("drop_path_rate", 0.1),
    epsilon: fields.number("layer_norm_eps", 1e-12),
    vocabSize: head === "vocabulary" ? fields.number("vocab_size", 8192) : 0,
    classes,
    pooling: fields.flag("use_mean_pooling", true) ? "mean" : "class",
  };
  validateBeitConfig(config, "beitConfigFromHuggingFace");
  const maskToken = head === "vocabulary" ? fields.flag("use_mask_token", false) : undefined;
  return {
    config,
    ...namedLabels(fields, labels),
    ...(maskToken !== undefined && { maskToken }),
    ...(hasBothTables(fields) && { bothTables: true }),
  };
}

/**
 * The content of a config.json, complete, for the class of transformers that has this model's head. A model without a norm
 * is written with `use_mean_pooling`: otherwise transformers would normalize its tokens once more.
 *
 * @param labels names of the classes; default `LABEL_0`, `LABEL_1`, as transformers names them
 * @param options.multiLabel an image may have any number of classes
 * @throws if the model has both heads, averages normalized patches (transformers cannot), or labels do not fit its classes
 */
export function beitConfigToHuggingFace(
  config: BeitConfig,
  labels?: readonly string[],
  { multiLabel = false }: { readonly multiLabel?: boolean | undefined } = {},
): Record<string, unknown> {
  validateBeitConfig(config, "beitConfigToHuggingFace");
  const architecture = huggingFaceArchitecture("beitConfigToHuggingFace", config);
  return {
    architectures: [architecture],
    model_type: "beit",
    dtype: "float32",
    image_size: typeof config.imageSize === "number" ? config.imageSize : [...config.imageSize],
    num_channels: config.channels,
    patch_size: config.patchSize,
    hidden_size: config.width,
    num_hidden_layers: config.depth,
    num_attention_heads: config.heads,
    intermediate_size: hiddenWidth(config),
    hidden_act: "gelu",
    hidden_dropout_prob: 0,
    attention_probs_dropout_prob: 0,
    initializer_range: 0.02,
    layer_norm_eps: config.epsilon,
    layer_scale_init_value: config.layerScale,
    drop_path_rate: config.dropPath,
    use_absolute_position_embeddings: config.absolutePositions,
    use_relative_position_bias: config.relativePositions === "per-layer",
    use_shared_relative_position_bias: config.relativePositions === "shared",
    use_mask_token: config.vocabSize > 0,
    use_mean_pooling: meanPooling("beitConfigToHuggingFace", config),
    vocab_size: config.vocabSize > 0 ? config.vocabSize : 8192,
    ...labelFields(config, labels),
    ...(multiLabel && { problem_type: "multi_label_classification" }),
  };
}

// transformers normalizes the mean of the patches, or all tokens before it takes the class token.
function meanPooling(caller: string, config: BeitConfig): boolean {
  const place = poolingNormOf(config);
  if (place === undefined || config.pooling === "class") return place === undefined;
  if (place === "after") return true;
  throw new Error(
    `[${caller}] expected the norm after the mean of the patches, as transformers has it, got poolingNorm "before"; ` +
      "ONNX, our own files and those of timm take it",
  );
}

/** @internal The class of transformers with this model's head. */
function huggingFaceArchitecture(caller: string, { vocabSize, classes }: BeitConfig): HuggingFaceArchitecture {
  if (vocabSize > 0 && classes > 0) {
    throw new Error(`[${caller}] expected vocabSize or classes to be 0, got ${vocabSize} and ${classes}`);
  }
  if (vocabSize > 0) return "BeitForMaskedImageModeling";
  return classes > 0 ? "BeitForImageClassification" : "BeitModel";
}

/**
 * @internal A tensor's name in full: the base model's own have a prefix where a head stands beside it; the norm before the
 * visual-token head is the head's, the one before a class head on the class token is the base model's.
 */
export function huggingFaceName(bare: string, config: BeitConfig): string {
  const architecture = huggingFaceArchitecture("huggingFaceName", config);
  if (architecture === "BeitModel" || /^(lm_head|classifier)\./.test(bare)) return bare;
  return architecture === "BeitForMaskedImageModeling" && bare.startsWith("layernorm.") ? bare : `beit.${bare}`;
}

function headOf(fields: JsonFields): Head {
  const type = fields.value("model_type", "beit");
  fields.check(type === "beit" || type === "data2vec-vision", `model_type "beit" or "data2vec-vision"`, type);
  const named = fields.value("architectures", null);
  if (named === null) return "none";
  const head = Array.isArray(named) && named.length === 1 ? architectures.get(named[0]) : undefined;
  return head ?? fields.refuse(`architectures to be one of ${[...architectures.keys()].join(", ")}`, named);
}

function checkSupported(fields: JsonFields, head: Head): void {
  const activation = fields.value("hidden_act", "gelu");
  fields.check(activation === "gelu", `hidden_act "gelu"`, activation);
  fields.check(!fields.flag("add_fpn", false), "add_fpn false", true);
  if (head !== "vocabulary") return;
  fields.check(fields.flag("use_mean_pooling", true), "use_mean_pooling true for masked image modeling", false);
}

function hasBothTables(fields: JsonFields): boolean {
  return fields.flag("use_relative_position_bias", false) && fields.flag("use_shared_relative_position_bias", false);
}

// Of both at once, transformers adds what they say: the shared table is added to those of the layers as they are read.
function relativePositionsOf(fields: JsonFields): RelativePositions {
  const own = fields.flag("use_relative_position_bias", false);
  const shared = fields.flag("use_shared_relative_position_bias", false);
  if (own) return "per-layer";
  return shared ? "shared" : "none";
}

/** @internal */
export function imageSizeField(fields: JsonFields): ImageSize {
  const value = fields.value("image_size", 224);
  if (!Array.isArray(value)) return fields.number("image_size", 224);
  return isImageSize(value)
    ? imageSizeOf(heightWidth(value))
    : fields.refuse("image_size to be one number or two", value);
}

/** @internal */
export function squareSide(fields: JsonFields, name: string, fallback: number): number {
  const value = fields.value(name, fallback);
  if (!Array.isArray(value)) return fields.number(name, fallback);
  const [rows, columns] = value as unknown[];
  if (value.length !== 2 || rows !== columns || typeof rows !== "number") {
    return fields.refuse(`${name} to be one number or the same twice`, value);
  }
  return rows;
}

/** @internal Without labels, transformers has two classes unless `num_labels` says another number. */
export function classesOf(fields: JsonFields): { readonly classes: number; readonly labels?: readonly string[] } {
  const stored = fields.value("id2label", null);
  if (stored === null) return { classes: fields.number("num_labels", 2) };
  const labels = labelsOf(fields, stored);
  return { classes: labels.length, labels };
}

/** @internal Labels that are no placeholders, and whether an image may have several. */
export function namedLabels(
  fields: JsonFields,
  labels: readonly string[] | undefined,
): Pick<HuggingFaceConfig, "labels" | "multiLabel"> {
  const named = labels?.some((label, i) => label !== placeholder(i));
  return {
    ...(labels && named && { labels }),
    ...(labels && fields.value("problem_type", null) === "multi_label_classification" && { multiLabel: true as const }),
  };
}

function labelsOf(fields: JsonFields, stored: unknown): readonly string[] {
  if (typeof stored !== "object") return fields.refuse("id2label to be an object", stored);
  const byId = new Map(Object.entries(stored as object));
  return Array.from({ length: byId.size }, (_, i) => {
    const label: unknown = byId.get(String(i));
    return typeof label === "string" ? label : fields.refuse(`id2label.${i} to be a string`, label);
  });
}

function labelFields({ classes }: BeitConfig, labels?: readonly string[]): Record<string, unknown> {
  if (labels && labels.length !== classes) {
    throw new Error(`[beitConfigToHuggingFace] expected ${classes} labels, got ${labels.length}`);
  }
  if (classes === 0) return {};
  const names = labels ?? Array.from({ length: classes }, (_, i) => placeholder(i));
  return {
    id2label: Object.fromEntries(names.map((name, i) => [String(i), name])),
    label2id: Object.fromEntries(names.map((name, i) => [name, i])),
  };
}

function placeholder(id: number): string {
  return `LABEL_${id}`;
}

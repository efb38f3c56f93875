// timm's models: named as unilm's, so that other things tell them apart. The config.json of timm's repositories has an
// architecture's name, and how its images are prepared; the sizes are in the weights. (timm, models/beit.py, models/_hub.py)
import { imageSizeOf, isImageSize } from "@beitjs/tensor-core/grid";
import { isKind, type PickleValue } from "@beitjs/tensor-core/pickle";
import type { BeitConfig } from "../../config.ts";
import { argumentOf } from "../arguments.ts";
import type { Contents } from "../files.ts";
import { inferConfig } from "../infer-config.ts";
import { fieldsOf, type JsonFields } from "../json.ts";
import { recognizedArchitecture, type KnownNormalization } from "../normalization.ts";
import { officialNaming } from "../official.ts";
import { coveredBy, croppedAtCenter, type Preprocessing } from "../preprocessing.ts";
import type { ModelTensors, Origin } from "./origin.ts";

const architectures = { pattern: /^beit/, expected: "one of timm's beit_* or beitv2_*" };

export const timm = {
  name: "timm",
  title: "timm",
  conventions: {
    weights: "average", // models/_helpers.py, load_state_dict
    resizing: { tableResizing: "geometric-linear", positionResizing: "antialiased-bicubic" },
    preprocessing: (config) => croppedAtCenter(config, 0.9),
  },
  naming: officialNaming,

  recognizes: (contents, tensors) =>
    (contents.config !== undefined && isTimmConfig(contents.config)) || looksLikeTimm(contents, tensors),

  describe({ config: json, root }, tensors, given) {
    const read = json && isTimmConfig(json) ? timmConfig(json, architectures) : undefined;
    const known = { ...read?.config, ...given.config };
    const sizes = [read?.preprocessing?.crop || undefined, given.imageSize];
    const { config, guessed } = inferConfig(tensors, known, sizes);
    const labels = config.classes > 0 && read?.labels?.length === config.classes ? read.labels : undefined;
    const { preprocessing, normalization } = read ?? { normalization: trainedWith(root, config) };
    return { config, guessed, labels, preprocessing, normalization };
  },
} as const satisfies Origin;

/** @internal Whether a config.json is of timm's repositories. */
export function isTimmConfig(json: object): boolean {
  return Object.hasOwn(json, "architecture") && !Object.hasOwn(json, "model_type");
}

// timm never stores indices of relative positions; its training script notes the architecture.
function looksLikeTimm({ root, metadata }: Contents, tensors: ModelTensors): boolean {
  // Ours, written for either: no other resizing than that of the model it was.
  if (metadata["beitjs.origin"] === "unilm") return false;
  const architecture = architectureOf(root);
  if (typeof architecture === "string" && architecture.startsWith("beit")) return true;
  const names = [...tensors.keys()];
  const own = names.some((name) => /^blocks\.\d+\.attn\.relative_position_bias_table$/.test(name));
  return own && !names.some((name) => name.endsWith("relative_position_index"));
}

/** @internal What timm's training script notes. */
export function architectureOf(root: PickleValue | undefined): PickleValue | undefined {
  return isKind(root, "dict") ? root.entries.get("arch") : undefined;
}

// --mean and --std of its training script, one number for all channels or one for each; by default the architecture's. (timm,
// data/config.py)
function trainedWith(root: PickleValue | undefined, { channels }: BeitConfig): KnownNormalization | undefined {
  const known = recognizedArchitecture(architectureOf(root));
  const given = (name: string): readonly number[] | undefined => {
    const value = argumentOf(root, name);
    const items = isKind(value, "list") || isKind(value, "tuple") ? value.items : [];
    if (items.length === 0 || !isNumbers(items)) return undefined;
    return items.length === 1 ? Array.from({ length: channels }, () => items[0]) : items;
  };
  const [mean, std] = [given("mean"), given("std")];
  return mean && std ? { reason: "files", is: { mean, std } } : known;
}

type TimmConfig = {
  readonly architecture: string;
  /** What tensors may not tell: the number of heads, what is pooled, where the norm stands; each if it is said. */
  readonly config: Partial<BeitConfig>;
  readonly preprocessing?: Preprocessing;
  /** Where the mean and std are not in it. */
  readonly normalization?: KnownNormalization | undefined;
  readonly labels?: readonly string[];
};

const poolings = new Map<unknown, BeitConfig["pooling"]>([
  ["avg", "mean"],
  ["token", "class"],
]);

/** @internal Refuses what is none of these, or prepares images in a way that we do not. */
export function timmConfig(
  json: object,
  { pattern, expected }: { readonly pattern: RegExp; readonly expected: string },
): TimmConfig {
  const fields = fieldsOf("openBeit", json);
  const architecture = fields.value("architecture", undefined);
  if (typeof architecture !== "string" || !pattern.test(architecture)) {
    return fields.refuse(`architecture to be ${expected}`, architecture);
  }
  // The first repositories have the fields of pretrained_cfg at the top. (timm, models/_hub.py, _parse_model_cfg)
  const prepared = fields.value("pretrained_cfg", Object.hasOwn(json, "mean") ? json : undefined);
  const described = typeof prepared === "object" && prepared !== null ? prepared : undefined;
  const said = described && Object.hasOwn(described, "mean") && Object.hasOwn(described, "std");
  const labels = fields.value("label_names", undefined);
  return {
    architecture,
    config: configOf(fields),
    ...(described && { preprocessing: preprocessingOf(described) }),
    ...(!said && { normalization: recognizedArchitecture(architecture) }),
    ...(isTexts(labels) && { labels }),
  };
}

// As timm's factory takes them: arguments of the model, before what is noted for people. (timm, models/_hub.py)
function configOf(fields: JsonFields): Partial<BeitConfig> {
  const given = fieldsOf("openBeit", fields.value("model_args", {}));
  const prepared = fieldsOf("openBeit", fields.value("pretrained_cfg", {}));
  const pool = given.value("global_pool", fields.value("global_pool", prepared.value("global_pool", undefined)));
  const after = given.value("use_fc_norm", undefined);
  const heads = given.value("num_heads", undefined);
  const pooling = poolings.get(pool);
  // Without a head, timm may not pool at all.
  const unknown = pool === undefined || (pool === "" && fields.value("num_classes", 0) === 0);
  fields.check(pooling !== undefined || unknown, `global_pool "avg" or "token"`, pool);
  return {
    ...(typeof heads === "number" && { heads }),
    ...(pooling && { pooling }),
    ...(typeof after === "boolean" && { poolingNorm: after ? "after" : "before" }),
  };
}

function preprocessingOf(json: object): Preprocessing {
  const fields = fieldsOf("openBeit", json);
  const size = fields.value("input_size", [3, 224, 224]);
  if (!isNumbers(size) || size.length !== 3 || !isImageSize(size.slice(1))) {
    return fields.refuse("pretrained_cfg.input_size to be [channels, height, width]", size);
  }
  const filter = fields.value("interpolation", "bicubic");
  if (filter !== "bicubic" && filter !== "bilinear" && filter !== "lanczos" && filter !== "nearest") {
    return fields.refuse("pretrained_cfg.interpolation to be nearest, bilinear, bicubic or lanczos", filter);
  }
  const [mode, share] = [fields.value("crop_mode", "center"), fields.number("crop_pct", 0.9)];
  fields.check(mode === "center", `pretrained_cfg.crop_mode "center"`, mode);
  fields.check(share > 0 && share <= 1, "pretrained_cfg.crop_pct in (0, 1]", share);
  const statistic = (name: string): readonly number[] => {
    const values = fields.value(name, [0.5, 0.5, 0.5]);
    const fits = isNumbers(values) && values.length === size[0];
    return fits ? values : fields.refuse(`pretrained_cfg.${name} to be ${size[0]} numbers`, values);
  };
  const [mean, std] = [statistic("mean"), statistic("std")];
  const crop = imageSizeOf({ height: size[1], width: size[2] });
  return { filter, ...coveredBy(crop, share), mean, std };
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "number");
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}

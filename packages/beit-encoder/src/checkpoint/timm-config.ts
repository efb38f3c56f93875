// The config.json of timm's model repositories: an architecture's name, and how its images are prepared. The sizes are in
// the weights. (timm, models/_hub.py)
import type { Preprocessing } from "./preprocessing.ts";
import { fieldsOf } from "./json-fields.ts";

export type TimmConfig = {
  readonly architecture: string;
  readonly preprocessing?: Preprocessing;
  readonly labels?: readonly string[];
};

/** Whether a parsed config.json is timm's. */
export function isTimmConfig(json: object): boolean {
  return Object.hasOwn(json, "architecture") && !Object.hasOwn(json, "model_type");
}

/** @throws `[openBeit] expected <path> …, got …` for what is no BEiT or prepares images in a way that we do not */
export function timmConfig(json: object): TimmConfig {
  const fields = fieldsOf("openBeit", json);
  const architecture = fields.value("architecture", undefined);
  if (typeof architecture !== "string" || !architecture.startsWith("beit")) {
    return fields.refuse("architecture to be one of timm's beit_* or beitv2_*", architecture);
  }
  const prepared = fields.value("pretrained_cfg", undefined);
  const labels = fields.value("label_names", undefined);
  return {
    architecture,
    ...(typeof prepared === "object" && prepared !== null && { preprocessing: preprocessingOf(prepared) }),
    ...(isTexts(labels) && { labels }),
  };
}

function preprocessingOf(json: object): Preprocessing {
  const fields = fieldsOf("openBeit", json);
  const size = fields.value("input_size", [3, 224, 224]);
  if (!isNumbers(size) || size.length !== 3 || size[1] !== size[2]) {
    return fields.refuse("pretrained_cfg.input_size to be [channels, side, side]", size);
  }
  const filter = fields.value("interpolation", "bicubic");
  if (filter !== "bicubic" && filter !== "bilinear" && filter !== "lanczos") {
    return fields.refuse("pretrained_cfg.interpolation to be bilinear, bicubic or lanczos", filter);
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
  return { filter, size: Math.floor(size[1] / share), fit: "shortSide", crop: size[1], mean, std };
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "number");
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}

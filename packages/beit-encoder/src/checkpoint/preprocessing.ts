// How an image becomes a model's pixels; as Hugging Face's preprocessor_config.json says it, and back.
// (transformers, image_processing_beit.py)
import type { CropMargins, ResizeFilter } from "@beitjs/tensor-core/image";
import { fieldsOf, type JsonFields } from "./json.ts";

/** Resize, crop the center, scale: pixel = (byte / 255 - mean) / std, by channel. */
export type Preprocessing = {
  readonly filter: ResizeFilter;
  /** Side, in pixels, that the image is resized to. */
  readonly size: number;
  /** `square`: both sides become `size`, whatever the shape was. `shortSide`: the short side does, the shape is kept. */
  readonly fit: "square" | "shortSide";
  /** Side of the square cut from the center, at most `size`; 0: none. */
  readonly crop: number;
  /** Which way half a pixel beside the crop goes; default `even`, as torchvision does, where transformers goes `down`. */
  readonly margins?: CropMargins;
  /** By channel, for values in [0, 1]. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
};

/** Fields of the trainers' `EvalViewOptions`. */
export type EvalViewFields = {
  readonly channels: 1 | 3;
  readonly size: number;
  readonly fit:
    | { readonly kind: "direct" }
    | { readonly kind: "centerCrop" | "squareCrop"; readonly cropRatio: number; readonly margins: CropMargins };
  readonly filter: ResizeFilter;
  readonly normalization: { readonly mean: readonly number[]; readonly std: readonly number[] };
};

/** Pillow's numbers of the filters. */
const filters: readonly (readonly [number, ResizeFilter])[] = [
  [2, "bilinear"],
  [3, "bicubic"],
  [1, "lanczos"],
];

/**
 * What a parsed preprocessor_config.json asks for. Absent fields have transformers' defaults, but `size` and
 * `do_center_crop` must be there, because theirs differ between versions.
 *
 * @throws `[preprocessingFromHuggingFace] expected <path> …, got …`, also for what gives no square image
 */
export function preprocessingFromHuggingFace(configJson: object): Preprocessing {
  const fields = fieldsOf("preprocessingFromHuggingFace", configJson);
  fields.check(fields.flag("do_resize", true), "do_resize true", false);
  const resample = fields.number("resample", 3);
  const filter = filters.find(([number]) => number === resample)?.[1];
  if (filter === undefined) return fields.refuse("resample to be 1 (Lanczos), 2 (bilinear) or 3 (bicubic)", resample);
  const { size, fit } = sizeOf(fields);
  const crop = cropOf(fields);
  fields.check(crop <= size, `crop_size of at most ${size}`, crop);
  fields.check(fit === "square" || crop > 0, "do_center_crop true after resizing the shortest edge", false);
  return { filter, size, fit, crop, ...(crop > 0 && { margins: "down" }), ...normalizationOf(fields) };
}

/** The content of a preprocessor_config.json. */
export function preprocessingToHuggingFace(preprocessing: Preprocessing): Record<string, unknown> {
  const { filter, size, fit, crop, mean, std } = preprocessing;
  const side = crop > 0 ? crop : size;
  return {
    image_processor_type: "BeitImageProcessor",
    do_resize: true,
    size: fit === "square" ? { height: size, width: size } : { shortest_edge: size },
    resample: filters.find(([, name]) => name === filter)?.[0],
    do_center_crop: crop > 0,
    crop_size: { height: side, width: side },
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: [...mean],
    image_std: [...std],
    do_reduce_labels: false,
  };
}

/**
 * The same as options of the trainers' evaluation view.
 *
 * @throws for another number of channels than 1 or 3
 */
export function evalViewFields(preprocessing: Preprocessing): EvalViewFields {
  const { filter, size, fit, crop, margins = "even", mean, std } = preprocessing;
  const channels = mean.length;
  if (channels !== 1 && channels !== 3) throw new Error(`[evalViewFields] expected 1 or 3 channels, got ${channels}`);
  const rest = { channels, filter, normalization: { mean, std } } as const;
  if (fit === "square" && (crop === 0 || crop === size)) return { ...rest, size, fit: { kind: "direct" } };
  // The view rounds crop / cropRatio down, so the ratio must not be a little too large.
  const exact = crop / size;
  const cropRatio = Math.floor(crop / exact) === size ? exact : crop / (size + 0.5);
  return { ...rest, size: crop, fit: { kind: fit === "square" ? "squareCrop" : "centerCrop", cropRatio, margins } };
}

/** @internal To [-1, 1], as all models released for ImageNet-22k see their pixels. */
export function signedPixels(channels: number): Pick<Preprocessing, "mean" | "std"> {
  const half = Array.from({ length: channels }, () => 0.5);
  return { mean: half, std: half };
}

/** @internal Of images below 384 pixels, the center of one that is larger by `share`; larger ones are not cropped. */
export function croppedAtCenter(
  { imageSize, channels }: { readonly imageSize: number; readonly channels: number },
  share: number,
): Preprocessing {
  const size = Math.floor(imageSize / (imageSize >= 384 ? 1 : share));
  return { filter: "bicubic", size, fit: "shortSide", crop: imageSize, ...signedPixels(channels) };
}

function sizeOf(fields: JsonFields): Pick<Preprocessing, "size" | "fit"> {
  const value = fields.value("size", undefined);
  if (typeof value === "object" && value !== null && "shortest_edge" in value) {
    return { size: side(fields, "size.shortest_edge", value.shortest_edge), fit: "shortSide" };
  }
  return { size: squareSide(fields, "size", value), fit: "square" };
}

function cropOf(fields: JsonFields): number {
  const cropped = fields.value("do_center_crop", undefined);
  if (typeof cropped !== "boolean") return fields.refuse("do_center_crop to be true or false", cropped);
  return cropped ? squareSide(fields, "crop_size", fields.value("crop_size", 224)) : 0;
}

function squareSide(fields: JsonFields, path: string, value: unknown): number {
  if (typeof value !== "object" || value === null) return side(fields, path, value);
  const { height, width } = value as { readonly height?: unknown; readonly width?: unknown };
  if (height !== width) return fields.refuse(`${path} with height equal to width`, value);
  return side(fields, `${path}.height`, height);
}

function side(fields: JsonFields, path: string, value: unknown): number {
  const valid = typeof value === "number" && Number.isSafeInteger(value) && value > 0;
  return valid ? value : fields.refuse(`${path} to be a positive integer`, value);
}

// (byte factor - mean) / std, written for byte / 255.
function normalizationOf(fields: JsonFields): Pick<Preprocessing, "mean" | "std"> {
  const factor = fields.flag("do_rescale", true) ? fields.number("rescale_factor", 1 / 255) : 1;
  fields.check(factor > 0 && factor < Infinity, "rescale_factor above 0", factor);
  const scale = Math.abs(255 * factor - 1) < 1e-12 ? 1 : 255 * factor;
  const normalized = fields.flag("do_normalize", true);
  const mean = normalized ? numbers(fields, "image_mean", 0.5) : [0, 0, 0];
  const std = normalized ? numbers(fields, "image_std", 0.5) : [1, 1, 1];
  fields.check(mean.length === std.length, `image_std of ${mean.length} values`, std);
  fields.check(!std.includes(0), "image_std without 0", std);
  return { mean: mean.map((value) => value / scale), std: std.map((value) => value / scale) };
}

function numbers(fields: JsonFields, path: string, fallback: number): readonly number[] {
  const value = fields.value(path, [fallback, fallback, fallback]);
  if (typeof value === "number") return [value, value, value];
  const valid = Array.isArray(value) && value.length > 0 && value.every((entry) => typeof entry === "number");
  return valid ? (value as number[]) : fields.refuse(`${path} to be numbers`, value);
}

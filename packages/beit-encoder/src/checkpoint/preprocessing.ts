// How an image becomes a model's pixels, as Hugging Face's preprocessor_config.json says it, and back.
// (transformers, image_processing_beit.py)
import { formatSize, heightWidth, imageSizeOf, isImageSize, sameSize, type ImageSize } from "@beitjs/tensor-core/grid";
import {
  isChannelCount,
  MAX_CHANNELS as MOST_IMAGE_CHANNELS,
  type CropMargins,
  type EvalView,
  type ResizeFilter,
} from "@beitjs/tensor-core/image";
import { isBoundedSize, MAX_PIXELS } from "../config.ts";
import { fieldsOf, type JsonFields } from "./json.ts";

/** Resize, crop the center, scale: pixel = (sample / white - mean) / std, by channel; white is 255, or 65535 of 16 bits. */
export type Preprocessing = {
  readonly filter: ResizeFilter;
  /** Height and width, in pixels, that the image is resized to; a number for squares. */
  readonly size: ImageSize;
  /** `square`: to `size`, whatever the shape was. `shortSide`: the shape is kept, and the image just covers `size`. */
  readonly fit: "square" | "shortSide";
  /** Size of what is cut from the center, at most `size`; 0: none. */
  readonly crop: ImageSize;
  /** Which way half a pixel beside the crop goes; default `even`, as torchvision does, where transformers goes `down`. */
  readonly margins?: CropMargins;
  /** By channel, for values in [0, 1]. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
};

/** Fields of the trainers' `EvalViewOptions`. */
export type EvalViewFields = {
  readonly channels: number;
  readonly size: ImageSize;
  readonly fit:
    | { readonly kind: "direct" }
    | { readonly kind: "centerCrop" | "squareCrop"; readonly cropRatio: number; readonly margins: CropMargins };
  readonly filter: ResizeFilter;
  readonly normalization: { readonly mean: readonly number[]; readonly std: readonly number[] };
};

/** More than images of any kind have. */
const MAX_CHANNELS = 256;

/** Pillow's numbers of the filters. */
const filters: readonly (readonly [number, ResizeFilter])[] = [
  [0, "nearest"],
  [2, "bilinear"],
  [3, "bicubic"],
  [1, "lanczos"],
];

/**
 * What a parsed preprocessor_config.json asks for. Absent fields have transformers' defaults (5.23: nothing is cropped), but
 * `size` must be there, because theirs differ between versions. As in transformers, a step whose flag is null is left out, and
 * null says nothing where a step needs a size, a filter or numbers.
 *
 * @throws `[preprocessingFromHuggingFace] expected <path> …, got …`, also for a crop that has not the proportions of `size`
 */
export function preprocessingFromHuggingFace(configJson: object): Preprocessing {
  const fields = fieldsOf("preprocessingFromHuggingFace", configJson, { keepNulls: true });
  fields.check(fields.flag("do_resize", true), "do_resize true", fields.value("do_resize", true));
  const isViT = isForViT(fields);
  const filter = filterOf(fields, isViT);
  const { size, fit } = sizeOf(fields);
  const crop = cropOf(fields, isViT);
  const [inner, outer] = [heightWidth(crop), heightWidth(size)];
  const fits = inner.height <= outer.height && inner.width <= outer.width;
  fields.check(fits, `crop_size of at most ${formatSize(size)}`, crop);
  fields.check(crop === 0 || cropRatioOf(size, crop) !== undefined, "crop_size in the proportions of size", crop);
  fields.check(fit === "square" || crop !== 0, "do_center_crop true after resizing the shortest edge", false);
  return { filter, size, fit, crop, ...(crop !== 0 && { margins: "down" }), ...normalizationOf(fields) };
}

/**
 * The content of a preprocessor_config.json.
 *
 * @throws for images that keep their shape and are no squares: transformers resizes by the short side alone
 */
export function preprocessingToHuggingFace(preprocessing: Preprocessing): Record<string, unknown> {
  const { filter, size, fit, crop, mean, std } = preprocessing;
  const [resized, cropped] = [heightWidth(size), heightWidth(crop === 0 ? size : crop)];
  if (fit === "shortSide" && resized.height !== resized.width) {
    throw new Error(
      `[preprocessingToHuggingFace] expected fit "square" for images of ${formatSize(size)}, which transformers can only stretch, got "${fit}"`,
    );
  }
  return {
    image_processor_type: "BeitImageProcessor",
    do_resize: true,
    size: fit === "square" ? resized : { shortest_edge: resized.height },
    resample: filters.find(([, name]) => name === filter)?.[0],
    do_center_crop: crop !== 0,
    crop_size: cropped,
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
 * @throws for another number of channels than 1 to 8
 */
export function evalViewFields(preprocessing: Preprocessing): EvalViewFields {
  const { filter, size, fit, crop, margins = "even", mean, std } = preprocessing;
  const channels = mean.length;
  if (!isChannelCount(channels)) {
    throw new Error(`[evalViewFields] expected 1 to ${MOST_IMAGE_CHANNELS} channels, got ${String(channels)}`);
  }
  const rest = { channels, filter, normalization: { mean, std } } as const;
  if (fit === "square" && (crop === 0 || sameSize(crop, size))) return { ...rest, size, fit: { kind: "direct" } };
  const cropRatio = cropRatioOf(size, crop);
  if (cropRatio === undefined) {
    const got = `${formatSize(crop)} of ${formatSize(size)}`;
    throw new Error(`[evalViewFields] expected a crop in the proportions of the size, got ${got}`);
  }
  return { ...rest, size: crop, fit: { kind: fit === "square" ? "squareCrop" : "centerCrop", cropRatio, margins } };
}

/**
 * Checks that images come out of their preparation as a model takes them.
 *
 * @throws `[caller] expected …, got …` naming the file that says the size
 */
export function checkImageSize(
  caller: string,
  { size, crop }: Pick<Preprocessing, "size" | "crop">,
  { imageSize }: { readonly imageSize: ImageSize },
): void {
  const got = crop === 0 ? size : crop;
  if (sameSize(got, imageSize)) return;
  throw new Error(
    `[${caller}] expected images to be prepared at the model's size of ${formatSize(imageSize)}, got ${formatSize(got)} ` +
      `(preprocessor_config.json, or pretrained_cfg of timm's config.json): correct the file, ` +
      `or open the model at that size (imageSize, --image-size)`,
  );
}

/** The other way round: a view of the trainers as a description that `saveBeit` and `toHuggingFace` take. */
export function preprocessingFromView({ channels, size, fit, filter, normalization }: EvalView): Preprocessing {
  const all = (value: number) => Array.from({ length: channels }, () => value);
  const scaling =
    normalization === "unit"
      ? { mean: all(0), std: all(1) }
      : normalization === "mapPixels"
        ? { mean: all(-0.125), std: all(1.25) }
        : { mean: normalization.mean, std: normalization.std };
  if (fit.kind === "direct") return { filter, size, fit: "square", crop: 0, ...scaling };
  const { kind, cropRatio, margins = "even" } = fit;
  const covered = coveredBy(size, cropRatio);
  return { filter, ...covered, fit: kind === "squareCrop" ? "square" : "shortSide", margins, ...scaling };
}

/** @internal To [-1, 1], as all models released for ImageNet-22k see their pixels. */
export function signedPixels(channels: number): Pick<Preprocessing, "mean" | "std"> {
  const half = Array.from({ length: channels }, () => 0.5);
  return { mean: half, std: half };
}

/** @internal Of images below 384 pixels, the center of one that is larger by `share`; larger ones are not cropped. */
export function croppedAtCenter(
  { imageSize, channels }: { readonly imageSize: ImageSize; readonly channels: number },
  share: number,
): Preprocessing {
  const large = Math.min(...Object.values(heightWidth(imageSize))) >= 384;
  return { filter: "bicubic", ...coveredBy(imageSize, large ? 1 : share), ...signedPixels(channels) };
}

/** @internal The size that an image has to cover so that `crop` is a share of it. */
export function coveredBy(crop: ImageSize, share: number): Pick<Preprocessing, "size" | "fit" | "crop"> {
  const { height, width } = heightWidth(crop);
  const size = imageSizeOf({ height: Math.floor(height / share), width: Math.floor(width / share) });
  return { size, fit: "shortSide", crop };
}

/**
 * @internal Refuses what no image can be prepared by, before anything of its sizes is made.
 *
 * @throws `[caller] expected preprocessing with …, got …`
 */
export function checkPreprocessing({ filter, size, fit, crop, mean, std }: Preprocessing, caller: string): void {
  const fields = fieldsOf(caller, {});
  const check = (valid: boolean, expected: string, got: unknown) => {
    fields.check(valid, `preprocessing with ${expected}`, got);
  };
  check(
    filters.some(([, name]) => name === filter),
    "a filter of its names",
    filter,
  );
  check(fit === "square" || fit === "shortSide", `fit "square" or "shortSide"`, fit);
  check(isImageSize(size) && isBoundedSize(size), `a size of at most ${MAX_PIXELS} pixels`, size);
  const { height, width } = heightWidth(size);
  const within = (inner: ImageSize) => heightWidth(inner).height <= height && heightWidth(inner).width <= width;
  check(crop === 0 || (isImageSize(crop) && within(crop)), `a crop of at most ${formatSize(size)}`, crop);
  for (const [name, values] of Object.entries({ mean, std })) {
    const listed = Array.isArray(values) && values.length > 0 && values.length <= MAX_CHANNELS;
    check(listed && values.every(Number.isFinite), `${name} of 1 to ${MAX_CHANNELS} numbers`, values);
  }
  check(mean.length === std.length && !std.includes(0), `std of ${mean.length} numbers other than 0`, std);
}

// The ratio of a view, which rounds crop / ratio down on both sides, so that it must not be a little too large.
function cropRatioOf(size: ImageSize, crop: ImageSize): number | undefined {
  const [inner, outer] = [heightWidth(crop), heightWidth(size)];
  const exact = Math.min(inner.height / outer.height, inner.width / outer.width);
  const least = Math.max(inner.height / (outer.height + 1), inner.width / (outer.width + 1));
  const fits = (ratio: number) =>
    Math.floor(inner.height / ratio) === outer.height && Math.floor(inner.width / ratio) === outer.width;
  return [exact, inner.height / (outer.height + 0.5), (exact + least) / 2].find(fits);
}

// Where nothing is said, transformers' ViTImageProcessor is bilinear and has no size of a crop, BeitImageProcessor is bicubic.
function isForViT(fields: JsonFields): boolean {
  const processor = fields.value("image_processor_type", undefined) ?? fields.value("feature_extractor_type", "");
  return typeof processor === "string" && processor.startsWith("ViT");
}

function filterOf(fields: JsonFields, isViT: boolean): ResizeFilter {
  const resample = fields.value("resample", isViT ? 2 : 3);
  const filter = filters.find(([number]) => number === resample)?.[1];
  const expected = "resample to be 0 (nearest), 1 (Lanczos), 2 (bilinear) or 3 (bicubic)";
  return filter ?? fields.refuse(expected, resample);
}

function sizeOf(fields: JsonFields): Pick<Preprocessing, "size" | "fit"> {
  const value = fields.value("size", undefined);
  const edges = fieldsOf("preprocessingFromHuggingFace", isObject(value) ? value : {});
  const shortest = edges.value("shortest_edge", undefined);
  if (shortest === undefined) return { size: sizeField(fields, "size", value), fit: "square" };
  const longest = edges.value("longest_edge", undefined);
  fields.check(longest === undefined, "size.shortest_edge alone, without longest_edge", longest);
  return { size: side(fields, "size.shortest_edge", shortest), fit: "shortSide" };
}

function cropOf(fields: JsonFields, isViT: boolean): ImageSize {
  if (!fields.flag("do_center_crop", false)) return 0;
  return sizeField(fields, "crop_size", fields.value("crop_size", isViT ? undefined : 224));
}

function sizeField(fields: JsonFields, path: string, value: unknown): ImageSize {
  if (Array.isArray(value)) {
    return isImageSize(value) ? imageSizeOf(heightWidth(value)) : fields.refuse(`${path} to be [height, width]`, value);
  }
  if (!isObject(value)) return side(fields, path, value);
  const { height, width } = value as { readonly height?: unknown; readonly width?: unknown };
  return imageSizeOf({
    height: side(fields, `${path}.height`, height),
    width: side(fields, `${path}.width`, width),
  });
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
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

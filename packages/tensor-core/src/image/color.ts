// Color changes equal to PIL's ImageEnhance: out = degenerate + factor * (image - degenerate) in float32, clipped to
// [0, 255] and cut (not rounded) to a byte (libImaging/Blend.c); samples of 16 bits likewise, to [0, 65535]. BEiT jitters with them
// (App. C; unilm beit/transforms.py). Channels that are no colors have no brightness of the eye: they are refused.
import { permutation, type Rng } from "../random.ts";
import { blankLike, checkImage, isDeep, luma, requireColor, type Image } from "./image.ts";

/** Half-widths of the factor ranges; 0 leaves that property alone. BEiT pre-training uses 0.4 for each. */
export type ColorJitterOptions = {
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
};

/** Blends with black: factor 0 is black, 1 the image, above 1 brighter. */
export function adjustBrightness(image: Image, factor: number): Image {
  checkColors("adjustBrightness", image);
  return blendWith(image, 0, checkFactor("adjustBrightness", factor));
}

/** Blends with the constant grey int(mean of luma + 0.5) of the whole image. */
export function adjustContrast(image: Image, factor: number): Image {
  checkColors("adjustContrast", image);
  return blendWith(image, meanGray(image), checkFactor("adjustContrast", factor));
}

/** Blends with the image's own luma. A grey image has nothing to change and is returned as it is. */
export function adjustSaturation(image: Image, factor: number): Image {
  checkColors("adjustSaturation", image);
  checkFactor("adjustSaturation", factor);
  if (image.channels === 1) return image;
  const { width, height, data } = image;
  const share = Math.fround(factor);
  if (isDeep(data)) return { ...image, data: saturateDeep(data, share) };
  const out = new Uint8ClampedArray(data.length);
  for (let p = 0; p < data.length; p += 3) {
    const gray = luma(data[p], data[p + 1], data[p + 2]);
    out[p] = Math.trunc(blend(gray, data[p], share));
    out[p + 1] = Math.trunc(blend(gray, data[p + 1], share));
    out[p + 2] = Math.trunc(blend(gray, data[p + 2], share));
  }
  return { width, height, channels: 3, data: new Uint8Array(out.buffer) };
}

function saturateDeep(data: Uint16Array, share: number): Uint16Array {
  const out = new Uint16Array(data.length);
  for (let p = 0; p < data.length; p += 3) {
    const gray = luma(data[p], data[p + 1], data[p + 2]);
    for (let c = p; c < p + 3; c++) out[c] = clippedDeep(blend(gray, data[c], share));
  }
  return out;
}

/**
 * Brightness, contrast and saturation in random order with factors ~ U(max(0, 1 - amount), 1 + amount).
 * Five words are drawn whatever the options: two for the order, then the factors in the order above.
 * @throws RangeError when an amount is negative, or above 0 for channels that are no colors.
 */
export function colorJitter(image: Image, options: ColorJitterOptions, rng: Rng): Image {
  const steps = [
    { adjust: adjustBrightness, amount: options.brightness },
    { adjust: adjustContrast, amount: options.contrast },
    { adjust: adjustSaturation, amount: options.saturation },
  ];
  const order = permutation(steps.length, rng);
  const factors = steps.map(({ amount }) => jitterFactor(amount, rng));
  for (const step of order) {
    if (steps[step].amount > 0) image = steps[step].adjust(image, factors[step]);
  }
  return image;
}

function jitterFactor(amount: number, rng: Rng): number {
  if (!(amount >= 0)) throw new RangeError(`[colorJitter] expected an amount of at least 0, got ${amount}`);
  const low = Math.max(0, 1 - amount);
  return low + rng.uniform() * (1 + amount - low);
}

function meanGray({ channels, data }: Image): number {
  let total = 0;
  if (channels === 1) for (const value of data) total += value;
  else for (let p = 0; p < data.length; p += 3) total += luma(data[p], data[p + 1], data[p + 2]);
  return Math.trunc(total / (data.length / channels) + 0.5);
}

function blendTable(degenerate: number, share: number): Uint8ClampedArray {
  return Uint8ClampedArray.from({ length: 256 }, (_, value) => Math.trunc(blend(degenerate, value, share)));
}

/** @internal Rounded to float32 after the product and after the sum, as the C code does. */
export function blend(degenerate: number, value: number, factor: number): number {
  return Math.fround(degenerate + Math.fround(factor * (value - degenerate)));
}

function blendWith({ width, height, channels, data }: Image, degenerate: number, factor: number): Image {
  const share = Math.fround(factor);
  const out = blankLike(data, data.length);
  if (isDeep(data)) {
    for (let i = 0; i < data.length; i++) out[i] = clippedDeep(blend(degenerate, data[i], share));
  } else {
    const table = blendTable(degenerate, share);
    for (let i = 0; i < data.length; i++) out[i] = table[data[i]];
  }
  return { width, height, channels, data: out };
}

function clippedDeep(value: number): number {
  return Math.trunc(Math.min(65535, Math.max(0, value)));
}

function checkColors(caller: string, image: Image): void {
  checkImage(caller, image);
  requireColor(caller, image);
}

/** @internal */
export function checkFactor(caller: string, factor: number): number {
  if (!Number.isFinite(factor)) throw new RangeError(`[${caller}] expected a finite factor, got ${factor}`);
  return factor;
}

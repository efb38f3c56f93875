// Samples to the numbers a model reads, and back. Each step is rounded to float32 in the order torchvision's ToTensor and
// Normalize and DALL-E's map_pixels do it, so equal bytes give equal floats.
import { checkImage, createImage, isDeep, type ByteImage, type Image } from "./image.ts";

/**
 * White is 255, and 65535 of samples of 16 bits:
 * - `"unit"`: value / white, in [0, 1].
 * - `"mapPixels"`: 0.8 * value / white + 0.1, in [0.1, 0.9] (DALL-E's dVAE, openai/DALL-E dall_e/utils.py).
 * - mean and std per channel: (value / white - mean) / std.
 */
export type Normalization =
  "unit" | "mapPixels" | { readonly mean: readonly number[]; readonly std: readonly number[] };

/**
 * Floats of an image, in its own order (height, width, channel).
 * @throws RangeError when mean or std do not have one entry a channel, or a std is not positive.
 */
export function toFloat(image: Image, normalization: Normalization): Float32Array {
  checkImage("toFloat", image);
  const { channels, data } = image;
  const maps = channelMaps("toFloat", normalization, channels);
  if (isDeep(data)) return deepToFloat(data, maps);
  const tables = maps.map(byteTable);
  const out = new Float32Array(data.length);
  if (channels === 1) {
    const [table] = tables;
    for (let i = 0; i < data.length; i++) out[i] = table[data[i]];
    return out;
  }
  if (channels !== 3) {
    for (const [c, table] of tables.entries()) for (let i = c; i < data.length; i += channels) out[i] = table[data[i]];
    return out;
  }
  const [red, green, blue] = tables;
  for (let i = 0; i < data.length; i += 3) {
    out[i] = red[data[i]];
    out[i + 1] = green[data[i + 1]];
    out[i + 2] = blue[data[i + 2]];
  }
  return out;
}

// As bytes are: each step rounded to float32.
function deepToFloat(data: Uint16Array, maps: readonly ChannelMap[]): Float32Array {
  const out = new Float32Array(data.length);
  for (const [c, { exact }] of maps.entries()) {
    for (let i = c; i < data.length; i += maps.length) out[i] = exact(Math.fround(data[i] / 65535));
  }
  return out;
}

/**
 * The image of bytes that `toFloat` came from: values are mapped back, rounded to the nearest byte and clipped to [0, 255].
 * @throws RangeError when the number of values is not width * height * channels, or the normalization does not fit.
 */
export function fromFloat(
  values: Float32Array,
  { width, height, channels }: Pick<Image, "width" | "height" | "channels">,
  normalization: Normalization,
): ByteImage {
  const data = new Uint8ClampedArray(values.length);
  const maps = channelMaps("fromFloat", normalization, channels);
  for (let i = 0; i < values.length; i++) {
    const { mean, std } = maps[i % channels];
    data[i] = Math.round((values[i] * std + mean) * 255);
  }
  return createImage(width, height, channels, new Uint8Array(data.buffer));
}

/**
 * Any normalization as (x - mean) / std of values x in [0, 1], one entry a channel.
 *
 * @throws RangeError for mean and std of another number of channels
 */
export function statisticsOf(normalization: Normalization, channels: number): Exclude<Normalization, string> {
  const maps = channelMaps("statisticsOf", normalization, channels);
  return { mean: maps.map(({ mean }) => mean), std: maps.map(({ std }) => std) };
}

// Every normalization is (unit - mean) / std; mapPixels is written with its own roundings by `exact`.
type ChannelMap = { readonly mean: number; readonly std: number; readonly exact: (unit: number) => number };

function channelMaps(caller: string, normalization: Normalization, channels: number): readonly ChannelMap[] {
  if (normalization === "unit") return Array.from({ length: channels }, () => ({ mean: 0, std: 1, exact: (x) => x }));
  if (normalization === "mapPixels") return Array.from({ length: channels }, () => mapPixels);
  const { mean, std } = normalization;
  if (mean.length !== channels || std.length !== channels || !std.every((value) => value > 0)) {
    const got = `mean [${mean.join(", ")}], std [${std.join(", ")}]`;
    throw new RangeError(`[${caller}] expected a mean and a positive std for each of ${channels} channels, got ${got}`);
  }
  return mean.map((center, c) => {
    const [m, s] = [Math.fround(center), Math.fround(std[c])];
    return { mean: center, std: std[c], exact: (unit) => Math.fround(Math.fround(unit - m) / s) };
  });
}

const mapPixels: ChannelMap = {
  mean: -0.125,
  std: 1.25,
  exact: (unit) => Math.fround(Math.fround(unit * Math.fround(0.8)) + Math.fround(0.1)),
};

function byteTable({ exact }: ChannelMap): Float32Array {
  return Float32Array.from({ length: 256 }, (_, value) => exact(Math.fround(value / 255)));
}

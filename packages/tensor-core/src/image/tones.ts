// Changes of every byte by a table, equal to Pillow's ImageOps (13.0) byte for byte: what RandAugment does to tones. A table is one for
// the whole image, or one a channel where it follows from the channel's histogram.
import { checkPicture, type ByteImage, type Image } from "./image.ts";

/**
 * Stretches each channel to the whole range, from its smallest value to its largest; a channel of one value stays.
 * @throws RangeError for channels that are no colors, or samples of 16 bits; so do all here
 */
export function autoContrast(image: Image): ByteImage {
  return byHistogram("autoContrast", image, (counts) => {
    const low = counts.findIndex((count) => count > 0);
    const high = counts.findLastIndex((count) => count > 0);
    if (high <= low) return identity;
    const scale = 255 / (high - low);
    const offset = -low * scale;
    return (value) => Math.trunc(value * scale + offset);
  });
}

/** Gives each channel a histogram as even as a table can make it. */
export function equalize(image: Image): ByteImage {
  return byHistogram("equalize", image, (counts) => {
    const present = counts.filter((count) => count > 0);
    const total = present.reduce((sum, count) => sum + count, 0);
    const step = Math.floor((total - present[present.length - 1]) / 255);
    if (present.length < 2 || step === 0) return identity;
    let before = Math.floor(step / 2);
    return (value) => {
      const level = Math.floor(before / step);
      before += counts[value];
      return level;
    };
  });
}

/** The negative. */
export function invert(image: Image): ByteImage {
  return byTable("invert", image, (value) => 255 - value);
}

/** Keeps the uppermost bits of every byte, 0 to 8; without any the image is black, as in Pillow before 13, which refuses that. */
export function posterize(image: Image, bits: number): ByteImage {
  if (!Number.isInteger(bits) || bits < 0 || bits > 8) {
    throw new RangeError(`[posterize] expected 0 to 8 bits to keep, got ${bits}`);
  }
  return byTable("posterize", image, (value) => value & (256 - 2 ** (8 - bits)));
}

/** The negative of values from the threshold on. */
export function solarize(image: Image, threshold: number): ByteImage {
  return byTable("solarize", image, (value) => (value < threshold ? value : 255 - value));
}

/** Adds to values below 128, as far as white. (timm's solarize_add) */
export function solarizeAdd(image: Image, amount: number): ByteImage {
  return byTable("solarizeAdd", image, (value) => (value < 128 ? value + amount : value));
}

/** Called for 0 to 255, in order. */
type Tone = (value: number) => number;

const identity: Tone = (value) => value;

function byTable(caller: string, image: Image, tone: Tone): ByteImage {
  checkPicture(caller, image);
  const table = tableOf(tone);
  return { ...image, data: image.data.map((value) => table[value]) };
}

function byHistogram(caller: string, image: Image, toneOf: (counts: Uint32Array) => Tone): ByteImage {
  checkPicture(caller, image);
  const { channels, data } = image;
  const out = new Uint8Array(data.length);
  for (let c = 0; c < channels; c++) {
    const counts = new Uint32Array(256);
    for (let i = c; i < data.length; i += channels) counts[data[i]]++;
    const table = tableOf(toneOf(counts));
    for (let i = c; i < data.length; i += channels) out[i] = table[data[i]];
  }
  return { ...image, data: out };
}

function tableOf(tone: Tone): Uint8ClampedArray {
  const table = new Uint8ClampedArray(256);
  for (let value = 0; value < 256; value++) table[value] = tone(value);
  return table;
}

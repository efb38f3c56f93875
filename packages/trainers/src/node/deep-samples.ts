// Files of 16 bits a sample, and those that use fewer: cameras and microscopes write 10 or 12 bits into the lower end. Where white is
// 65535 they are black, so that is said, and `bits` scales them.
import { grayToRgb, type Image, type Samples } from "@beitjs/tensor-core/image";
import sharp from "sharp";

/** Below this all is black to the eye if 16 bits count: 6 % of white, the largest of 12 bits. */
const DARK = 2 ** 12;

export type DeepSamples = {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint16Array;
};

/** Upright samples of 16 bits as the file has them, without alpha and its color profile. */
export async function readDeep(bytes: Uint8Array, space: "rgb16" | "grey16", maxPixels: number): Promise<DeepSamples> {
  const { data, info } = await sharp(bytes, { failOn: "warning", limitInputPixels: maxPixels, ignoreIcc: true })
    .autoOrient()
    .pipelineColourspace(space)
    .toColourspace(space)
    .removeAlpha()
    .raw({ depth: "ushort" })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (channels !== 1 && channels !== 3) throw new Error(`expected 1 or 3 channels, got ${channels}`);
  return { width, height, channels, data: new Uint16Array(data.buffer, data.byteOffset, data.length / 2) };
}

/** Color of samples of which `bits` are used. */
export function deepColor({ width, height, channels, data }: DeepSamples, bits = 16): Image {
  return grayToRgb({ width, height, channels, data: scaled(data, bits) });
}

/** Samples of which `bits` are used, so that the largest is 65535. */
export function scaled(data: Uint16Array, bits = 16): Uint16Array {
  if (bits === 16) return data;
  const most = 2 ** bits - 1;
  return Uint16Array.from(data, (value) => Math.round((value * 65535) / most));
}

/** What is wrong with samples of 16 bits whose largest is `most`, if anything is. */
export function bitsIssue(most: number, bits: number | undefined): string | undefined {
  if (bits !== undefined) {
    if (most < 2 ** bits) return undefined;
    return `expected samples below ${2 ** bits}, as ${bits} bits are said to be used of 16, got ${most}`;
  }
  if (most === 0 || most >= DARK) return undefined;
  const likely = [8, 10, 12].find((count) => most < 2 ** count);
  return (
    `samples of 16 bits go up to ${most} only, which is black where white is 65535; say how many bits are used ` +
    `(bits, --bits: likely ${likely}, or 16 where it is as dark as that)`
  );
}

/** The largest sample. */
export function largestOf(data: Samples): number {
  let most = 0;
  for (const value of data) if (value > most) most = value;
  return most;
}

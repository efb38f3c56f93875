// RandAugment (Cubuk et al. 2020) as timm has it and BEiT fine-tunes with it, `rand-m9-mstd0.5-inc1`: a few of fifteen operations on the
// bytes of a view, each with a strength of its own. "Increasing": the strength of every operation grows with the magnitude.
import {
  adjustBrightness,
  adjustContrast,
  adjustSaturation,
  adjustSharpness,
  affine,
  autoContrast,
  equalize,
  invert,
  posterize,
  rotate,
  solarize,
  solarizeAdd,
  statisticsOf,
  type Image,
  type Normalization,
} from "@beitjs/tensor-core/image";
import type { Rng } from "@beitjs/tensor-core/random";
import type { RandAugmentOptions } from "../recipes/recipe.ts";

type Canvas = { readonly fill: readonly number[] };

/** Strength is the magnitude over 10; the sign is 1 or -1, of operations that go both ways. */
type Operation = {
  readonly name: string;
  readonly signed?: boolean;
  apply(image: Image, strength: number, sign: number, canvas: Canvas): Image;
};

const top = 10;

/** @internal In timm's order, with its names. */
export const operations: readonly Operation[] = [
  { name: "AutoContrast", apply: autoContrast },
  { name: "Equalize", apply: equalize },
  { name: "Invert", apply: invert },
  {
    name: "Rotate",
    signed: true,
    apply: (image, strength, sign, { fill }) => rotate(image, sign * (strength * 30), fill),
  },
  { name: "PosterizeIncreasing", apply: (image, strength) => posterize(image, 4 - Math.trunc(strength * 4)) },
  {
    name: "SolarizeIncreasing",
    apply: (image, strength) => solarize(image, 256 - Math.min(256, Math.trunc(strength * 256))),
  },
  { name: "SolarizeAdd", apply: (image, strength) => solarizeAdd(image, Math.min(128, Math.trunc(strength * 110))) },
  enhancement("ColorIncreasing", adjustSaturation),
  enhancement("ContrastIncreasing", adjustContrast),
  enhancement("BrightnessIncreasing", adjustBrightness),
  enhancement("SharpnessIncreasing", adjustSharpness),
  affinity("ShearX", 0.3, (share) => [1, share, 0, 0, 1, 0]),
  affinity("ShearY", 0.3, (share) => [1, 0, 0, share, 1, 0]),
  affinity("TranslateXRel", 0.45, (share, { width }) => [1, 0, share * width, 0, 1, 0]),
  affinity("TranslateYRel", 0.45, (share, { height }) => [1, 0, 0, 0, 1, share * height]),
];

/**
 * So many operations on an image, drawn with replacement; each is left out with what `probability` leaves, and has a magnitude
 * ~ N(magnitude, magnitudeStd), cut to [0, 10], and a random sign. What moves out of sight leaves the normalization's zero behind.
 * Drawn are the operations first; then of each in turn whether it is done, and of those that are, magnitude and sign.
 *
 * @throws RangeError for an image of bands or of 16 bits a sample
 */
export function randAugment(
  image: Image,
  { operations: count, magnitude, magnitudeStd, probability }: RandAugmentOptions,
  normalization: Normalization,
  rng: Rng,
): Image {
  refuseOthers(image);
  const canvas = { fill: fillOf(normalization, image) };
  const chosen = Array.from({ length: count }, () => operations[rng.integer(operations.length)]);
  for (const { apply, signed } of chosen) {
    if (rng.uniform() >= probability) continue;
    const drawn = magnitudeStd > 0 ? magnitude + rng.normal() * magnitudeStd : magnitude;
    const strength = Math.min(top, Math.max(0, drawn)) / top;
    image = apply(image, strength, signed && rng.uniform() > 0.5 ? -1 : 1, canvas);
  }
  return image;
}

function enhancement(name: string, adjust: (image: Image, factor: number) => Image): Operation {
  return {
    name,
    signed: true,
    apply: (image, strength, sign) => adjust(image, Math.max(0.1, 1 + sign * (strength * 0.9))),
  };
}

function affinity(
  name: string,
  most: number,
  matrix: (share: number, image: Image) => Parameters<typeof affine>[1],
): Operation {
  const apply: Operation["apply"] = (image, strength, sign, { fill }) =>
    affine(image, matrix(sign * (strength * most), image), fill);
  return { name, signed: true, apply };
}

// The byte that becomes 0, a channel; where there is none, the nearest. (timm: min(255, round(255 mean)))
function fillOf(normalization: Normalization, { channels }: Image): readonly number[] {
  const bytes = Uint8ClampedArray.from(statisticsOf(normalization, channels).mean, (mean) => 255 * mean);
  return [...bytes]; // rounded as Python does, halves to even
}

function refuseOthers({ channels, data }: Image): void {
  const bits = 8 * data.BYTES_PER_ELEMENT;
  if ((channels === 1 || channels === 3) && bits === 8) return;
  const expected = "images of 1 or 3 channels and 8 bits a sample, as view.randAugment takes them";
  const way = "view.randAugment.probability 0 leaves it out";
  throw new RangeError(`[randAugment] expected ${expected}, got ${channels} channels of ${bits} bits (${way})`);
}

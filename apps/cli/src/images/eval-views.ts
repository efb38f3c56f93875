// Fixed views of an image, its center, as evaluation and pictures want them.
import type { Preprocessing } from "@beitjs/beit-encoder";
import { heightWidth, imageSizeOf, type ImageSize } from "@beitjs/tensor-core/grid";
import type { EvalViewOptions, TwoViewOptions } from "@beitjs/trainers";

const fit = { kind: "centerCrop", cropRatio: 1 } as const;

/** What a tokenizer sees: values in [0, 1]. */
export function tokenEvalView(channels: 1 | 3, size: ImageSize): EvalViewOptions {
  return { channels, size, fit, filter: "lanczos", normalization: "unit" };
}

/** What an encoder sees in pre-training. */
export function pixelEvalView({ channels, pixelSize, mean, std }: TwoViewOptions): EvalViewOptions {
  return { channels, size: pixelSize, fit, filter: "bicubic", normalization: { mean, std } };
}

/** The same view as other programs describe it. */
export function preprocessingOf({ channels, size, fit: kind, filter, normalization }: EvalViewOptions): Preprocessing {
  const all = (value: number) => Array.from({ length: channels }, () => value);
  const scaling =
    normalization === "unit"
      ? { mean: all(0), std: all(1) }
      : normalization === "mapPixels"
        ? { mean: all(-0.125), std: all(1.25) }
        : { mean: normalization.mean, std: normalization.std };
  if (kind.kind === "direct") return { filter, size, fit: "square", crop: 0, ...scaling };
  const resized = kind.kind === "squareCrop" ? "square" : "shortSide";
  const margins = kind.margins ?? "even";
  const { height, width } = heightWidth(size);
  const covered = imageSizeOf({
    height: Math.floor(height / kind.cropRatio),
    width: Math.floor(width / kind.cropRatio),
  });
  return { filter, size: covered, fit: resized, crop: size, margins, ...scaling };
}

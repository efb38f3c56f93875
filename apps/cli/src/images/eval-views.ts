// Fixed views of images as other programs describe them.
import type { Preprocessing } from "@beitjs/beit-encoder";
import { heightWidth, imageSizeOf } from "@beitjs/tensor-core/grid";
import type { EvalViewOptions } from "@beitjs/trainers";

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

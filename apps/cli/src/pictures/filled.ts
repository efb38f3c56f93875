// An image, what a model sees of it and the hidden patches filled in, side by side; several images one below another.
import type { Mask } from "@beitjs/masking";
import type { Image } from "@beitjs/tensor-core/image";
import { composite, enlarge, plain } from "./picture.ts";
import { sheetOf } from "./sheet.ts";

const minSide = 224;
const hiddenGray = 128;

export type FilledPanels = { readonly original: Image; readonly mask: Mask; readonly filled: Image };

/** A picture with one row an image. Pixels stay sharp. */
export function drawFilled(rows: readonly FilledPanels[]): Image {
  return sheetOf(
    rows.map(({ original, mask, filled }) => {
      const factor = Math.ceil(minSide / Math.max(original.width, original.height));
      return [original, masked(original, mask), filled].map((one) => enlarge(one, factor));
    }),
  );
}

/** An image with hidden patches in gray. */
export function masked(image: Image, mask: Mask): Image {
  return composite(image, plain(image, hiddenGray), mask);
}

// Cuts images into square patches, one row each: patches row by row; inside a patch row, column, channel.
// (Dosovitskiy et al. 2021, section 3.1)
import type { Shape, Tensor } from "../tensor.ts";
import { expect, expectRank } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const patchifyOp = defineOp<{ images: Tensor }, "y", { readonly patchSize: number }>({
  name: "Patchify",
  shape({ images }, { patchSize }) {
    expectRank("Patchify", "images", images, 4, "B, H, W, C");
    const [batch, height, width, channels] = images;
    expect("Patchify", Number.isInteger(patchSize) && patchSize > 0, "a positive whole patchSize", `${patchSize}`);
    const divides = height % patchSize === 0 && width % patchSize === 0;
    expect("Patchify", divides, `images [B, H, W, C] with H and W multiples of ${patchSize}`, `[${images.join(", ")}]`);
    const patches = (height / patchSize) * (width / patchSize);
    return { y: [batch, patches, patchSize * patchSize * channels] };
  },
  forward({ images }, { y }, { patchSize }, shapes) {
    eachPixelRow(shapes.images, patchSize, (image, patch, length) => {
      y.set(images.subarray(image, image + length), patch);
    });
  },
  backward({ dy }, { dimages }, { patchSize }, shapes) {
    eachPixelRow(shapes.images, patchSize, (image, patch, length) => {
      dimages.set(dy.subarray(patch, patch + length), image);
    });
  },
});

/** Images as rows of patches. [B, H, W, C] -> [B, N, P·P·C] with N = (H / P)(W / P) */
export function patchify(images: Tensor, { patchSize }: { readonly patchSize: number }): Tensor {
  return apply(patchifyOp, { images }, { patchSize }).y;
}

// One row of pixels of one patch lies together in the image and in the patch.
function eachPixelRow(
  [batch, height, width, channels]: Shape,
  patchSize: number,
  visit: (image: number, patch: number, length: number) => void,
): void {
  const length = patchSize * channels;
  const columns = width / patchSize;
  for (let b = 0; b < batch; b++) {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < columns; column++) {
        const image = ((b * height + row) * width + column * patchSize) * channels;
        const patch = (b * (height / patchSize) + Math.floor(row / patchSize)) * columns + column;
        visit(image, (patch * patchSize + (row % patchSize)) * length, length);
      }
    }
  }
}

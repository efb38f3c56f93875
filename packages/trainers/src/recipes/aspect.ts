// Crops of another shape: a range of width / height, written for images of one shape, for images of another.
import { heightWidth, type ImageSize } from "@beitjs/tensor-core/grid";

type Interval = readonly [number, number];

/** A range of width / height for images of size `to`, where it was made for those of size `from`. */
export function ratioFor(ratio: Interval, from: ImageSize, to: ImageSize): Interval {
  const change = aspect(to) / aspect(from);
  return change === 1 ? ratio : [ratio[0] * change, ratio[1] * change];
}

function aspect(size: ImageSize): number {
  const { height, width } = heightWidth(size);
  return width / height;
}

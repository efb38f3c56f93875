// A range of the last axis, such as the locations out of the decoder's [location, scale] channels.
import type { Tensor } from "../tensor.ts";
import { expect } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const sliceChannelsOp = defineOp<{ x: Tensor }, "y", { readonly start: number; readonly length: number }>({
  name: "SliceChannels",
  shape({ x }, { start, length }) {
    const width = x.at(-1) ?? 0;
    const inside =
      Number.isInteger(start) && Number.isInteger(length) && start >= 0 && length >= 1 && start + length <= width;
    expect("SliceChannels", inside, `a range inside [0, ${width})`, `[${start}, ${start + length})`);
    return { y: [...x.slice(0, -1), length] };
  },
  forward({ x }, { y }, { start, length }, shapes) {
    const width = shapes.x[shapes.x.length - 1];
    for (let i = 0; i < y.length; i++) y[i] = x[Math.floor(i / length) * width + start + (i % length)];
  },
  backward({ dy }, { dx }, { start, length }, shapes) {
    const width = shapes.x[shapes.x.length - 1];
    for (let i = 0; i < dy.length; i++) dx[Math.floor(i / length) * width + start + (i % length)] = dy[i];
  },
});

/** Channels [start, start + length) of the last axis. [..., C] -> [..., length] */
export function sliceChannels(x: Tensor, options: { readonly start: number; readonly length: number }): Tensor {
  return apply(sliceChannelsOp, { x }, options).y;
}

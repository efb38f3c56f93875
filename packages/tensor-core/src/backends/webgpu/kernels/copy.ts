import type { Gpu, Place } from "../context.ts";

/** to = factor * from, both of `size` elements; nothing where `to` is not wanted. */
export function copy(gpu: Gpu, from: Place, to: Place | undefined, size: number, factor = 1): void {
  if (!to) return;
  const dispatch = { reads: [from], writes: [to], sizes: [size], numbers: [factor] };
  gpu.elements({ shader: "scaled-copy" }, size, dispatch);
}

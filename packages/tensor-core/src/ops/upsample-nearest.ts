// Nearest-neighbor upsampling: every pixel becomes a square (openai/DALL-E dall_e/decoder.py).
import type { Shape, Tensor } from "../tensor.ts";
import { expect, expectRank } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const upsampleNearestOp = defineOp<{ x: Tensor }, "y", { readonly factor: number }>({
  name: "UpsampleNearest",
  shape({ x }, { factor }) {
    expectRank("UpsampleNearest", "x", x, 4, "B, H, W, C");
    expect("UpsampleNearest", Number.isInteger(factor) && factor >= 1, "a factor of at least 1", `${factor}`);
    const [batch, height, width, channels] = x;
    return { y: [batch, height * factor, width * factor, channels] };
  },
  forward({ x }, { y }, { factor }, { y: shape }) {
    forEachOutput(shape, factor, (to, from) => (y[to] = x[from]));
  },
  backward({ dy }, { dx }, { factor }, { y: shape }) {
    forEachOutput(shape, factor, (to, from) => (dx[from] += dy[to]));
  },
});

/** Repeats every pixel factor x factor times. [B, H, W, C] -> [B, H*factor, W*factor, C] */
export function upsampleNearest(x: Tensor, { factor = 2 }: { readonly factor?: number } = {}): Tensor {
  return apply(upsampleNearestOp, { x }, { factor }).y;
}

function forEachOutput(
  [batch, height, width, channels]: Shape,
  factor: number,
  visit: (to: number, from: number) => void,
): void {
  let to = 0;
  for (let row = 0; row < batch * height; row++) {
    for (let column = 0; column < width; column++) {
      const from = (Math.floor(row / factor) * (width / factor) + Math.floor(column / factor)) * channels;
      for (let c = 0; c < channels; c++) visit(to++, from + c);
    }
  }
}

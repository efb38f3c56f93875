// Max pooling over non-overlapping windows, as at the end of the dVAE encoder's groups (openai/DALL-E dall_e/encoder.py).
import type { Tensor } from "../tensor.ts";
import { expect, expectRank } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const maxPool2dOp = defineOp<{ x: Tensor }, "y" | "place", { readonly size: number }>({
  name: "MaxPool2d",
  shape({ x }, { size }) {
    expectRank("MaxPool2d", "x", x, 4, "B, H, W, C");
    expect("MaxPool2d", Number.isInteger(size) && size >= 1, "a size of at least 1", `${size}`);
    const [batch, height, width, channels] = x;
    const divisible = height % size === 0 && width % size === 0;
    expect("MaxPool2d", divisible, `height and width divisible by ${size}`, `[${x.join(", ")}]`);
    const pooled = [batch, height / size, width / size, channels];
    return { y: pooled, place: pooled };
  },
  // Where in its window each maximum was (row-major): a fraction of x's memory, so x can be freed.
  integer: ["place"],
  saves: ["place"],
  // As PyTorch does it: the first maximum of a window wins, and a NaN is a maximum.
  forward({ x }, { y, place }, { size }, { x: shape }) {
    y.fill(-Infinity);
    forEachInput(shape, size, (from, to, k) => {
      if (x[from] > y[to] || Number.isNaN(x[from])) {
        y[to] = x[from];
        place[to] = k;
      }
    });
  },
  backward({ dy, place }, { dx }, { size }, { x: shape }) {
    forEachInput(shape, size, (from, to, k) => {
      if (place[to] === k) dx[from] = dy[to];
    });
  },
});

/** Largest value of each size x size window. [B, H, W, C] -> [B, H/size, W/size, C] */
export function maxPool2d(x: Tensor, { size = 2 }: { readonly size?: number } = {}): Tensor {
  return apply(maxPool2dOp, { x }, { size }).y;
}

// Every element of x in row-major order, with its output and its place in the window.
function forEachInput(
  [batch, height, width, channels]: readonly number[],
  size: number,
  visit: (from: number, to: number, place: number) => void,
): void {
  let from = 0;
  for (let row = 0; row < batch * height; row++) {
    for (let column = 0; column < width; column++) {
      const to = (Math.floor(row / size) * (width / size) + Math.floor(column / size)) * channels;
      const place = (row % size) * size + (column % size);
      for (let c = 0; c < channels; c++) visit(from++, to + c, place);
    }
  }
}

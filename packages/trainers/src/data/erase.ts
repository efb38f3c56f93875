// Random erasing (Zhong et al. 2020) as timm has it, mode "pixel": a rectangle of the finished view becomes noise.
import { heightWidth, type ImageSize } from "@beitjs/tensor-core/grid";
import type { Box } from "@beitjs/tensor-core/image";
import type { Rng } from "@beitjs/tensor-core/random";
import type { EraseOptions } from "../recipes/recipe.ts";

const attempts = 10;

type View = { readonly size: ImageSize; readonly channels: number };

/** With the probability, every value of one rectangle of a view [H, W, channels] becomes noise ~ N(0, 1), in place. */
export function erase(view: Float32Array, { size, channels }: View, options: EraseOptions, rng: Rng): Float32Array {
  const box = eraseBox(size, options, rng);
  if (!box) return view;
  const { width } = heightWidth(size);
  for (let y = box.top; y < box.top + box.height; y++) {
    const from = (y * width + box.left) * channels;
    for (let i = from; i < from + box.width * channels; i++) view[i] = rng.normal();
  }
  return view;
}

/**
 * @internal The rectangle, if there is to be one. Ten times: area share ~ U(scale), height / width ~ exp(U(ln ratio)), sides rounded,
 * accepted where both are smaller than the view's; then the place is uniform, top first.
 */
export function eraseBox(size: ImageSize, { probability, scale, ratio }: EraseOptions, rng: Rng): Box | undefined {
  if (rng.uniform() >= probability) return undefined;
  const { height: viewHeight, width: viewWidth } = heightWidth(size);
  const [low, high] = [Math.log(ratio[0]), Math.log(ratio[1])];
  for (let attempt = 0; attempt < attempts; attempt++) {
    const area = (scale[0] + (scale[1] - scale[0]) * rng.uniform()) * (viewHeight * viewWidth);
    const aspect = Math.exp(low + (high - low) * rng.uniform());
    const height = roundHalfEven(Math.sqrt(area * aspect));
    const width = roundHalfEven(Math.sqrt(area / aspect));
    if (height >= viewHeight || width >= viewWidth) continue;
    const top = rng.integer(viewHeight - height + 1);
    const left = rng.integer(viewWidth - width + 1);
    return { left, top, width, height };
  }
  return undefined;
}

// Python's round.
function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

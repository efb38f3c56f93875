// Views of images as the batch that a model sees.
import { tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { imageShape, sameSize, type ImageSize } from "@beitjs/tensor-core/grid";
import { stack } from "./data/index.ts";

type Images = { readonly imageSize: ImageSize; readonly channels: number };

/** Views of [H, W, C] on a backend. -> [B, H, W, C] */
export function viewBatch(views: readonly Float32Array[], config: Images, backend: Backend): Tensor {
  return tensor(stack(views), imageShape(views.length, config), backend);
}

/**
 * Refuses views that are not what a model sees: those of a rectangle lying down would pass for those of one that stands.
 *
 * @throws `[caller] expected …, got …`
 */
export function checkView(
  caller: string,
  { size, channels }: { readonly size: ImageSize; readonly channels: number },
  model: Images,
): void {
  if (sameSize(size, model.imageSize) && channels === model.channels) return;
  const [expected, got] = [model, { imageSize: size, channels }].map((one) => imageShape(1, one).slice(1).join(" x "));
  throw new Error(
    `[${caller}] expected views of ${expected} (height, width, channels) as the model sees them, got ${got}`,
  );
}

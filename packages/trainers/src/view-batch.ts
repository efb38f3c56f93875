// Views of images as the batch that a model sees.
import { tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { imageShape, type ImageSize } from "@beitjs/tensor-core/grid";
import { stack } from "./data/index.ts";

/** Views of [H, W, C] on a backend. -> [B, H, W, C] */
export function viewBatch(
  views: readonly Float32Array[],
  config: { readonly imageSize: ImageSize; readonly channels: number },
  backend: Backend,
): Tensor {
  return tensor(stack(views), imageShape(views.length, config), backend);
}

// Views of images as the batch that a model sees.
import { tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { stack } from "./data/index.ts";

/** Views of [S, S, C] on a backend. -> [B, S, S, C] */
export function viewBatch(
  views: readonly Float32Array[],
  { imageSize, channels }: { readonly imageSize: number; readonly channels: number },
  backend: Backend,
): Tensor {
  return tensor(stack(views), [views.length, imageSize, imageSize, channels], backend);
}

// Views of images as the batch that a model sees.
import { imageShape, sameSize, type ImageSize } from "@beitjs/tensor-core/grid";

type Images = { readonly imageSize: ImageSize; readonly channels: number };

export { viewBatch } from "@beitjs/tensor-core/image";

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

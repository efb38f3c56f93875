// Where transformers cuts another crop out of an image than torchvision does, which timm and the original code use. Of margins
// together 4 n + 3 pixels wide, torchvision puts 2 n + 2 in front (half a pixel goes to the even number), transformers 2 n + 1.
// (torchvision, transforms/v2/functional/_geometry.py; transformers 5.23, image_processing_backends.py)
import type { Preprocessing } from "@beitjs/beit-encoder";
import { heightWidth } from "@beitjs/tensor-core/grid";

/** What a model card for transformers says of it; undefined where no image is cut another way. */
export function describeCropDifference({ size, fit, crop, margins = "even" }: Preprocessing): string | undefined {
  if (crop === 0 || margins === "down") return undefined;
  const [outer, inner] = [heightWidth(size), heightWidth(crop)];
  const differs = (side: "height" | "width"): boolean => (outer[side] - inner[side]) % 4 === 3;
  const always = differs("height") || differs("width");
  if (!always && fit === "square") return undefined;
  const which = always
    ? "every image is cut a pixel further up or to the left"
    : `images that are no squares are cut a pixel further up or to the left where the longer side, after resizing, is ${inner.height} + 4 n + 3 pixels (${inner.height + 3}, ${inner.height + 7}, …)`;
  return `transformers rounds the margin before the crop down, where torchvision (timm, the original code) rounds half a pixel to the even number: with its processor, ${which}.`;
}

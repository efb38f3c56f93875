// Whose files a model may be of: BEiT's origins, and plain vision transformers that have its blocks.
import { beitOrigins, type BeitOrigin } from "@beitjs/beit-encoder";
import { visionTransformers } from "@beitjs/beit-encoder/vision-transformers";

const others = new Map<BeitOrigin, string>(visionTransformers.map(({ name, title }) => [name, title]));

/** What files are of, for people: `a BEiT (timm)`. */
export function describeOrigin(origin: BeitOrigin): string {
  const title = others.get(origin);
  if (title !== undefined) return `a plain vision transformer (${title})`;
  return `a BEiT (${beitOrigins[origin as keyof typeof beitOrigins].title})`;
}

/** Whether a model is no BEiT, but has its blocks. */
export function isOther(origin: BeitOrigin): boolean {
  return others.has(origin);
}

// What is hidden of a training image, as @beitjs/masking declares it.
import * as v from "valibot";
import type { BlockwiseOptions, SpanLengthOptions, UniformOptions } from "@beitjs/masking";
import { fields, oneOf, variant } from "./fields.ts";
import { exactly } from "./inferred.ts";
import { count, positive, ratio, share } from "./values.ts";

const block = {
  kind: v.literal("blockwise"),
  minBlock: v.exactOptional(positive),
  minAspect: v.exactOptional(positive),
  maxAspect: v.exactOptional(positive),
};

/** Of a uniform mask, told as a share of the patches. */
type Share = { readonly share: number };
/** Spans of patches, row after row, that hide this share of them in all. (SpanBERT's, of patches in the place of words) */
type Spans = SpanLengthOptions & Share;

export const mask = exactly<
  | ({ readonly kind: "blockwise" } & BlockwiseOptions)
  | ({ readonly kind: "uniform" } & (UniformOptions | Share))
  | ({ readonly kind: "span" } & Spans)
  | { readonly kind: "none" }
>()(
  variant("kind", [
    fields({ kind: v.literal("uniform"), count }),
    fields({ kind: v.literal("uniform"), share }),
    fields({
      kind: v.literal("span"),
      share,
      endProbability: v.exactOptional(ratio),
      maxWords: v.exactOptional(count),
    }),
    fields({ kind: v.literal("none") }),
    variant("variant", [
      fields({ ...block, variant: v.literal("paper"), ratio: v.exactOptional(ratio) }),
      fields({
        ...block,
        count,
        maxBlock: v.exactOptional(positive),
        variant: v.exactOptional(oneOf("official", "exact")),
      }),
    ]),
  ]),
);

// What is hidden of a training image, as @beitjs/masking declares it.
import * as v from "valibot";
import type { BlockwiseOptions, UniformOptions } from "@beitjs/masking";
import { fields, oneOf, variant } from "./fields.ts";
import { exactly } from "./inferred.ts";
import { count, positive, ratio } from "./values.ts";

const block = {
  kind: v.literal("blockwise"),
  minBlock: v.exactOptional(positive),
  minAspect: v.exactOptional(positive),
  maxAspect: v.exactOptional(positive),
};

export const mask = exactly<
  ({ readonly kind: "blockwise" } & BlockwiseOptions) | ({ readonly kind: "uniform" } & UniformOptions)
>()(
  variant("kind", [
    fields({ kind: v.literal("uniform"), count }),
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

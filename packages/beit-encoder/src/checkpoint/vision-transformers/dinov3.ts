// DINOv3 as transformers stores it, which is named to be refused by what it is.
import type { KnownOrigin } from "../origins/index.ts";
import { dino } from "./dino.ts";
import { refuse } from "./refusals.ts";

export const dinov3 = {
  ...dino,
  name: "dinov3",
  title: "DINOv3",
  naming: { ...dino.naming, patchEmbedding: "embeddings.patch_embeddings.weight" },
  recognizes: () => true,
  describe: () => refuse("the rotary positions of DINOv3 (embeddings.patch_embeddings)"),
} as const satisfies KnownOrigin;

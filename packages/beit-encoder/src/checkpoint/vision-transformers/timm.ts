// timm's vision transformers (vit_*, deit_*, deit3_*), plain as they are: the config.json of timm's repositories has an architecture's
// name, and how its images are prepared; the sizes are in the weights. (timm, models/vision_transformer.py)
import type { KnownOrigin } from "../origins/index.ts";
import { architectureOf, isTimmConfig, timm, timmConfig } from "../origins/timm.ts";
import { describePlain, hasPlainBlocks, withClassPosition } from "./plain.ts";

const architectures = {
  pattern: /^(vit|deit3?)_(?!.*quickgelu)/,
  expected: "one of timm's beit_*, beitv2_*, vit_*, deit_* or deit3_*, with GELU",
};

/** Heads by what a size is called. */
const headsByName: ReadonlyMap<string, number> = new Map([
  ["tiny", 3],
  ["small", 6],
  ["medium", 8],
  ["base", 12],
  ["large", 16],
  ["huge", 16],
  ["giant", 16],
  ["gigantic", 16],
]);

export const timmViT = {
  name: "timm-vit",
  title: "timm",
  conventions: timm.conventions,
  naming: withClassPosition,

  recognizes({ config, root }, tensors) {
    if (config && isTimmConfig(config)) return !/^beit/.test(String(Reflect.get(config, "architecture")));
    return hasPlainBlocks(tensors) && (root === undefined || architectureOf(root) !== undefined);
  },

  describe({ config: json, root }, tensors, given) {
    const read = json && isTimmConfig(json) ? timmConfig(json, architectures) : undefined;
    const architecture = read ? read.architecture : architectureOf(root);
    const size = typeof architecture === "string" ? architecture.split("_")[1] : undefined;
    const heads = size === undefined ? undefined : headsByName.get(size);
    const known = { ...(heads && { heads }), ...read?.config, ...given.config };
    const described = describePlain(tensors, known, [read?.preprocessing?.crop || undefined, given.imageSize]);
    const { classes } = described.config;
    const labels = classes > 0 && read?.labels?.length === classes ? read.labels : undefined;
    return { ...described, labels, preprocessing: read?.preprocessing };
  },
} as const satisfies KnownOrigin;

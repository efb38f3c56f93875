// The flags that say which patches are hidden.
import { choice, integer, positive } from "../program/command.ts";

export const maskKinds = ["blockwise", "exact", "paper", "uniform", "span", "none"] as const;
export type MaskKind = (typeof maskKinds)[number];

export const hidingFlags = {
  ratio: positive("share", "share of the patches to hide, up to 1 (default: that of the paper, 75 of 196)"),
  count: integer("patches", "the same as a number of patches", 1),
  seed: integer("number", "draws other masks", 0, 0),
};

export function maskFlag(whenMissing: string) {
  const kinds =
    "blockwise (the authors' code), exact (BEiT v2's, always as many), paper (Algorithm 1), uniform, span, none";
  return choice(maskKinds, `what hides patches: ${kinds} (default: ${whenMissing})`);
}

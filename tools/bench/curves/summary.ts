// How far a curve of losses is from PyTorch's.
import type { Row } from "../report.ts";
import { mean, rounded } from "../statistics.ts";

/** PyTorch in float32 with the first weights. */
export const referenceCurve = "torch";
/** Losses whose mean is the last one. */
const LAST = 30;

/** Steps in which roundings have not grown yet. */
const EARLY = 20;

/** Differences are relative, over all steps and over the first ones; null without a reference. */
export function curveRow(contestant: string, losses: readonly number[], reference: readonly number[] | undefined): Row {
  const differences = reference?.map((loss, step) => Math.abs(losses[step] - loss) / loss);
  return {
    contestant,
    firstLoss: losses[0],
    lastLoss: rounded(mean(losses.slice(-LAST)), 6),
    earlyDifference: differences ? rounded(Math.max(...differences.slice(0, EARLY))) : null,
    largestDifference: differences ? rounded(Math.max(...differences)) : null,
    meanDifference: differences ? rounded(mean(differences)) : null,
    losses,
  };
}

// Rates as functions of the step: linear warm-up from zero, then half a cosine (the official BEiT schedule, per
// optimizer step), and the annealing of temperature and KL weight of the DALL-E tokenizer.
// Lengths are in updates here; a recipe's are made such by recipes/lengths.ts.

export type WarmupCosine = {
  readonly peak: number;
  readonly minimum: number;
  /** The last of them reaches the peak. */
  readonly warmupSteps: number;
};

/** From `start` to `end` over `steps`. */
export type Annealing = { readonly start: number; readonly end: number; readonly steps: number };

/** Learning rate of a step in [0, totalSteps). Step 0 has rate 0 when there is a warm-up of more than one step. */
export function warmupCosine(step: number, totalSteps: number, { peak, minimum, warmupSteps }: WarmupCosine): number {
  if (step < warmupSteps) return warmupSteps === 1 ? peak : (peak * step) / (warmupSteps - 1);
  const progress = (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
  return minimum + 0.5 * (peak - minimum) * (1 + Math.cos(Math.PI * Math.min(1, progress)));
}

/** Half a cosine from `start` to `end` over `steps`, then held. */
export function anneal(step: number, { start, end, steps }: Annealing): number {
  if (step >= steps) return end;
  return end + 0.5 * (start - end) * (1 + Math.cos((Math.PI * step) / steps));
}

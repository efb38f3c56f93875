// Dynamic loss scaling (Micikevicius et al. 2018, section 3.2): where products round their factors to f16, gradients are made
// of a loss times a power of two, or the small ones would be lost. The factor is as large as the range of f16 allows.

export type LossScale = {
  readonly scale: number;
  /** Finite steps since the scale was changed. */
  readonly steps: number;
};

const FIRST = 2 ** 16;
const LARGEST = 2 ** 24;
/** Finite steps after which twice the scale is tried. */
const PATIENCE = 2000;

export function initLossScale(): LossScale {
  return { scale: FIRST, steps: 0 };
}

/** After a step whose gradients were finite. */
export function afterFinite({ scale, steps }: LossScale): LossScale {
  return steps + 1 < PATIENCE ? { scale, steps: steps + 1 } : { scale: Math.min(2 * scale, LARGEST), steps: 0 };
}

/** After gradients that left the range; undefined where the scale is not to blame. */
export function afterOverflow({ scale }: LossScale): LossScale | undefined {
  return scale > 1 ? { scale: scale / 2, steps: 0 } : undefined;
}

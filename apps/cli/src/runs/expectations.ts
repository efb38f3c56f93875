// Figures beside what to expect of them: a loss means little to who does not know where it starts.

/** A loss over equally likely choices starts at their logarithm: `loss 4.852 (start: ln 128 = 4.852)`. */
export function formatLoss(loss: number, choices: number): string {
  return `loss ${loss.toFixed(3)} (start: ln ${choices} = ${Math.log(choices).toFixed(3)})`;
}

/** `accuracy 12.5 % (chance: 10 %)` */
export function formatAccuracy(accuracy: number, choices: number): string {
  return `accuracy ${formatShare(accuracy)} (chance: ${formatShare(1 / choices)})`;
}

/** A share as a percentage of at most three figures. */
export function formatShare(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

/** `ln 128 = 4.85` */
export function formatLogarithm(choices: number): string {
  return `ln ${choices} = ${Math.log(choices).toFixed(2)}`;
}

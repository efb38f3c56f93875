// Average precision: the precision at every threshold, weighted by what recall gains there, sum (R_n - R_n-1) P_n. Equal scores are
// one threshold, so their order does not count. (scikit-learn's average_precision_score)

/**
 * Average precision of scores, from the share of the positives to 1.
 *
 * @param positive whether what a score is of is there
 * @returns undefined where nothing is positive: there is no recall then
 */
export function averagePrecision(scores: ArrayLike<number>, positive: ArrayLike<number | boolean>): number | undefined {
  const order = Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[b] - scores[a]);
  let found = 0;
  let sum = 0;
  for (let from = 0; from < order.length;) {
    let to = from;
    let gained = 0;
    for (; to < order.length && scores[order[to]] === scores[order[from]]; to++) if (positive[order[to]]) gained++;
    found += gained;
    sum += gained * (found / to);
    from = to;
  }
  return found === 0 ? undefined : sum / found;
}

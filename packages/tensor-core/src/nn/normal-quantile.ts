// The inverse of the normal distribution function, to seven digits: Wichura (1988), algorithm AS 241, PPND7.

/** The number below which a standard normal value lies with probability `p` in (0, 1). */
export function normalQuantile(p: number): number {
  const distance = p - 0.5;
  if (Math.abs(distance) <= 0.425) {
    const r = 0.180625 - distance * distance;
    const above = ((59.10937472 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179;
    const below = ((67.1875636 * r + 78.757757664) * r + 17.895169469) * r + 1;
    return (distance * above) / below;
  }
  const depth = Math.sqrt(-Math.log(Math.min(p, 1 - p)));
  return distance < 0 ? -tailQuantile(depth) : tailQuantile(depth);
}

/** Probability that a standard normal value lies below `x` < 0, by bisection of the quantile; 0 below -6. */
export function probabilityBelow(x: number): number {
  let [low, high] = [0, 0.5];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (normalQuantile(middle) < x) low = middle;
    else high = middle;
  }
  return x < -6 ? 0 : low;
}

function tailQuantile(depth: number): number {
  if (depth <= 5) {
    const r = depth - 1.6;
    const above = ((0.17023821103 * r + 1.3067284816) * r + 2.75681539) * r + 1.4234372777;
    return above / ((0.12021132975 * r + 0.7370016425) * r + 1);
  }
  const r = depth - 5;
  const above = ((0.017337203997 * r + 0.42868294337) * r + 3.081226386) * r + 6.657905115;
  return above / ((0.012258202635 * r + 0.24197894225) * r + 1);
}

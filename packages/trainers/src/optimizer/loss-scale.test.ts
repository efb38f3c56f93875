import { expect, it } from "vitest";
import { afterFinite, afterOverflow, initLossScale, type LossScale } from "./loss-scale.ts";

it("doubles after 2,000 finite steps, up to 2^24", () => {
  let scale = initLossScale();
  const seen: number[] = [];
  for (let step = 0; step < 30_000; step++) {
    if (scale.steps === 0) seen.push(Math.log2(scale.scale));
    scale = afterFinite(scale);
  }
  expect(seen).toEqual([16, 17, 18, 19, 20, 21, 22, 23, 24, 24, 24, 24, 24, 24, 24]);
});

it("halves on overflow and counts anew, and has an end", () => {
  let scale: LossScale | undefined = { ...initLossScale(), steps: 7 };
  const seen: LossScale[] = [];
  while ((scale = afterOverflow(scale))) seen.push(scale);
  expect(seen[0]).toEqual({ scale: 2 ** 15, steps: 0 });
  expect(seen).toHaveLength(16);
  expect(seen.at(-1)).toEqual({ scale: 1, steps: 0 });
});

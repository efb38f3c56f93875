import { expect, test } from "vitest";
import { exponential, logarithm, roundToEven } from "./arithmetic.ts";

test("exponential and logarithm agree with Math to 1e-14", () => {
  let worst = 0;
  for (let x = -12; x <= 12; x += 0.00137) {
    worst = Math.max(worst, Math.abs(exponential(x) / Math.exp(x) - 1));
    worst = Math.max(worst, Math.abs(logarithm(Math.exp(x)) - x) / Math.max(1, Math.abs(x)));
  }
  expect(worst).toBeLessThan(1e-14);
  expect([exponential(0), logarithm(1)]).toEqual([1, 0]);
});

test("rounding goes to the nearest integer, ties to the even one", () => {
  const values = [0, 0.49, 0.5, 0.51, 1.5, 2.5, 3.5, 63.5, 1e6 + 0.5];
  expect(values.map(roundToEven)).toEqual([0, 0, 0, 1, 2, 2, 4, 64, 1e6]);
});

import { expect, it } from "vitest";
import { blockPlot, sampled } from "./plot.ts";

it("draws values as columns of eighths, the highest over all rows", () => {
  expect(blockPlot([0, 1, 2, 4], 1)).toEqual([" ▂▄█"]);
  expect(blockPlot([0, 1, 2, 4], 2)).toEqual(["   █", " ▄██"]);
  expect(blockPlot([0, 0], 2)).toEqual(["", ""]);
});

it("takes values from the first step to the last, each once in a short run", () => {
  const square = (step: number) => step ** 2;
  expect(sampled(square, 4, 10)).toEqual([0, 1, 4, 9]);
  expect(sampled(square, 101, 3)).toEqual([0, 2500, 10000]);
  expect(sampled(square, 1, 3)).toEqual([0]);
});

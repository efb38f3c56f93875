import { expect, it } from "vitest";
import { tokenColor } from "./token-color.ts";

it("gives bytes, as CSS computes them from hue, saturation and lightness", () => {
  // hsl(0 62% 38%) and hsl(137.508 62% 54%)
  expect(tokenColor(0)).toEqual([157, 37, 37]);
  expect(tokenColor(1)).toEqual([65, 210, 107]);
  const all = Array.from({ length: 8192 }, (_, id) => tokenColor(id)).flat();
  expect(all.every((value) => Number.isInteger(value) && value >= 0 && value <= 255)).toBe(true);
});

it("tells 1,024 tokens apart, all but a few", () => {
  expect(new Set(Array.from({ length: 1024 }, (_, id) => tokenColor(id).join())).size).toBeGreaterThan(1000);
});

import { expect, it } from "vitest";
import { tokenColor } from "./token-color.ts";

it("gives bytes, as CSS computes them from hue, saturation and lightness", () => {
  // hsl(0 62% 38%) and hsl(137.508 62% 54%)
  expect(tokenColor(0)).toEqual([157, 37, 37]);
  expect(tokenColor(1)).toEqual([65, 210, 107]);
  const all = Array.from({ length: 8192 }, (_, id) => tokenColor(id)).flat();
  expect(all.every((value) => Number.isInteger(value) && value >= 0 && value <= 255)).toBe(true);
});

it("tells neighbors in the codebook apart, and writes white on none that is light", () => {
  for (let id = 0; id < 8192; id++) {
    const [color, next] = [tokenColor(id), tokenColor(id + 1)];
    const apart = color.reduce((sum, value, channel) => sum + Math.abs(value - next[channel]), 0);
    expect(apart, `${id} and ${id + 1}`).toBeGreaterThan(100);
    expect(Math.max(...color) + Math.min(...color), `lightness of ${id}`).toBeLessThan(0.72 * 510);
  }
});

import { expect, test } from "vitest";
import { formatMask } from "./format.ts";
import { maskFromCells } from "./grid.ts";

const mask = maskFromCells({ rows: 2, cols: 3 }, [0, 1, 1, 1, 0, 0]);

test("a mask reads as lines of two characters a patch", () => {
  expect(formatMask(mask)).toBe("··████\n██····");
});

test("the characters can be chosen", () => {
  expect(formatMask(mask, { masked: "#", visible: "." })).toBe(".##\n#..");
});

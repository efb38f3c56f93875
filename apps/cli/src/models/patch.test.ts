// A patch by its number is the one by row and column.
import { expect, it } from "vitest";
import { parsePatch } from "./patch.ts";

const grid = { rows: 14, cols: 14 };

it("takes row and column, or the number: 57 of 14 x 14 is 4,1", () => {
  expect(parsePatch("57", grid)).toBe(57);
  expect(parsePatch("4,1", grid)).toBe(57);
  expect(parsePatch("195", grid)).toBe(parsePatch("13,13", grid));
});

it.each(["196", "-1", "1.5", "14,0", "0,14", "1,2,3", "", "a", "1,"])("refuses %j", (text) => {
  expect(() => parsePatch(text, grid)).toThrow(
    `--patch ${text}: expected row,col from 0,0 to 13,13, or a number from 0 to 195`,
  );
});

import { expect, it } from "vitest";
import { csv } from "./csv.ts";

it.each([
  ["=1+1", "'=1+1"],
  ["+SUM(A1)", "'+SUM(A1)"],
  ["-cat", "'-cat"],
  ["@cmd", "'@cmd"],
  ['=HYPERLINK("http://a","b")', '"\'=HYPERLINK(""http://a"",""b"")"'],
  ["\t=1", '"\'\t=1"'],
  ["\r=1", '"\'\r=1"'],
  ["＝1", "'＝1"],
  ["-0.5", "-0.5"],
  ["+1e-7", "+1e-7"],
  ["a=1", "a=1"],
  ["cat, dog", '"cat, dog"'],
  [-0.5, "-0.5"],
  [-1e-7, "-1e-7"],
  [null, ""],
] as const)("a cell %j is written as %s", (value, cell) => {
  expect(csv([["x", value]])).toBe(`x,${cell}\n`);
});

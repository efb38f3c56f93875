import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { longest, longestFirst } from "./longest-first.ts";

it("names files that there are, each once", () => {
  expect(longest.filter((path) => !existsSync(new URL(`../${path}`, import.meta.url)))).toEqual([]);
  expect(new Set(longest).size).toBe(longest.length);
});

it("puts them first, and leaves the others in order", () => {
  const files = ["z.test.ts", longest[1], "a.test.ts", longest[0]].map((path) => `/somewhere/${path}`);
  expect(longestFirst(files, (path) => path)).toEqual(
    [longest[0], longest[1], "z.test.ts", "a.test.ts"].map((path) => `/somewhere/${path}`),
  );
});

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { licenceProblems, licencesOf, permitted } from "./licences.ts";

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), "utf8");
const licences = licencesOf(JSON.parse(read("package-lock.json")) as Parameters<typeof licencesOf>[0]);

it("finds what our packages bring along, and only that", () => {
  const names = licences.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["sharp", "preact", "@bufbuild/protobuf"]));
  expect(names.filter((name) => name.startsWith("@beitjs/") || ["vitest", "typescript"].includes(name))).toEqual([]);
});

it("permits every licence of them, and each is written down as it is", () => {
  const page = read("docs/licences.md");
  expect(licenceProblems(licences, page)).toEqual([]);
  expect(permitted.test("GPL-3.0")).toBe(false);
  expect(permitted.test("MIT AND GPL-3.0")).toBe(false);
});

it("says which licence is not permitted or not written down, and which is gone", () => {
  const page = read("docs/licences.md");
  const other = { name: "other", version: "1.0.0", licence: "GPL-3.0", optional: false };
  expect(licenceProblems([...licences, other], page)).toEqual([
    "other@1.0.0: GPL-3.0 is not among the licences that are permitted",
    "docs/licences.md lacks: other 1.0.0 GPL-3.0",
  ]);
  const [first, ...rest] = licences;
  expect(licenceProblems(rest, page)).toEqual([
    `docs/licences.md has, and nothing installs: ${first.name} ${first.version} ${first.licence}`,
  ]);
});

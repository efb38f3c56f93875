import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { licencesOf, permitted } from "./licences.ts";

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), "utf8");
const licences = licencesOf(JSON.parse(read("package-lock.json")) as Parameters<typeof licencesOf>[0]);

it("finds what our packages bring along, and only that", () => {
  const names = licences.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["sharp", "preact", "@bufbuild/protobuf"]));
  expect(names.filter((name) => name.startsWith("@beitjs/") || ["vitest", "typescript"].includes(name))).toEqual([]);
});

it("permits every licence of them", () => {
  expect(licences.filter(({ licence }) => !permitted.test(licence))).toEqual([]);
  expect(permitted.test("GPL-3.0")).toBe(false);
  expect(permitted.test("MIT AND GPL-3.0")).toBe(false);
});

it("is written down as it is", () => {
  const rows = [...read("docs/licences.md").matchAll(/^\| (\S+) +\| (\S+) +\| ([^|]+?) +\|/gm)].map((row) =>
    row.slice(1, 4),
  );
  expect(rows.slice(2)).toEqual(licences.map(({ name, version, licence }) => [name, version, licence]));
});

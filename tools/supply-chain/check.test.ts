import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { acceptedAdvisories, installScripts } from "./allowed.ts";
import { installedOf, problemsOf, type AdvisoryFile, type Lock, type Rules } from "./check.ts";
import { refreshed } from "./refresh.ts";

const jsonOf = (path: string): unknown => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
const lock = jsonOf("../../package-lock.json") as Lock;
const file = jsonOf("advisories.json") as AdvisoryFile;
const rules: Rules = { installScripts, acceptedAdvisories, advisories: file.advisories };

it("finds nothing wrong with what is installed here", () => {
  expect(problemsOf(lock, rules)).toEqual([]);
  const names = installedOf(lock).map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["sharp", "@tensorflow/tfjs-core", "vitest"]));
  expect(names.filter((name) => name.startsWith("@beitjs/"))).toEqual([]);
});

it("knows advisories of packages that are installed alone", () => {
  const names = new Set(installedOf(lock).map(({ name }) => name));
  expect(file.advisories.filter((advisory) => !names.has(advisory.package))).toEqual([]);
  for (const { id } of file.advisories) expect(id).toMatch(/^GHSA(?:-[2-9cfghjmpqrvwx]{4}){3}$/);
});

const hash = `sha512-${"A".repeat(86)}==`;
const none: Rules = { installScripts: {}, acceptedAdvisories: {}, advisories: [] };
const lockOf = (entry: object): Lock => ({
  lockfileVersion: 3,
  packages: {
    "": {},
    "node_modules/@beitjs/own": { link: true, resolved: "packages/own" },
    "node_modules/a/node_modules/@b/c": { version: "1.2.3", integrity: hash, ...entry },
  },
});

it.each([
  ["no hash", { integrity: undefined }, "expected a sha512 hash, got none"],
  ["a weak hash", { integrity: "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=" }, "expected a sha512 hash, got sha1-"],
  ["half a hash", { integrity: "sha512-AAAA" }, "expected a sha512 hash"],
  ["an address", { resolved: "https://registry.example/c.tgz" }, "expected no address, got https://registry.example"],
  ["a repository", { resolved: "git+ssh://git@example.org/c.git#abc" }, "expected no address"],
  ["no version", { version: undefined }, "expected a version"],
  ["an install script", { hasInstallScript: true }, "@b/c@1.2.3: runs a script when it is installed"],
])("refuses %s", (_, entry, said) => {
  expect(problemsOf(lockOf({}), none)).toEqual([]);
  const problems = problemsOf(lockOf(entry), none);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(said);
});

it("lets what is allowed run, and keeps the list short", () => {
  const allowed = { ...none, installScripts: { "@b/c": "has to" } };
  expect(problemsOf(lockOf({ hasInstallScript: true }), allowed)).toEqual([]);
  expect(problemsOf(lockOf({}), allowed).join()).toContain("@b/c: is allowed to run a script");
});

const advisory = { id: "GHSA-2222-3333-4444", package: "@b/c", severity: "high", title: "Lets others in" };

it.each([
  ["<1.2.4", 1],
  [">=1.0.0 <1.2.3 || =1.2.3", 1],
  ["<1.2.3", 0],
  [">=2.0.0", 0],
])("compares versions with an advisory for %s", (range, count) => {
  const problems = problemsOf(lockOf({}), { ...none, advisories: [{ ...advisory, range }] });
  expect(problems).toHaveLength(count);
  if (count > 0) expect(problems[0]).toContain("GHSA-2222-3333-4444 (high): Lets others in");
});

it("passes an advisory that is accepted, as long as it concerns something", () => {
  const accepted = { ...none, acceptedAdvisories: { [advisory.id]: "not used so" } };
  expect(problemsOf(lockOf({}), { ...accepted, advisories: [{ ...advisory, range: "*" }] })).toEqual([]);
  expect(problemsOf(lockOf({}), accepted).join()).toContain("concerns nothing that is installed");
});

it("refuses a lock file without packages, and one of another kind", () => {
  expect(problemsOf({ packages: {} }, none)).toEqual([
    "expected lockfileVersion 3, got undefined",
    "expected packages in the lock file, got none",
  ]);
});

it("adds what a registry answers, and keeps what was known", () => {
  const via = {
    source: 1,
    name: "@b/c",
    url: "https://github.com/advisories/GHSA-5555-6666-7777",
    title: "New",
    severity: "low",
    range: "<9",
  };
  const answer = JSON.stringify({
    auditReportVersion: 2,
    vulnerabilities: { "@b/c": { via: [via] }, a: { via: ["@b/c"] } },
  });
  const known = { asked: null, advisories: [{ ...advisory, range: "<1" }] };
  const next = refreshed(known, answer, "2026-01-02");
  expect(next.asked).toBe("2026-01-02");
  expect(next.advisories.map(({ id }) => id)).toEqual(["GHSA-2222-3333-4444", "GHSA-5555-6666-7777"]);
  expect(refreshed(next, answer, "2026-01-03").advisories).toEqual(next.advisories);
  expect(refreshed(next, `{"vulnerabilities":{}}`, "2026-01-03").advisories).toEqual(next.advisories);
});

it.each([
  [
    `{"message":"405 Method Not Allowed - POST https://me:secret@registry.example/-/npm/v1","statusCode":405}`,
    "405 Method",
  ],
  ["<html>", "<html>"],
  ["", "nothing"],
])("says that a registry does not answer about advisories: %s", (answer, said) => {
  const ask = () => refreshed(file, answer, "2026-01-02");
  expect(ask).toThrow(said);
  expect(ask).toThrow(/^(?!.*secret)/s);
});

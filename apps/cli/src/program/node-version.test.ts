// The program in a Node that is too old: one sentence with the version it needs, and no stack.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const program = fileURLToPath(new URL("../../bin/beit.js", import.meta.url));

/** Runs `beit --version` in this Node, which says that it is another. */
function runAs(version: string) {
  const versions = `{ ...process.versions, node: ${JSON.stringify(version)} }`;
  const disguise = `data:text/javascript,Object.defineProperty(process, "versions", { value: ${versions} });`;
  return spawnSync(process.execPath, ["--import", disguise, program, "--version"], { encoding: "utf8" });
}

it.each(["18.20.8", "20.18.3", "16.0.0"])("%s is told which it should be", (version) => {
  const { status, stdout, stderr } = runAs(version);
  expect(stderr).toBe(`beit: expected Node 20.19 or newer, got ${version}; see https://nodejs.org\n`);
  expect(stdout).toBe("");
  expect(status).toBe(1);
});

it.each(["20.19.0", "100.0.0"])("%s is new enough", (version) => {
  const { status, stdout } = runAs(version);
  const url = new URL("../../package.json", import.meta.url);
  expect(stdout.trim()).toBe((JSON.parse(readFileSync(url, "utf8")) as { version: string }).version);
  expect(status).toBe(0);
});

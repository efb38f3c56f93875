// Help is quick because it loads declarations alone; what they repeat of what they do not load must stay the same.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { simdPrecisions } from "@beitjs/tensor-core/simd";
import { recipes } from "@beitjs/trainers";
import { afterAll, expect, it } from "vitest";
import { commandGroups } from "../program/command.ts";
import { recipeNames } from "../runs/flags.ts";
import { cli } from "../testing/run-cli.ts";
import { encodeFlags } from "./declarations/encode.ts";
import { commands } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "beit-loaded-"));
afterAll(() => rmSync(folder, { recursive: true }));

const program = fileURLToPath(new URL("../../bin/beit.js", import.meta.url));
const script = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;

/** Every module that the program loads for a command line, by its address. */
function loadedBy(argv: readonly string[]): string[] {
  const list = join(folder, "loaded.txt");
  rmSync(list, { force: true });
  const hooks = `import { appendFileSync } from "node:fs";
    export async function load(url, context, next) {
      appendFileSync(${JSON.stringify(list)}, url + "\\n");
      return next(url, context);
    }`;
  const start = script(`import { register } from "node:module"; register(${JSON.stringify(script(hooks))});`);
  execFileSync(process.execPath, ["--import", start, program, ...argv], { stdio: "pipe" });
  return readFileSync(list, "utf8").trim().split("\n");
}

it.each([[], ...commands.map(({ name }) => name.split(" "))].map((words) => [[...words, "--help"]]))(
  "beit %j opens no library of images, models, recipes or charts",
  (argv) => {
    const files = loadedBy(argv).filter((url) => url.startsWith("file:"));
    expect(files.some((url) => url.endsWith("/commands/declarations/demo.js"))).toBe(true);
    const light = ["/apps/cli/", "/tensor-core/dist/grid.js", "/dist/files/address.js", "/dist/safetensors/utf8.js"];
    const others = files.filter((url) => !light.some((part) => url.includes(part)));
    const packages = new Set(others.map((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? url));
    expect([...packages].sort()).toEqual(["cli-progress", "commander", "picocolors"]);
  },
);

it.each([
  ["README.md", "| `beit "],
  ["apps/cli/README.md", "| `"],
])("the table of %s names every command", (page, begin) => {
  const lines = readFileSync(fileURLToPath(new URL(`../../../../${page}`, import.meta.url)), "utf8").split("\n");
  const named = (name: string): boolean =>
    lines.some((line) => line.startsWith(`${begin}${name}\``) || line.startsWith(`${begin}${name} `));
  expect(commands.map(({ name }) => name).filter((name) => !named(name))).toEqual([]);
});

it("the table of the package has commands in the order of the help's groups", () => {
  const page = readFileSync(fileURLToPath(new URL("../../README.md", import.meta.url)), "utf8");
  const rows = [...page.matchAll(/^\| `([a-z-]+(?: [a-z]+)?)` /gm)].map(([, name]) => name);
  const groups = rows.flatMap((row) => commands.find(({ name }) => name === row)?.group ?? []);
  expect(groups).toHaveLength(commands.length);
  expect(groups).toEqual([...groups].sort((a, b) => commandGroups.indexOf(a) - commandGroups.indexOf(b)));
});

it("the help has every command under the heading of its group, and nothing outside of one", async () => {
  const { stdout } = await cli(["--help"]);
  const listed = stdout.split(/\n(?=[A-Z]\w+:\n)/).map((part) => {
    const names = [...part.matchAll(/^ {2}([a-z][\w-]*) /gm)].map(([, name]) => name);
    return [/^\w+/.exec(part)?.[0].toLowerCase(), names] as const;
  });
  const groups = commandGroups.map((group) => {
    const names = commands.filter((one) => one.group === group).map(({ name }) => name.split(" ")[0]);
    return [group, [...new Set(names)]] as const;
  });
  expect(listed.filter(([heading]) => heading !== "usage" && heading !== "options" && heading !== "example")).toEqual([
    ...groups,
    ["help", ["help"]],
  ]);
  expect(stdout).toContain("Commands: verify, views");
});

it("every command has a module that runs it", async () => {
  for (const { name, load } of commands) expect((await load()).run, name).toBeTypeOf("function");
});

it("help names the recipes and precisions that there are", () => {
  expect(recipeNames).toEqual(Object.keys(recipes));
  expect(encodeFlags.precision.choices).toEqual(simdPrecisions);
});

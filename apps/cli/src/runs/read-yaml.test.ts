// Recipes that are none: pipes, devices, files without end, and YAML made to take long or to reach where it should not.
import { execFileSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, makeFolder } from "../testing/run-cli.ts";
import { parseYaml } from "./read-yaml.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
const at = (name: string) => join(folder.path, name);
beforeAll(async () => void (folder = await makeFolder()));
afterAll(() => folder.remove());

const many = 200_000;
const keys = (between: string, end = "") => Array.from({ length: many }, (_, i) => `k${i}${end}`).join(between);
const bomb = "bcdefghi".split("").reduce(
  ({ text, last }, name) => ({ text: `${text}${name}: &${name} [${Array(9).fill(`*${last}`).join(",")}]\n`, last: name }),
  { text: "a: &a [x,x,x,x,x,x,x,x,x]\n", last: "a" },
).text;

/** Processor time of this process in milliseconds: a busy machine makes nothing slow. */
async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

describe("a recipe", () => {
  it.skipIf(process.platform === "win32")("that is a pipe, a device or a folder is refused before it is opened", async () => {
    execFileSync("mkfifo", [at("pipe.yaml")]);
    await symlink("/dev/zero", at("device.yaml"));
    await mkdir(at("folder.yaml"));
    for (const [name, what] of [["pipe", "a pipe or a device"], ["device", "a pipe or a device"], ["folder", "a folder"]] as const) {
      const { code, stderr } = await cli(["recipes", "show", at(`${name}.yaml`)]);
      expect([code, stderr]).toEqual([2, `beit: recipe ${at(`${name}.yaml`)}: expected a file, got ${what}\n`]);
    }
  });

  it.each([
    ["200,000 keys", keys("\n", ": 1"), "expected at most 65536 bytes, got"],
    ["200,000 keys in a line", `{${keys(",")}}`, "expected at most 65536 bytes, got"],
    ["as many keys as fit", `{${keys(",").slice(0, 65_000).replace(/,\w*$/, "")}}`, "stage: expected"],
    ["the same key as often as fits", "a: 1\n".repeat(13_000), "Map keys must be unique at line 2, column 1"],
    ["megabytes in a value", `a: ${"x".repeat(5_000_000)}`, "expected at most 65536 bytes, got 5000003"],
    ["brackets without end", `a: ${"[".repeat(60_000)}`, "expected at most 100 levels, got more"],
    ["indents without end", Array.from({ length: 300 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"), "expected at most 100 levels"],
    ["dashes without end", "- ".repeat(30_000), "expected at most 100 levels"],
    ["quotes without end", '"'.repeat(65_000), "stranger.yaml: "],
    ["lists after lists", "[]".repeat(32_000), "stranger.yaml: "],
    ["brackets that close nothing", "]".repeat(65_000), "stranger.yaml: "],
    ["aliases of aliases", bomb, "Excessive alias count"],
    ["aliases without number", `a: &a {x: 1}\nb: [${"*a,".repeat(20_000)}]`, "Excessive alias count"],
    ["an alias of itself", "model: &a\n  b: *a\n", "stage: expected"],
    ["keys that are lists", "? [a, b]\n: 1\n", "expected names as keys, got a list"],
    ["two keys that become one", '1: a\n"1": b\n', "Map keys must be unique at line 2, column 1"],
    ["a function", 'seed: !!js/function "1"\n', "stage: expected"],
  ])("with %s ends within a second, with the reason", async (_, text, reason) => {
    await writeFile(at("stranger.yaml"), text);
    let done = { code: 0, stderr: "" };
    const milliseconds = await timeOf(async () => (done = await cli(["recipes", "show", at("stranger.yaml")])));
    expect([done.code, done.stderr.includes(reason)], done.stderr.slice(0, 500)).toEqual([2, true]);
    expect(done.stderr.length).toBeLessThan(3000);
    expect(milliseconds).toBeLessThan(1000);
  });

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty"])("with the key %s changes nothing but itself", async (key) => {
    await writeFile(at("stranger.yaml"), `extends: pretrain-small\n${key}: {polluted: 1}\n`);
    const { code, stderr } = await cli(["recipes", "show", at("stranger.yaml")]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`${key}: expected one of the known keys`)]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each(["views.scale.length=9", "views.mean.length=1", "stage.length=9", "views.scale.__proto__=1", "__proto__.a=1", "views.constructor.name=a", "constructor.prototype.a=1", "views.mean.at=1"])(
    "--set %s is an unknown key",
    async (assignment) => {
      const { code, stdout, stderr } = await cli(["recipes", "show", "pretrain-small", "--set", assignment]);
      expect([code, stdout, /unknown path|known keys/.test(stderr)], stderr).toEqual([2, "", true]);
    },
  );

  it("may use aliases, comments and quotes as people do", () => {
    const text = 'a: &size {w: 1, h: 2} # "[[["\nb: *size\n"c d": [1, [2]]\n';
    expect(parseYaml("r", text)).toEqual({ a: { w: 1, h: 2 }, b: { w: 1, h: 2 }, "c d": [1, [2]] });
    expect(parseYaml("r", '{"a": {"b": null}}')).toEqual({ a: { b: null } });
  });
});

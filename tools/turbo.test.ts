// What turbo makes, and of what: a changed test makes nothing again, and there is no task that nobody runs.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const jsonOf = (path: string): unknown => JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), "utf8"));

type Task = { readonly taskId: string; readonly command: string; readonly inputs: Readonly<Record<string, string>> };
let tasks: readonly Task[];
beforeAll(() => {
  const turbo = [`${root}node_modules/turbo/bin/turbo`, "run", "kernels", "build", "--dry=json"];
  const output = execFileSync(process.execPath, turbo, { cwd: root, encoding: "utf8", stdio: "pipe" });
  const { tasks: all } = JSON.parse(output) as { readonly tasks: readonly Task[] };
  tasks = all.filter(({ command }) => command !== "<NONEXISTENT>");
});

it("builds every package of its sources", () => {
  expect(tasks.map(({ taskId }) => taskId)).toEqual(
    expect.arrayContaining(["@beitjs/tensor-core#kernels", "@beitjs/tensor-core#build", "@beitjs/cli#build"]),
  );
  for (const { taskId, inputs } of tasks.filter(({ taskId }) => taskId.endsWith("#build"))) {
    expect(Object.keys(inputs), taskId).toEqual(expect.arrayContaining([expect.stringMatching(/^src\/.*\.tsx?$/)]));
    expect(Object.keys(inputs), taskId).toEqual(expect.arrayContaining(["package.json", "tsconfig.json"]));
  }
});

it("builds nothing again because a test has changed", () => {
  const isOfTests = (path: string): boolean => /\.(?:test|cases)\.tsx?$/.test(path);
  for (const { taskId, inputs } of tasks) expect(Object.keys(inputs).filter(isOfTests), taskId).toEqual([]);
  const helpers = tasks.filter(({ taskId }) => !taskId.startsWith("@beitjs/tensor-core#"));
  for (const { taskId, inputs } of helpers) {
    expect(
      Object.keys(inputs).filter((path) => /^src\/testing\b/.test(path)),
      taskId,
    ).toEqual([]);
  }
});

it("has no task that no script runs", () => {
  const { scripts } = jsonOf("package.json") as { readonly scripts: Readonly<Record<string, string>> };
  const run = Object.values(scripts).flatMap((script) =>
    [...script.matchAll(/turbo run (\w+)/g)].map(([, task]) => task),
  );
  const { tasks: declared } = jsonOf("turbo.json") as { readonly tasks: object };
  const names = Object.keys(declared).map((name) => name.replace(/^.*#/, ""));
  expect(names.filter((name) => !run.includes(name))).toEqual([]);
});

// Which folders are runs, and what they are called beside one another.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeFolder } from "../../testing/run-cli.ts";
import { findRuns } from "./find-runs.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
const at = (...names: string[]) => join(folder.path, ...names);
beforeAll(async () => {
  folder = await makeFolder();
  const write = async (...names: string[]) => {
    await mkdir(dirname(at(...names)), { recursive: true });
    await writeFile(at(...names), "");
  };
  for (const name of ["run-10", "run-9"]) await write("all", name, "recipe.yaml");
  await write("all", "only-lines", "metrics.jsonl");
  await write("all", "deep", "er", "checkpoints", "step-000001", "manifest.json");
  await write("all", ".hidden", "recipe.yaml");
  await write("all", "notes", "read.me");
  await write("demo", "metrics.jsonl");
  for (const name of ["tokenizer", "pretrain"]) await write("demo", name, "recipe.yaml");
  await write("empty", "read.me");
});
afterAll(() => folder.remove());

const names = async (...paths: string[]) => (await findRuns(paths)).map(({ name }) => name);

it("finds runs in folders of runs, in the order of their numbers", async () => {
  expect(await names(at("all"))).toEqual(["deep/er", "only-lines", "run-9", "run-10"]);
  expect(await names(at("all", "run-9"))).toEqual(["run-9"]);
});

it("takes each once, and in the order of the command line", async () => {
  expect(await names(at("all", "run-10"), at("all", "run-9", "..", "run-10"), at("all", "run-9"))).toEqual([
    "run-10",
    "run-9",
  ]);
});

it("reads parts of a run from the file of the whole, be the whole given or a part", async () => {
  const metrics = at("demo", "metrics.jsonl");
  const parts = await findRuns([at("demo")]);
  expect(parts.map(({ mark }) => mark)).toEqual(["pretrain", "tokenizer"]);
  expect(parts.every((part) => part.metrics === metrics)).toBe(true);
  expect(await findRuns([at("demo", "pretrain")])).toEqual([
    { name: "pretrain", folder: at("demo", "pretrain"), metrics, mark: "pretrain" },
  ]);
  expect(await names(at("demo", "pretrain"), at("all", "run-9"))).toEqual(["demo/pretrain", "all/run-9"]);
});

it("names a path without a run", async () => {
  await expect(findRuns([at("empty")])).rejects.toThrow(/empty: expected a run, or a folder of runs: one has recipe/);
  await expect(findRuns([at("gone")])).rejects.toThrow(/gone: expected the folder of a run, but there is nothing/);
  await expect(findRuns([at("empty", "read.me")])).rejects.toThrow(/read\.me: expected the folder of a run, got a file/);
});

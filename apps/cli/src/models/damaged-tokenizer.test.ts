// A tokenizer with one weight that is no number: every command that uses one says so, and none tells tokens of 0.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { initTokenizer, saveTokenizer } from "@beitjs/dvae-tokenizer";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { readSafetensors } from "@beitjs/tensor-core/safetensors";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cli, makeFolder, tinyRecipes, writePngs, writeRecipes } from "../testing/run-cli.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
const at = (...names: string[]) => join(folder.path, ...names);

beforeAll(async () => {
  folder = await makeFolder();
  await writePngs(at("photos"), ["cat", "dog"], 4);
  await writeRecipes(at("recipes"));
  const backend = createReferenceBackend();
  const bytes = await saveTokenizer(initTokenizer(tinyRecipes.tokenizer.model, createRng(1), backend));
  const [first] = [...readSafetensors(bytes).tensors].flatMap(([name, { data }]) =>
    /^encoder.*filter$/.test(name) ? [data] : [],
  );
  first.fill(0xff, 4, 8); // a view of `bytes`: its second value becomes NaN
  await writeFile(at("nan.safetensors"), bytes);
});
afterAll(() => folder.remove());

it.each([
  ["tokenize", () => ["--data", at("photos")]],
  ["reconstruct", () => ["--images", at("photos"), "--out", at("pictures")]],
  ["pretrain", () => ["--data", at("photos"), "--recipe", at("recipes", "pretrain.json"), "--out", at("run")]],
])("beit %s", async (command, flags) => {
  const { code, stdout, stderr } = await cli([command, "--tokenizer", at("nan.safetensors"), ...flags()]);
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(
    /expected finite parameters, got NaN in encoder\..*filter \(value 1 of \d+\): the file is damaged/,
  );
});

// A sheet of what augmentation makes: of every stage, the same for a seed, and none where it cannot be.
import { createHash } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fineTuneBase } from "@beitjs/trainers";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cli, makeFolder, tinyRecipes, writePngs, writeRecipes } from "../testing/run-cli.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let images: string;
let recipe: Awaited<ReturnType<typeof writeRecipes>>;
let augmented: string;
const at = (...names: readonly string[]): string => join(folder.path, ...names);

beforeAll(async () => {
  folder = await makeFolder();
  images = await writePngs(at("images"), ["a", "b"], 6);
  recipe = await writeRecipes(at("recipes"));
  const { randAugment, erase } = fineTuneBase.view;
  const { fineTune } = tinyRecipes;
  augmented = at("augmented.json");
  const all = { ...fineTune, view: { ...fineTune.view, randAugment, erase }, mix: fineTuneBase.mix };
  await writeFile(augmented, JSON.stringify(all));
});
afterAll(() => folder.remove());

const views = (name: string, out: string, ...more: readonly string[]) =>
  cli(["data", "views", images, "--recipe", name, "--out", at(out), ...more]);
const hash = async (name: string) =>
  createHash("sha256")
    .update(await readFile(at(name)))
    .digest("hex");

it("has a row an image and a column an epoch, mixed ones beside them", async () => {
  const mixed = await views(augmented, "mixed.png", "--count", "5", "--json");
  expect(mixed.code).toBe(0);
  expect(mixed.events.at(-1)).toMatchObject({ event: "done", images: 5, epochs: 5 });
  const told = mixed.events.at(-1)?.["mixed"] as string[];
  expect(told).toHaveLength(5);
  for (const one of told) expect(one).toMatch(/^(CutMix|mixup) [01]\.\d\d$/);
  // 8 x 8 pixels are enlarged to 96, with 8 between them.
  expect(await sharp(at("mixed.png")).metadata()).toMatchObject({ width: 11 * 104 + 8, height: 5 * 104 + 8 });
  const plain = await views(recipe("fineTune"), "plain.png");
  expect(plain.stderr).toContain("8 images of");
  expect(await sharp(at("plain.png")).metadata()).toMatchObject({ width: 6 * 104 + 8, height: 8 * 104 + 8 });
});

it.each(["tokenizer", "gaussian", "pretrain"] as const)("draws the views of a %s recipe", async (stage) => {
  expect((await views(recipe(stage), `${stage}.png`, "--count", "3")).code).toBe(0);
  expect(await sharp(at(`${stage}.png`)).metadata()).toMatchObject({ width: 6 * 104 + 8, height: 3 * 104 + 8 });
});

it("is the same for a seed and another for another, and is not written over unasked", async () => {
  for (const [name, seed] of [
    ["one.png", "1"],
    ["again.png", "1"],
    ["two.png", "2"],
  ] as const)
    expect((await views(augmented, name, "--seed", seed)).code).toBe(0);
  expect(await hash("again.png")).toBe(await hash("one.png"));
  expect(await hash("two.png")).not.toBe(await hash("one.png"));
  const taken = await views(augmented, "one.png", "--seed", "2");
  expect(taken.code).toBe(2);
  expect(taken.stderr).toContain("pass --force");
  expect((await views(augmented, "one.png", "--seed", "2", "--force")).code).toBe(0);
  expect(await hash("one.png")).toBe(await hash("two.png"));
});

it("wrong uses are told before anything is written", async () => {
  expect(await views(augmented, "sheet.jpg")).toMatchObject({ code: 2 });
  const magnitude = await views(augmented, "none.png", "--set", "view.randAugment.magnitude=30");
  expect(magnitude.stderr).toContain("view.randAugment.magnitude: expected a number in [0, 10], got 30");
  expect(magnitude.code).toBe(2);
  await expect(stat(at("none.png"))).rejects.toThrow("ENOENT");
});

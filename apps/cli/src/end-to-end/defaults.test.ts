// Commands without --recipe and --set: the recipe is chosen by what is given and follows it, from photographs to a classifier, and
// what the model cannot be is refused by its path.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beitVariants, initBeit, saveOfficialBeit } from "@beitjs/beit-encoder";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, makeFolder, writeIdx, writeRecipes } from "../testing/run-cli.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
const at = (...names: string[]) => join(folder.path, ...names);
const short = ["--epochs", "1", "--batch-size", "4", "--backend", "simd", "--threads", "1"];

async function writePhotographs(path: string, perClass: number): Promise<string> {
  for (const [label, name] of ["cat", "dog"].entries()) {
    for (let i = 0; i < perClass; i++) {
      const file = join(path, name, `${i}.jpg`);
      await mkdir(dirname(file), { recursive: true });
      const background = { r: 40 * i, g: 120 * label, b: 90 };
      await sharp({ create: { width: 90, height: 70, channels: 3, background } })
        .jpeg()
        .toFile(file);
    }
  }
  return path;
}

async function succeed(argv: readonly string[]) {
  const run = await cli([...argv, "--json"]);
  expect(run.stderr).not.toContain("beit: ");
  expect(run.code).toBe(0);
  return run;
}

async function recipeOf(run: string): Promise<string> {
  return readFile(at(run, "recipe.yaml"), "utf8");
}

beforeAll(async () => {
  folder = await makeFolder();
  await writePhotographs(at("photos"), 4);
});
afterAll(() => folder.remove());

describe("photographs", () => {
  it("train a tokenizer, an encoder and a classifier that fit each other", async () => {
    const tokenizer = await succeed(["train-tokenizer", "--data", at("photos"), "--out", at("tokenizer"), ...short]);
    expect(tokenizer.stderr).toContain(
      "recipe: tokenizer-small, for color images, the first of 70x90 (--recipe names another)\n",
    );
    const given = ["--data", at("photos"), "--tokenizer", at("tokenizer"), "--out", at("beit")];
    const encoder = await succeed(["pretrain", ...given, ...short]);
    expect(encoder.events).toContainEqual({
      event: "recipe",
      name: "pretrain-small",
      for: "a tokenizer of 1024 tokens of color images",
    });
    expect(encoder.events.map(({ event }) => event)).not.toContain("fit");
    const classifier = ["--data", at("photos"), "--from", at("beit"), "--out", at("classifier")];
    expect((await succeed(["finetune", ...classifier, ...short])).stderr).toContain(
      "recipe: fine-tune-small, for a model",
    );
    expect(await recipeOf("classifier")).toContain("imageSize: 112");
  }, 60_000);

  it("pretrain with the tokenizer that comes along by a recipe for another", async () => {
    const given = ["--data", at("photos"), "--tokenizer", "small", "--recipe", "pretrain-demo", "--out", at("small")];
    const { events, stderr } = await succeed(["pretrain", ...given, ...short]);
    expect(stderr).toContain("recipe: model.imageSize=98 model.channels=3 model.vocabSize=1024 ");
    expect(stderr).toContain(", from the tokenizer\n");
    expect(events.find(({ event }) => event === "fit")).toMatchObject({
      values: { "model.vocabSize": 1024, "views.tokenSize": 56, "mask.count": 74 },
    });
  }, 60_000);

  it("fine-tune a model of base width in batches that they fill, resized if asked", async () => {
    const config = { ...beitVariants.base, width: 384, depth: 1, heads: 6, imageSize: 96 };
    const beit = initBeit(config, createRng(3), createReferenceBackend());
    await writeFile(at("beit.safetensors"), await saveOfficialBeit(beit));
    const run = ["--data", at("photos"), "--from", at("beit.safetensors"), "--backend", "simd", "--threads", "1"];
    const { stderr } = await succeed(["finetune", ...run, "--epochs", "30", "--batch-size", "4", "--out", at("base")]);
    expect(stderr).toContain("recipe: fine-tune-base, for a model of width 384 that sees color images");
    expect(stderr).toMatch(/recipe: model\.imageSize=96 model\.width=384 .*view\.size=96/);
    expect(await recipeOf("base")).toContain("baseSize: 1024");
    const larger = ["--set", "view.size=64", "--epochs", "1", "--recipe", "fine-tune-small", "--batch-size", "4"];
    await succeed(["finetune", ...run, ...larger, "--out", at("larger")]);
    expect(await recipeOf("larger")).toMatch(/evalView:\n {2}channels: 3\n {2}size: 64/);
  }, 60_000);

  it("are refused what the model cannot be, before they are read", async () => {
    const run = ["finetune", "--data", at("nowhere"), "--from", at("beit.safetensors"), "--set", "model.patchSize=8"];
    const { code, stderr } = await cli([...run, "--out", at("never")]);
    expect(code).toBe(2);
    expect(stderr).toContain(
      "model.patchSize: expected 16, as the model of --from has it (or nothing said of it), got 8 (from --set model.patchSize=8)",
    );
    const tokens = ["pretrain", "--data", at("nowhere"), "--tokenizer", "small", "--set", "model.vocabSize=8192"];
    expect(await cli([...tokens, "--out", at("never")])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/do not fit: .* got 8192 and 1024; .*; recipes of ours take it/) as string,
    });
  });
});

it("small gray images get the demo's recipes", async () => {
  const data = await writeIdx(at("idx"), 96);
  const recipe = await writeRecipes(at("recipes"));
  const out = ["--out", at("gray")];
  const tokenizer = await succeed(["train-tokenizer", "--data", data, ...out, ...short]);
  expect(tokenizer.stderr).toContain("recipe: tokenizer-demo, for gray images, the first of 8x8 ");
  const pretrain = ["pretrain", "--data", data, "--recipe", recipe("pretrain")];
  expect((await cli([...pretrain, "--tokenizer", at("gray"), "--out", at("no")])).code).toBe(2);
  const scratch = await succeed(["finetune", "--scratch", "--data", data, "--out", at("scratch"), ...short]);
  expect(scratch.stderr).toContain("recipe: fine-tune-demo, for gray images");
}, 60_000);

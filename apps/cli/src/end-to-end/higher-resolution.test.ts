// Intermediate fine-tuning and higher resolution, each by one command from what the one before left: the recipe takes over the model,
// positions are resized, the evaluation crop follows the size, and a line says what became of the head.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beitVariants, initBeit, saveOfficialBeit } from "@beitjs/beit-encoder";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { cli, makeFolder, writePngs } from "../testing/run-cli.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let trial = 0;
const at = (...parts: string[]) => join(folder.path, ...parts);
const short = ["--epochs", "1", "--batch-size", "4", "--micro-batches", "1", "--backend", "simd", "--threads", "1"];

// A classifier's crop is told in whole pixels.
const usual = expect.closeTo(0.875, 1) as number;

type Trained = { readonly out: string; readonly stderr: string; readonly recipe: Record<string, unknown> };

async function finetune(from: string, recipe: string, data: string, ...more: string[]): Promise<Trained> {
  const out = at(`run-${++trial}`);
  const run = await cli([
    "finetune",
    "--from",
    from,
    "--recipe",
    recipe,
    "--data",
    at(data),
    "--out",
    out,
    ...short,
    ...more,
  ]);
  expect(run.stderr).not.toContain("beit: ");
  expect(run.code).toBe(0);
  const written = parse(await readFile(join(out, "recipe.yaml"), "utf8")) as Trained["recipe"];
  return { out, stderr: run.stderr, recipe: written };
}

beforeAll(async () => {
  folder = await makeFolder();
  await writePngs(at("many"), ["a", "b", "c"], 3);
  await writePngs(at("few"), ["cat", "dog"], 3);
  await writePngs(at("others"), ["one", "two"], 3);
  // Large patches, so that 384 pixels are few tokens.
  const config = { ...beitVariants.tiny, width: 64, heads: 1, depth: 2, patchSize: 32, imageSize: 96, vocabSize: 0 };
  await writeFile(
    at("beit.safetensors"),
    await saveOfficialBeit(initBeit(config, createRng(3), createReferenceBackend())),
  );
});
afterAll(() => folder.remove());

it("goes from an encoder over intermediate classes to those that are wanted, and on at 384", async () => {
  const sizes = { imageSize: 96, width: 64, depth: 2 };
  const warm = ["--set", "learningRate.warmup.share=0.1"];
  const intermediate = await finetune(at("beit.safetensors"), "intermediate-base", "many", ...warm);
  expect(intermediate.recipe).toMatchObject({ model: sizes, adamW: { clipNorm: 3 } });
  const wanted = await finetune(intermediate.out, "fine-tune-after-intermediate-base", "few", ...warm);
  expect(wanted.stderr).toContain(
    "head: new, as the model's 3 classes (a, b, c) are not the 2 of the images (cat, dog)\n",
  );
  expect(wanted.recipe).toMatchObject({ model: sizes, learningRate: { peak: 2e-5 }, layerDecay: 0.85 });
  expect(wanted.recipe).toMatchObject({ evalView: { size: 96, fit: { kind: "centerCrop", cropRatio: usual } } });

  const larger = await finetune(wanted.out, "fine-tune-384", "few");
  expect(larger.stderr).toContain("head: kept, as the model's 2 classes are those of the images\n");
  expect(larger.recipe).toMatchObject({
    model: { imageSize: 384, width: 64, patchSize: 32 },
    view: { size: 384 },
    evalView: { size: 384, fit: { kind: "centerCrop", cropRatio: 1 } },
    learningRate: { peak: 5e-6, minimum: 5e-6 },
  });
  const evaluated = await cli(["evaluate", larger.out, "--data", at("few"), "--split", "train", "--backend", "simd"]);
  expect(evaluated).toMatchObject({ code: 0 });
  // As many classes of other names are other classes.
  const renamed = await finetune(wanted.out, "fine-tune-384", "others");
  expect(renamed.stderr).toContain(
    "head: new, as the model's 2 classes (cat, dog) are not the 2 of the images (one, two)\n",
  );

  for (const [format, name] of [
    ["hugging-face", ""],
    ["beitjs", "model.safetensors"],
  ]) {
    const out = at(format);
    expect(await cli(["convert", wanted.out, "--to", format, "--out", out])).toMatchObject({ code: 0 });
    const { recipe } = await finetune(join(out, name), "fine-tune-384", "few");
    expect(recipe).toMatchObject({
      model: { imageSize: 384, width: 64 },
      view: { size: 384 },
      evalView: { size: 384 },
    });
  }
  // A recipe of one's own that builds on it is for the same size, unless it says another.
  await writeFile(at("mine.yaml"), "extends: fine-tune-384\nlabelSmoothing: 0\n");
  expect((await finetune(wanted.out, at("mine.yaml"), "few")).recipe).toMatchObject({ model: { imageSize: 384 } });
  const smaller = await finetune(wanted.out, at("mine.yaml"), "few", "--set", "model.imageSize=160");
  expect(smaller.recipe).toMatchObject({
    model: { imageSize: 160 },
    view: { size: 160 },
    evalView: { size: 160, fit: { cropRatio: usual } },
  });
}, 60_000);

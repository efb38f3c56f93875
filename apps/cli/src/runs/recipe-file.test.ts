// Recipes of files: what they extend, in which order values count, and how faults are told.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { demoPretrain, pretrainBase, pretrainTiny, tokenizerDallE } from "@beitjs/trainers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { makeFolder } from "../testing/run-cli.ts";
import type { RecipeShortcuts } from "./assignments.ts";
import { formatRecipe, loadRecipe } from "./recipe-file.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

async function write(name: string, text: string): Promise<string> {
  const path = join(folder.path, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
}

const told: string[] = [];
const context = { terminal: { info: (text: string) => void told.push(text) } };
beforeEach(() => void told.splice(0));

const load = (recipe: string, ...set: readonly string[]) => loadRecipe({ recipe, set }, ["pretrain"], context);
const loadWith = (shortcuts: RecipeShortcuts, ...set: readonly string[]) =>
  loadRecipe({ recipe: "pretrain-tiny", set, ...shortcuts }, ["pretrain"], context);

describe("extends", () => {
  it("takes a recipe of a name and changes what the file says", async () => {
    const path = await write("few.yaml", "extends: pretrain-tiny\nepochs: 20\nviews:\n  scale: [0.5, 1]\n");
    const { views } = pretrainTiny;
    expect(await load(path)).toEqual({ ...pretrainTiny, epochs: 20, views: { ...views, scale: [0.5, 1] } });
  });

  it("finds a file beside the file, through several, and --set comes last", async () => {
    await write("base/all.json", JSON.stringify({ extends: "pretrain-base", seed: 5, epochs: 30, mask: { count: 60 } }));
    await write("middle.yml", "extends: base/all.json\nepochs: 40\nmask: { count: 50 }\n");
    const top = await write("tops/top.yaml", "extends: ../middle.yml\nmask: { minBlock: 4 }\n");
    expect(await load(top, "epochs=50", "mask.variant=exact")).toEqual({
      ...pretrainBase,
      seed: 5,
      epochs: 50,
      mask: { ...pretrainBase.mask, count: 50, minBlock: 4, variant: "exact" },
    });
  });

  it("replaces a mask, a model or a recipe of another kind", async () => {
    const uniform = await write("uniform.yaml", "extends: pretrain-demo\nmask: { kind: uniform, count: 6 }\n");
    expect((await load(uniform)).mask).toEqual({ kind: "uniform", count: 6 });
    const { model } = demoPretrain;
    const other = await write("other.yaml", `extends: tokenizer-demo\n${JSON.stringify({ ...demoPretrain, model }).slice(1, -1)}`);
    await expect(load(other)).rejects.toThrow("other.yaml");
    const whole = await write("whole.json", JSON.stringify({ extends: "tokenizer-demo", ...demoPretrain }));
    expect(await load(whole)).toEqual(demoPretrain);
    const strided = await write("strided.yaml", "extends: tokenizer-dall-e\nmodel: { architecture: strided }\n");
    await expect(loadRecipe({ recipe: strided, set: [] }, ["tokenizer"], context)).rejects.toThrow("model.layers: expected");
    expect((await loadRecipe({ recipe: "tokenizer-dall-e", set: [] }, ["tokenizer"], context)).model).toEqual(tokenizerDallE.model);
  });

  it("is refused by name where an alias of YAML holds itself", async () => {
    const lists = await write("lists.yaml", "extends: pretrain-tiny\nmany: &m [*m, *m]\n");
    await expect(load(lists)).rejects.toThrow("many: expected one of the known keys");
    const objects = await write("objects.yaml", "extends: pretrain-tiny\nmodel: &m\n  depth: *m\n");
    await expect(load(objects)).rejects.toThrow("model.depth: expected a positive integer of at most 65536, got an object");
  });

  it("is refused with the chain where it comes back to itself", async () => {
    const a = await write("a.yaml", "extends: b.yaml\n");
    const b = await write("b.yaml", "extends: c/c.yaml\n");
    const c = await write("c/c.yaml", "extends: ../b.yaml\n");
    await expect(load(a)).rejects.toThrow(`recipe ${a}: extends itself: ${a} -> ${b} -> ${c} -> ${b}`);
    const own = await write("own.yaml", "extends: own.yaml\n");
    await expect(load(own)).rejects.toThrow(`${own} -> ${own}`);
  });

  it("is refused, naming who extends, where there is nothing to extend", async () => {
    const none = await write("none.yaml", "extends: nothing.yaml\n");
    await expect(load(none)).rejects.toThrow(`${join(folder.path, "nothing.yaml")}, extended by ${none}: cannot be read: ENOENT`);
    const name = await write("name.yaml", "extends: pretrain-tyni\n");
    await expect(load(name)).rejects.toThrow(/pretrain-tyni, extended by .*name\.yaml: expected a \.yaml or \.json file or/);
    const number = await write("number.yaml", "extends: 3\n");
    await expect(load(number)).rejects.toThrow("extends: expected a name or a file, got 3");
    await expect(load("pretrain-demo", "extends=pretrain-base")).rejects.toThrow("extends: expected one of the known keys");
  });
});

describe("faults", () => {
  it("say which of several files or flags they are from", async () => {
    const base = await write("wrong-base.yaml", "extends: pretrain-demo\nepochs: 0\nviews: { flip: 2 }\n");
    const top = await write("wrong.yaml", "extends: wrong-base.yaml\nseed: -1\n");
    await expect(load(top, "views.flip=3")).rejects.toThrow(
      `recipe ${top}: seed: expected an integer of 0 or more, got -1; ` +
        `epochs: expected a positive integer of at most 1048576, got 0 (from ${base}); ` +
        "views.flip: expected a number in [0, 1], got 3 (from --set views.flip=3)",
    );
  });

  it("are usage errors", async () => {
    await expect(load("pretrain-demo", "epochs=0")).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe("--set", () => {
  it("replaces the branch of a union, and says what it took", async () => {
    expect((await load("pretrain-tiny", "mask.kind=uniform")).mask).toEqual({ kind: "uniform", count: 75 });
    expect(told).toEqual([]);
    const few = await load("pretrain-tiny", "mask.kind=uniform", "mask.count=6");
    expect(few.mask).toEqual({ kind: "uniform", count: 6 });
    const dallE = (...set: readonly string[]) => loadRecipe({ recipe: "tokenizer-dall-e", set }, ["tokenizer"], context);
    const { model } = await dallE("model.architecture=strided", "model.layers=3", "model.middleBlocks=0");
    expect(model).toMatchObject({ architecture: "strided", layers: 3, blocksPerStage: 0, middleBlocks: 0, vocabSize: 8192 });
    expect(told).toEqual(["--set model.architecture=strided: took model.blocksPerStage=0, as nothing was said of it"]);
  });

  it("takes a length in any units, or as steps", async () => {
    const warmup = async (set: string) => (await load("pretrain-tiny", set)).learningRate.warmup;
    expect(await warmup("learningRate.warmup.epochs=2")).toEqual({ epochs: 2 });
    expect(await warmup("learningRate.warmup={ share: 0.2 }")).toEqual({ share: 0.2 });
    expect(await warmup("learningRate.warmup=100")).toEqual({ steps: 100 });
    await expect(warmup("learningRate.warmup.share=2")).rejects.toThrow(
      "learningRate.warmup.share: expected a number in [0, 1], got 2 (from --set learningRate.warmup.share=2)",
    );
  });
});

describe("a size of images", () => {
  const loadFineTune = (recipe: string, ...set: readonly string[]) => loadRecipe({ recipe, set }, ["fine-tune"], context);

  it("that is said at one place is that of the others, with the crop of evaluations that goes with it", async () => {
    for (const path of ["model.imageSize", "view.size", "evalView.size"]) {
      expect(await loadFineTune("fine-tune-base", `${path}=384`)).toMatchObject({
        ...{ model: { imageSize: 384 }, view: { size: 384 } },
        evalView: { size: 384, fit: { kind: "centerCrop", cropRatio: 1 } },
      });
    }
    expect(told[0]).toBe(
      'recipe: view.size=384 evalView.size=384 evalView.fit={"kind":"centerCrop","cropRatio":1}, as model.imageSize says',
    );
    const path = await write("size.yaml", "extends: fine-tune-384\nview:\n  size: 160\n");
    const smaller = { model: { imageSize: 160 }, evalView: { size: 160, fit: { cropRatio: 0.875 } } };
    expect(await loadFineTune(path)).toMatchObject(smaller);
    const { model, views } = await load("pretrain-tiny", "model.imageSize=[224,128]");
    expect([model.imageSize, views.pixelSize]).toEqual([
      [224, 128],
      [224, 128],
    ]);
  });

  it("leaves a crop that is said, and refuses two sizes", async () => {
    const said = await loadFineTune("fine-tune-base", "view.size=384", "evalView.fit.cropRatio=0.95");
    expect(said.evalView.fit).toEqual({ kind: "centerCrop", cropRatio: 0.95 });
    await expect(loadFineTune("fine-tune-base", "view.size=384", "model.imageSize=160")).rejects.toThrow(
      "view.size: expected model.imageSize 160, got 384 (from --set view.size=384)",
    );
  });
});

describe("--lr, --epochs, --batch-size and --seed", () => {
  it("mean what --set of their paths means", async () => {
    const { learningRate } = pretrainTiny;
    expect(await loadWith({ lr: 2e-3, epochs: 7, batchSize: 32, seed: 9 }, "mask.count=60")).toEqual({
      ...pretrainTiny,
      ...{ seed: 9, epochs: 7, batchSize: 32 },
      learningRate: { ...learningRate, peak: 2e-3 },
      mask: { ...pretrainTiny.mask, count: 60 },
    });
    expect(await loadWith({ lr: 2e-3 }, "learningRate.minimum=0")).toMatchObject({
      learningRate: { peak: 2e-3, minimum: 0 },
    });
  });

  it("do not say otherwise than --set", async () => {
    const conflict = loadWith({ epochs: 3 }, "seed=2", "epochs=5");
    await expect(conflict).rejects.toThrow("--epochs 3 and --set epochs=5 say the same of the recipe; give one of them");
    await expect(conflict).rejects.toMatchObject({ exitCode: 2 });
    const whole = "learningRate={ peak: 1e-3, minimum: 0, warmup: { steps: 0 } }";
    await expect(loadWith({ lr: 0.1 }, whole)).rejects.toThrow(`--lr 0.1 and --set ${whole} say the same`);
  });

  it("are named in faults", async () => {
    const odd = loadRecipe({ recipe: "pretrain-base", set: [], batchSize: 30 }, ["pretrain"], context);
    await expect(odd).rejects.toThrow("recipe pretrain-base: microBatches: expected a divisor of batchSize 30, got 16");
    await expect(loadWith({ batchSize: 0 })).rejects.toThrow("batchSize: expected a positive integer of at most 1048576, got 0 (from --batch-size 0)");
  });
});

it("a part of a recipe of old, with lengths in steps, is read", async () => {
  const old = await write("steps.yaml", "extends: pretrain-tiny\nlearningRate: { peak: 0.001, warmupSteps: 70 }\n");
  const top = await write("share.yaml", "extends: steps.yaml\nlearningRate: { warmup: { share: 0.3 } }\n");
  const { learningRate } = pretrainTiny;
  expect((await load(old)).learningRate).toEqual({ ...learningRate, peak: 0.001, warmup: { steps: 70 } });
  expect((await load(top)).learningRate).toEqual({ ...learningRate, peak: 0.001, warmup: { share: 0.3 } });
});

it("a recipe file of old, with a field that decided nothing, is read", async () => {
  const { views } = demoPretrain;
  const old = await write("old.json", JSON.stringify({ ...demoPretrain, views: { ...views, tokenRange: "unit" } }));
  expect(await load(old)).toEqual(demoPretrain);
});

it("a written recipe is read back", async () => {
  expect(parse(formatRecipe(pretrainTiny))).toEqual(pretrainTiny);
  expect(await load(await write("written.yaml", formatRecipe(pretrainTiny)))).toEqual(pretrainTiny);
});

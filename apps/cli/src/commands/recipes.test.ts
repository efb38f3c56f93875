// `beit recipes` and `beit recipes show`: all that there are, and YAML that is the recipe again.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { recipes } from "@beitjs/trainers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadRecipe } from "../runs/recipe-file.ts";
import { stageNames } from "../runs/stages.ts";
import { cli, makeFolder } from "../testing/run-cli.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

const quiet = { terminal: { info: () => undefined } };

describe("beit recipes", () => {
  it("lists all with purpose, model, data, time and result", async () => {
    const run = await cli(["recipes"]);
    expect(run.code).toBe(0);
    const names = run.stdout.split("\n").filter((line) => /^\S/.test(line));
    expect(names).toEqual(Object.keys(recipes));
    expect(run.stdout).toContain(
      "pretrain-base\n" +
        "  for     pre-training of BEiT-base as published\n" +
        "  after   BEiT, Table 12\n" +
        "  model   BEiT, 12 blocks 768 wide, 92.0 M parameters, 224 pixels in 14x14 patches\n" +
        "  data    ImageNet-1K, 1.28 million images\n" +
        "  run     800 epochs in batches of 2048\n",
    );
    expect(run.stdout).toContain("  model   dVAE (strided), 56 pixels to 14x14 of 1024 visual tokens\n");
    expect(run.stdout).toContain("  model   Gaussian VAE, 16 pixels to ");
  });

  it("tells programs one event a recipe", async () => {
    const { events, stdout } = await cli(["recipes", "--json"]);
    expect(events.map(({ name }) => name)).toEqual(Object.keys(recipes));
    expect(events[0]).toMatchObject({
      event: "recipe",
      stage: "tokenizer",
      data: expect.stringContaining("12,000") as string,
    });
    expect(stdout.trimEnd().split("\n")).toHaveLength(events.length);
  });
});

describe("beit recipes show", () => {
  it.each(Object.keys(recipes))("%s: YAML that --recipe takes again, as the recipe it was", async (name) => {
    const run = await cli(["recipes", "show", name]);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    const path = join(folder.path, `${name}.yaml`);
    await writeFile(path, run.stdout);
    expect(await loadRecipe({ recipe: path, set: [] }, stageNames, quiet)).toEqual(recipes[name]);
    expect((await cli(["recipes", "show", path])).stdout.split("\n").slice(1)).toEqual(run.stdout.split("\n").slice(1));
  });

  it("shows what flags change, and says what was taken", async () => {
    const change = [
      "--epochs",
      "7",
      "--lr",
      "2e-3",
      "--set",
      "evalView.fit.kind=centerCrop",
      "learningRate.warmup.epochs=2",
    ];
    const run = await cli(["recipes", "show", "fine-tune-demo", ...change]);
    expect(run.stderr).toBe(
      "--set evalView.fit.kind=centerCrop: took evalView.fit.cropRatio=0.875, as nothing was said of it\n",
    );
    const path = join(folder.path, "changed.yaml");
    await writeFile(path, run.stdout);
    expect(await loadRecipe({ recipe: path, set: [] }, ["fine-tune"], quiet)).toMatchObject({
      epochs: 7,
      learningRate: { peak: 2e-3, warmup: { epochs: 2 } },
      evalView: { fit: { kind: "centerCrop", cropRatio: 0.875 } },
    });
  });

  it("refuses what is no recipe, naming those there are, and wants one", async () => {
    const unknown = await cli(["recipes", "show", "pretrain-tyni"]);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("one of tokenizer-demo, ") as string });
    expect(await cli(["recipes", "show"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("missing required argument 'name|file'") as string,
    });
    expect((await cli(["recipes", "list"])).code).toBe(2);
  });

  it("tells programs the recipe", async () => {
    const { events } = await cli(["recipes", "show", "pretrain-tiny", "--json"]);
    expect(events).toEqual([{ event: "recipe", name: "pretrain-tiny", recipe: recipes["pretrain-tiny"] }]);
  });
});

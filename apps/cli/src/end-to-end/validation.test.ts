// Training that looks at held-out images: curves, the best checkpoint beside the last, an end in time, averaged weights, a last figure; and
// what commands take of such a run.
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { openBeit } from "@beitjs/beit-encoder";
import { leaves, type Tensor } from "@beitjs/tensor-core";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { toFloat32, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import { loadCheckpoint } from "@beitjs/trainers/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, makeFolder, writeIdx, writePngs, writeRecipes } from "../testing/run-cli.ts";

const oneThread = ["--backend", "simd", "--threads", "1"];
let folder: Awaited<ReturnType<typeof makeFolder>>;
let recipe: Awaited<ReturnType<typeof writeRecipes>>;
let photos: string;
let idx: string;
const at = (...names: string[]) => join(folder.path, ...names);
const json = async (path: string) => JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
const metrics = async (run: string) =>
  (await readFile(join(run, "metrics.jsonl"), "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, number>);

beforeAll(async () => {
  folder = await makeFolder();
  recipe = await writeRecipes(at("recipes"));
  idx = await writeIdx(at("idx"));
  photos = at("photos");
  for (const [split, count] of [
    ["train", 16],
    ["val", 3],
    ["test", 2],
  ] as const)
    await writePngs(join(photos, split), ["cat", "dog"], count);
});
afterAll(() => folder.remove());

// Four steps an epoch on 32 images, two epochs.
const finetune = (data: string, out: string, ...more: string[]) =>
  cli(
    ["finetune", "--scratch", "--data", data, "--recipe", recipe("fineTune"), "--out", at(out), ...oneThread].concat(
      more,
    ),
  );

describe("finetune", () => {
  it("evaluates on the val split every epoch, keeps the best, and tells of it everywhere", async () => {
    const run = await finetune(photos, "epochs", "--json");
    expect(run.code).toBe(0);
    expect(run.stderr).toMatch(/step 4: val accuracy [\d.]+ %, loss [\d.]+, the best so far/);
    expect(run.stderr).toMatch(/accuracy [\d.]+ % \(chance: 50 %\), val accuracy [\d.]+ %/);
    expect(run.events.filter(({ event }) => event === "validation").map(({ step }) => step)).toEqual([4, 8]);
    const evaluated = (await metrics(at("epochs"))).filter((line) => "val/accuracy" in line);
    expect(evaluated.map(({ step }) => step)).toEqual([4, 8]);
    const [events] = (await readdir(at("epochs"))).filter((name) => name.startsWith("events.out"));
    expect((await readFile(at("epochs", events))).includes("val/loss")).toBe(true);
    const best = (await loadCheckpoint(at("epochs", "checkpoints", "best"))).manifest;
    expect(best.step).toBe(best.validation?.best?.step);
    const values = evaluated.map((line) => line["val/accuracy"]);
    expect(best.step).toBe(values[1] > values[0] ? 8 : 4);
    const summary = await json(at("epochs", "summary.json"));
    expect(summary).toMatchObject({
      model: { checkpoint: at("epochs", "checkpoints", "best"), weights: "raw" },
      validation: {
        images: 6,
        from: "val split",
        every: { epochs: 1 },
        metric: "accuracy",
        best: { step: best.step, checkpoint: at("epochs", "checkpoints", "best") },
        last: { step: 8, values: { accuracy: values[1] } },
        endedEarly: false,
      },
    });
    expect(summary).not.toHaveProperty("test");
    expect(run.events.some(({ event, split }) => event === "images" && split === "test")).toBe(false);
  });

  it("trains the same bits without it", async () => {
    const run = await finetune(photos, "never", "--eval-every", "never");
    expect(run.code).toBe(0);
    expect(await readdir(at("never", "checkpoints"))).toEqual(["step-000008"]);
    const weights = (name: string) => readFile(at(name, "checkpoints", "step-000008", "model.safetensors"));
    expect((await weights("never")).equals(await weights("epochs"))).toBe(true);
  });

  it("holds a share out, the same when it goes on; another share is another run", async () => {
    const share = ["--val-share", "0.25", "--eval-every", "3", "--keep", "all", "--save-every", "1"];
    const run = await finetune(idx, "share", ...share);
    expect(run.code).toBe(0);
    expect(run.stderr).toContain("validation: 8 of 32 images held out, of every class alike, drawn with seed 3");
    expect((await readdir(at("share", "checkpoints"))).sort()).toEqual([
      "best",
      ...[1, 2, 3, 4, 5, 6].map((step) => `step-00000${step}`),
    ]);
    expect((await metrics(at("share"))).filter((line) => "val/loss" in line).map(({ step }) => step)).toEqual([3, 6]);
    const again = await finetune(idx, "share", ...share);
    expect(again.stderr).toContain("nothing to do: the run has made its 6 steps");
    const other = await finetune(idx, "share", "--val-share", "0.5");
    expect(other).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("valShare is 0.5 here and 0.25 there") as string,
    });
    const metric = await finetune(idx, "share", ...share, "--best-metric", "loss");
    expect(metric.stderr).toContain(
      "expected the metric of the checkpoint, as the best so far is by accuracy, got loss",
    );
  });

  it("ends without an improvement, says so when it is asked again, and goes on with more patience", async () => {
    const still = ["--set", "learningRate.peak=0", "learningRate.minimum=0", "--eval-every", "1"];
    const run = await finetune(photos, "still", ...still, "--early-stop", "2");
    expect(run.code).toBe(0);
    expect(run.stderr).toMatch(/done: 3 steps in .*; 2 evaluations without an improvement ended it/);
    expect(await json(at("still", "summary.json"))).toMatchObject({
      step: 3,
      validation: { best: { step: 1 }, endedEarly: true },
    });
    const again = await finetune(photos, "still", ...still, "--early-stop", "2");
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).toContain("nothing to do: the run has made its 3 steps; 2 evaluations without an improvement");
    expect((await finetune(photos, "still", ...still, "--early-stop", "4")).stderr).toContain("done: 5 steps");
  });

  it("averages weights, measures both, and gives a last figure on images that were named", async () => {
    const run = await finetune(photos, "average", "--ema", "0.9", "--test-split", "test", "--json");
    expect(run.code).toBe(0);
    expect(run.stderr).toMatch(/step 8: val accuracy [\d.]+ %, loss [\d.]+; averaged weights: accuracy [\d.]+ %, loss/);
    expect(run.stderr).toMatch(
      /best: val accuracy [\d.]+ % of the averaged weights at step \d \(.*best\); of the last/,
    );
    expect(run.stderr).toMatch(/test, best checkpoint: accuracy [\d.]+ % \(chance: 50 %\)/);
    const line = (await metrics(at("average"))).at(-1);
    expect(Object.keys(line ?? {})).toEqual(
      expect.arrayContaining(["val/accuracy", "val-ema/accuracy", "val-ema/loss"]),
    );
    const summary = await json(at("average", "summary.json"));
    expect(summary).toMatchObject({
      model: { weights: "average" },
      recipe: { ema: { decay: 0.9, warmup: true } },
      test: { data: photos, split: "test", images: 4, best: { values: {} }, last: { values: {} } },
    });
    const figures = summary["test"] as { last: { values: object } };
    const last = ["evaluate", at("average", "checkpoints", "last"), "--data", photos, ...oneThread, "--json"];
    expect((await cli(last)).events.find(({ event }) => event === "scores")).toMatchObject(figures.last.values);
  });

  it("says what is wrong with the flags", async () => {
    for (const [flags, message] of [
      [["--early-stop", "3"], "--early-stop: expected images to evaluate on, but "],
      [["--best-metric", "speed"], "--best-metric speed: expected accuracy or loss for stage fine-tune"],
      [["--eval-every", "often"], "Expected steps such as 500, epochs such as 2epochs or 0.5epochs, or never."],
      [["--val-share", "2"], "Expected a number between 0 and 1, such as 0.1."],
      [["--keep", "none"], "Expected a whole number of at least 1, or all."],
      [["--ema", "1"], "Expected a number from 0 and below 1, such as 0.9998."],
    ] as const)
      expect(await finetune(idx, "wrong", ...flags)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(message) as string,
      });
    const plain = await finetune(idx, "plain");
    expect(plain.stderr).toContain("validation: none, as the data has no val split; --val-share 0.1 holds a tenth out");
  });

  it("takes a val split that lacks a class, and refuses one with a class of its own", async () => {
    const lacking = at("lacking");
    await writePngs(join(lacking, "train"), ["ant", "cat", "dog"], 8);
    await writePngs(join(lacking, "val"), ["dog"], 3);
    await writePngs(join(lacking, "test"), ["dog", "lion"], 3);
    expect((await finetune(lacking, "lacking-run")).code).toBe(0);
    expect(await finetune(lacking, "lacking-run", "--test-split", "test")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("expected classes among ant, cat, dog, got lion") as string,
    });
  });
});

describe("the other stages", () => {
  const held = ["--val-share", "0.25", "--ema", "0.9"];
  const base = () => ["--data", idx, ...held, ...oneThread, "--json"];

  it("are evaluated likewise, and their models are taken with averaged weights, the best first", async () => {
    const tokenizer = await cli(["train-tokenizer", ...base(), "--recipe", recipe("tokenizer"), "--out", at("dvae")]);
    expect(tokenizer.code).toBe(0);
    expect(tokenizer.events.filter(({ event }) => event === "validation").at(-1)).toMatchObject({
      step: 6,
      values: { meanAbsoluteError: expect.any(Number) as number, perplexity: expect.any(Number) as number },
      emaValues: { meanAbsoluteError: expect.any(Number) as number },
    });
    const gaussian = await cli(["train-tokenizer", ...base(), "--recipe", recipe("gaussian"), "--out", at("vae")]);
    expect(gaussian.stderr).toMatch(/step 6: val mean absolute error [\d.]+; averaged weights: mean absolute error/);

    const flags = ["--tokenizer", at("dvae"), "--recipe", recipe("pretrain"), "--out", at("beit")];
    const pretrained = await cli(["pretrain", ...base(), ...flags, "--test-split", "test"]);
    expect(pretrained.code).toBe(0);
    expect(pretrained.stderr).toMatch(
      /checkpoint: the best of .*dvae by val mean absolute error [\d.]+, step \d; the newest/,
    );
    expect(pretrained.stderr).toContain("weights: the averaged ones (ema.safetensors)");
    expect(pretrained.stderr).toMatch(/step 6: val loss [\d.]+, accuracy [\d.]+ %/);
    expect(await json(at("beit", "summary.json"))).toMatchObject({
      validation: { metric: "loss" },
      test: { split: "test", images: 8, last: { values: { loss: expect.any(Number) as number } } },
    });
  });
});

describe("commands that are given a run", () => {
  const predict = async (model: string, ...more: string[]) =>
    cli(["predict", model, "--images", join(photos, "test"), ...oneThread, ...more]);

  it("take its best checkpoint and its average, and say how the others are called", async () => {
    const auto = await predict(at("average"));
    expect(auto.code).toBe(0);
    expect(auto.stderr).toContain(`the newest is ${at("average")}/checkpoints/last`);
    expect(auto.stderr).toContain("weights: the averaged ones");
    const best = await predict(at("average", "checkpoints", "best"));
    expect(best.stdout).toBe(auto.stdout);
    const raw = await predict(at("average"), "--weights", "raw");
    expect(raw.stdout).not.toBe(auto.stdout);
    const files = ["ema.safetensors", "model.safetensors"].map((name) => at("average", "checkpoints", "best", name));
    const [average, model] = [await predict(files[0]), await predict(files[1])];
    expect([average.code, model.code]).toEqual([0, 0]);
    expect(average.stdout).not.toBe(model.stdout);
    const last = await predict(at("average", "checkpoints", "last"), "--weights", "average");
    expect(last.code).toBe(0);
    expect(await predict(at("never"), "--weights", "average")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        "expected averaged weights for --weights average, got a run without ema",
      ) as string,
    });
  });

  it("take what the library takes of the same paths", async () => {
    const backend = createReferenceBackend();
    const cases = [
      [at("average"), "best", "ema"],
      [at("average", "checkpoints", "last"), undefined, "ema"],
      [at("never"), undefined, "model"],
    ] as const;
    for (const [path, step, tree] of cases) {
      const run = path.replace(/.checkpoints.last$/, "");
      const stored = await loadCheckpoint(step === undefined ? run : join(run, "checkpoints", step));
      const expected = tree === "ema" ? stored.trees.get("ema") : stored.tensors;
      const opened = await openBeit(path, backend);
      expect(opened.weights, path).toBe(tree === "ema" ? "average" : undefined);
      for (const [name, leaf] of leaves<Tensor>(opened.beit.params)) {
        const value = expected?.get(name);
        expect(value && [...toFloat32(value)], `${path} ${name}`).toEqual([...(await leaf.read())]);
      }
    }
    const raw = await openBeit(at("average"), backend, { weights: "raw" });
    const { tensors } = await loadCheckpoint(at("average", "checkpoints", "best"));
    const bias = raw.beit.params.classHead?.bias as Tensor;
    expect([...(await bias.read())]).toEqual([...toFloat32(tensors.get("classHead.bias") as SafeTensor)]);
  });

  it("inspect knows the best", async () => {
    const { events } = await cli(["inspect", at("average"), "--json"]);
    expect(events.at(-1)).toMatchObject({ kind: "run", best: { path: at("average", "checkpoints", "best") } });
    expect((await cli(["inspect", at("average")])).stdout).toMatch(/best +step \d: /);
  });
});

describe("evaluate", () => {
  const evaluate = (...more: string[]) => cli(["evaluate", at("epochs"), "--data", photos, ...oneThread, ...more]);

  it("tells accuracy by class, calibration and what is taken for what, and no top 5 of two classes", async () => {
    const { stdout, code } = await evaluate();
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^accuracy [\d.]+ % \(chance: 50 %\)\nloss [\d.]+\ncalibration error [\d.]+ % \(expected, 15 bins\)/,
    );
    expect(stdout).toMatch(/\n {2}(cat|dog) {2}[\d.]+ % of 2 images\n/);
    expect(stdout).not.toContain("top 5");
  });

  it("takes averaged weights, or those of the last step when they are asked for", async () => {
    const run = [
      "evaluate",
      at("average", "checkpoints", "last"),
      "--data",
      photos,
      "--split",
      "val",
      ...oneThread,
      "--json",
    ];
    const scores = async (weights: string) =>
      (await cli([...run, "--weights", weights])).events.find(({ event }) => event === "scores");
    const summary = (await json(at("average", "summary.json")))["validation"];
    const { last } = summary as { last: { values: object; emaValues: { loss: number } } };
    expect(await scores("raw")).toMatchObject(last.values);
    expect(await scores("auto")).toMatchObject(last.emaValues);
  });

  it("writes all of it for programs and for people", async () => {
    expect((await evaluate("--out", at("figures"))).code).toBe(0);
    expect((await readdir(at("figures"))).sort()).toEqual(["figures.csv", "figures.json", "report.html"]);
    const figures = await json(at("figures", "figures.json"));
    expect(figures).toMatchObject({ stage: "fine-tune", split: "test", images: 4, classes: ["cat", "dog"] });
    const { confusion, classAccuracy, mistakes } = figures as {
      confusion: number[][];
      classAccuracy: number[];
      mistakes: { name: string; label: number }[];
    };
    expect(mistakes).toHaveLength(confusion[0][1] + confusion[1][0]);
    expect(await readFile(at("figures", "figures.csv"), "utf8")).toBe(
      `class,images,accuracy,predicted cat,predicted dog\n` +
        ["cat", "dog"].map((name, i) => `${name},2,${classAccuracy[i]},${confusion[i].join(",")}\n`).join(""),
    );
    const page = await readFile(at("figures", "report.html"), "utf8");
    expect(page.match(/<img src="data:image\/png;base64,/g) ?? []).toHaveLength(mistakes.length);
    for (const { name } of mistakes) expect(page).toContain(name);
    const addresses = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address);
    for (const address of addresses) expect(address).toMatch(/^(data:image\/png;base64,|data:,$)/);
    expect(page).not.toContain("<script");
    expect(await evaluate("--out", "figures.xlsx")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("expected a name that ends in .json, .csv, .html") as string,
    });
  });

  it("writes the figures of other stages as a table of names and values, and as a page", async () => {
    const other = (out: string) => cli(["evaluate", at("vae"), "--data", idx, ...oneThread, "--out", out]);
    expect((await other(at("vae.csv"))).code).toBe(0);
    expect(await readFile(at("vae.csv"), "utf8")).toMatch(
      /^name,value\nstage,gaussian\n[^]*\nmeanAbsoluteError,0\.\d+\n/,
    );
    expect((await other(at("vae.html"))).code).toBe(0);
    expect(await readFile(at("vae.html"), "utf8")).toContain("mean absolute error 0.");
  });
});

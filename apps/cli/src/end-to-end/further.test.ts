// Training that begins with a trained model: pre-training goes on with it on other images, fine-tuning keeps the head of the same classes.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readSafetensors, toFloat32 } from "@beitjs/tensor-core/safetensors";
import { loadCheckpoint } from "@beitjs/trainers/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { labels, writeModels } from "../testing/random-models.ts";
import { cli, makeFolder, writePngs, type CliRun } from "../testing/run-cli.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let models: Awaited<ReturnType<typeof writeModels>>;
const at = (...names: string[]) => join(folder.path, ...names);
// A rate of 0: the weights in the end are those of the beginning.
const still = ["epochs=1", "batchSize=6", "microBatches=1", "learningRate.peak=0", "learningRate.minimum=0"];
const common = ["--backend", "simd", "--threads", "1", "--eval-every", "never", "--set", ...still];

beforeAll(async () => {
  folder = await makeFolder();
  models = await writeModels(at("models"));
  await writePngs(at("same"), ["dark left", 'dark "top"', "neither"], 4);
  await writePngs(at("other"), ["cat", "dog", "bird"], 4);
});
afterAll(() => folder.remove());

const finetune = (data: string, from: string, out: string, ...more: string[]): Promise<CliRun> =>
  cli([
    "finetune",
    "--data",
    at(data),
    "--from",
    from,
    "--recipe",
    "fine-tune-small",
    "--out",
    at(out),
    ...common,
    ...more,
  ]);
const pretrain = (from: string, out: string, ...more: string[]): Promise<CliRun> =>
  cli(
    [
      "pretrain",
      "--data",
      at("other"),
      "--tokenizer",
      models.tokenizer,
      "--from",
      from,
      "--recipe",
      "pretrain-small",
    ].concat(["--out", at(out)], common, more),
  );
const trained = async (out: string) => {
  const { tensors } = await loadCheckpoint(at(out));
  return (path: string) => toFloat32(tensors.get(path) as never);
};
const given = async (file: string) => {
  const { tensors } = readSafetensors(new Uint8Array(await readFile(file)));
  return (path: string) => toFloat32(tensors.get(path) as never);
};

describe("finetune --from a classifier", () => {
  it("keeps the head where the classes are the same, row by row by their names", async () => {
    const run = await finetune("same", models.huggingFace, "kept", "--json");
    expect(run).toMatchObject({ code: 0 });
    expect(run.stderr).toContain(
      "head: kept, as the model's 3 classes are those of the images; its rows take their order",
    );
    expect(run.events.find(({ event }) => event === "head")).toMatchObject({ kept: true, labels });
    const [own, theirs] = [await trained("kept"), await given(models.ours)];
    // Folders are sorted: the second name of the model's comes first.
    const row = (of: Float32Array, at: number) => of.slice(at * 16, at * 16 + 16);
    const [mine, before] = [own("classHead.weight"), theirs("classHead.weight")];
    expect([0, 1, 2].map((at) => row(mine, at))).toEqual([1, 0, 2].map((at) => row(before, at)));
    const bias = theirs("classHead.bias");
    expect([...own("classHead.bias")]).toEqual([bias[1], bias[0], bias[2]]);
    expect(own("blocks.1.mlp.expand.weight")).toEqual(theirs("blocks.1.mlp.expand.weight"));
  });

  it("takes a new head for other classes, though they are as many", async () => {
    const run = await finetune("other", models.huggingFace, "new");
    expect(run).toMatchObject({ code: 0 });
    expect(run.stderr).toMatch(
      /head: new, as the model's 3 classes \(dark left.*\) are not the 3 of the images \(bird, cat, dog\)/,
    );
    const [own, theirs] = [await trained("new"), await given(models.ours)];
    expect(own("classHead.weight")).not.toEqual(theirs("classHead.weight"));
    expect(own("classHead.bias")).toEqual(new Float32Array(3));
  });

  it("keeps a head of as many classes without names as it is, which is told", async () => {
    const run = await finetune("other", models.official, "unnamed");
    expect(run).toMatchObject({ code: 0 });
    expect(run.stderr).toContain("head: kept, its 3 classes by their order, as the model has no names for them");
    expect((await trained("unnamed"))("classHead.bias")).toEqual((await given(models.ours))("classHead.bias"));
  });

  it("goes on with a run of its own kind", async () => {
    const run = await finetune("other", at("new"), "again");
    expect(run).toMatchObject({ code: 0 });
    expect(run.stderr).toMatch(/head: kept, as the model's 3 classes are those of the images\n/);
    expect((await trained("again"))("classHead.weight")).toEqual((await trained("new"))("classHead.weight"));
  });
});

describe("pretrain --from", () => {
  it("keeps encoder and head of a pre-trained model", async () => {
    const run = await pretrain(models.pretrained, "further");
    expect(run).toMatchObject({ code: 0 });
    expect(run.stderr).toContain("head: kept, as it is for as many as the tokenizer's 16 visual tokens");
    const { tensors, manifest } = await loadCheckpoint(at("further"));
    const before = readSafetensors(new Uint8Array(await readFile(models.pretrained))).tensors;
    expect([...tensors.keys()].sort()).toEqual([...before.keys()].sort());
    for (const [path, one] of before) expect(toFloat32(tensors.get(path) as never)).toEqual(toFloat32(one));
    expect(manifest).toMatchObject({ model: { width: 16 }, recipe: { views: { mean: [0.4, 0.5, 0.6] } } });
    expect(manifest.run?.["identity"]).toHaveProperty("startWeights");
    const other = await cli(
      [
        "pretrain",
        "--data",
        at("other"),
        "--tokenizer",
        models.tokenizer,
        "--recipe",
        at("further", "recipe.yaml"),
      ].concat(["--out", at("further")]),
    );
    expect(other).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("startWeights is undefined here") as string,
    });
  });

  it("gives a classifier a head for tokens", async () => {
    const run = await pretrain(models.huggingFace, "adapted");
    expect(run).toMatchObject({ code: 0 });
    expect(run.stderr).toContain("head: new, for the tokenizer's 16 visual tokens, as the model has none");
    const [own, theirs] = [await trained("adapted"), await given(models.ours)];
    for (const path of ["classToken", "blocks.0.attention.qkv.weight", "blocks.1.attention.relativePositionBias"])
      expect(own(path)).toEqual(theirs(path));
    expect(own("visualTokenHead.weight")).toHaveLength(16 * 16);
    expect((await loadCheckpoint(at("adapted"))).manifest.model).toMatchObject({ classes: 0, vocabSize: 16 });
  });
});

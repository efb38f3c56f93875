// Where a value that is not finite began: planted in a parameter, in the forward pass and in the backward pass, and found by name.
import { afterAll, describe, expect, it } from "vitest";
import { initBeit, type Beit } from "@beitjs/beit-encoder";
import { disposeTree, leaves, type Backend, type Tensor } from "@beitjs/tensor-core";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { batchAt, batchImages, firstNonFinite, replayStep } from "./replay.ts";
import { fineTune } from "./stages/fine-tune.ts";
import { checkpointInfo } from "./run.ts";
import { decodeCheckpoint, encodeCheckpoint, type CheckpointFiles } from "./checkpoint.ts";
import type { Dataset } from "./data/index.ts";
import type { FineTuneRecipe } from "./recipes/recipe.ts";
import { tinyFineTune, tinyImages, tinyPretrain } from "./testing.ts";

const simd = await createSimdBackend({ threads: 1 });
const reference = createReferenceBackend();
afterAll(() => simd.dispose());
const images = tinyImages();
// The peak at once, so that the step that is looked at is one.
const recipe = { ...tinyFineTune, learningRate: { ...tinyFineTune.learningRate, warmup: { steps: 1 } } };

function planted(backend: Backend, path: string, value: number): Beit {
  const beit = initBeit(tinyPretrain.model, createRng(4), backend, { std: 0.1 });
  const [, leaf] = leaves<Tensor>(beit.params).find(([one]) => one === path) ?? [];
  if (!leaf) throw new Error(`no ${path}`);
  const values = Float32Array.from(leaf.readSync());
  values[5] = value;
  backend.write(leaf.storage.handle, values);
  return beit;
}

describe.each([
  ["simd", simd],
  ["reference", reference],
] as const)("on %s", (_, backend) => {
  const replay = async (path: string, value: number, microBatches = 1) => {
    const from = planted(backend, path, value);
    const given = { ...recipe, microBatches };
    const replayed = await replayStep(fineTune({ recipe: given, images, backend, from }), { backend, recipe: given });
    disposeTree(from.params);
    return { ...replayed, first: replayed.tensors[firstNonFinite(replayed.tensors)] };
  };

  it("a parameter", async () => {
    const { first, error } = await replay("blocks.1.mlp.expand.weight", NaN);
    expect(first).toMatchObject({ pass: "parameters", name: "blocks.1.mlp.expand.weight", nan: 1, infinite: 0 });
    expect(error?.tensors).toContain("parameter blocks.1.mlp.expand.weight");
  });

  // The reference computes in double precision.
  it.runIf(backend === simd)("a product, by the layer it is of, with what came before", async () => {
    const { first, tensors } = await replay("blocks.1.attention.qkv.weight", 3e38, 2);
    expect(first).toMatchObject({ pass: "forward", name: "Linear.y of blocks.1.attention.qkv" });
    const before = tensors.slice(0, tensors.indexOf(first));
    expect(before.some(({ name }) => name.includes("of blocks.0.norm1"))).toBe(true);
    expect(
      before.every(({ nan, infinite, min, max }) => nan + infinite === 0 && min !== undefined && max !== undefined),
    ).toBe(true);
    expect(before.find(({ name }) => name === "blocks.1.attention.qkv.weight")?.max).toBeCloseTo(3e38, -33);
    expect(new Set(tensors.map(({ number }) => number))).toEqual(new Set([0, 1]));
  });

  it("nowhere in a step that is well, whose bits are those of a step nobody looked at", async () => {
    const live = backend.memory().tensors;
    const { error, first, tensors } = await replay("blocks.1.mlp.expand.weight", 0.1);
    expect([error, first]).toEqual([undefined, undefined]);
    expect(tensors.filter(({ pass }) => pass === "backward").length).toBeGreaterThan(20);
    expect(backend.memory().tensors).toBe(live);
    expect(backend.observer).toBeUndefined();
    const loss = async (watched: boolean) => {
      const from = planted(backend, "blocks.1.mlp.expand.weight", 0.1);
      backend.observer = watched ? { pass: () => () => {}, computed: () => () => {} } : undefined;
      const steps = fineTune({ recipe, images, backend, from });
      const { value } = await steps.next();
      backend.observer = undefined;
      await steps.return();
      if (!value) throw new Error("no report");
      const bits = leaves<Tensor>(value.state.params).map(([, leaf]) => leaf.readSync());
      disposeTree([from.params, ...value.state.trees.map(({ tree }) => tree)]);
      return { bits, loss: value.loss };
    };
    expect(await loss(true)).toEqual(await loss(false));
  });
});

it("a batch has the images that the step reads, and no others", async () => {
  const read: number[] = [];
  const get = async (index: number) => {
    read.push(index);
    return images.get(index);
  };
  const batch = await batchAt(recipe, { ...images, get }, 4);
  expect(batch.labels).toEqual(Array.from({ length: images.length }, (_, index) => images.label(index)));
  expect(read).toHaveLength(recipe.batchSize);
  const own = batchImages(batch);
  expect([own.length, own.classes]).toEqual([images.length, images.classes]);
  for (const index of read) expect(await own.get(index)).toMatchObject(await images.get(index));
  const other = [...Array(images.length).keys()].find((index) => !read.includes(index)) as number;
  await expect(own.get(other)).rejects.toThrow("[batchImages] expected an image of the batch");
});

describe("what hangs on the labels of all images is made again from a batch", () => {
  // Every sixth is of the rare class; with several labels it has that beside its own.
  const rare = (index: number) => index % 6 === 0;
  const uneven: Dataset = { ...images, label: (index) => (rare(index) ? 1 : 0) };
  uneven.get = async (index) => ({ ...(await images.get(index)), label: uneven.label(index) as number });
  const labelsOf = (index: number) => [index % 2, ...(rare(index) && index % 2 === 0 ? [1] : [])];
  const several: Dataset = { ...images, label: () => undefined, labels: labelsOf };
  several.get = async (index) => {
    const { image, name } = await images.get(index);
    return { image, name, labels: labelsOf(index) };
  };

  const lossesOf = async (one: FineTuneRecipe, data: Dataset, resume?: CheckpointFiles) => {
    const found = resume && { resume: await decodeCheckpoint(resume) };
    const losses: number[] = [];
    let state: CheckpointFiles | undefined;
    for await (const report of fineTune({ recipe: one, images: data, backend: simd, ...found })) {
      losses.push(report.loss);
      if (report.step === 3)
        state = await encodeCheckpoint(
          report.state,
          checkpointInfo(report, { recipe: one, model: report.beit.config }),
        );
      if (!report.ends && !resume) continue;
      disposeTree(report.state.trees.map(({ tree }) => tree));
      break;
    }
    return { losses, state };
  };

  it.each([
    ["several labels an image", { labels: "multi" }, several],
    ["several labels with weights of classes", { labels: "multi", classWeights: "inverse-frequency" }, several],
    ["weights of classes", { classWeights: "inverse-frequency" }, uneven],
    ["balanced sampling", { sampling: "balanced" }, uneven],
  ] as const)("%s", async (_, change, data) => {
    const one: FineTuneRecipe = { ...recipe, ...change };
    const { losses, state } = await lossesOf(one, data);
    const plain = await lossesOf({ ...one, classWeights: "equal", sampling: "uniform" }, data);
    const changed = "classWeights" in change || "sampling" in change;
    expect(losses[3] === plain.losses[3]).toBe(!changed);
    const { examples, ...facts } = await batchAt(one, data, 3);
    const stored = { ...(JSON.parse(JSON.stringify(facts)) as typeof facts), examples };
    expect((await lossesOf(one, batchImages(stored), state)).losses).toEqual([losses[3]]);
  });
});

// What files leave open or have besides: heads that nobody says, averaged weights beside raw ones, layers of training alone.
import { describe, expect, it } from "vitest";
import { bytesSource, type FileSource } from "@beitjs/tensor-core/files";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { fromFloat32, toFloat32, writeSafetensors, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import {
  beitToOfficial,
  beitVariants,
  initBeit,
  initBeitClassifier,
  openBeit,
  plainTransformer,
  readBeitFiles,
  readParameters,
  type Beit,
  type BeitConfig,
} from "../index.ts";

const backend = createReferenceBackend();
const tiny: BeitConfig = {
  ...beitVariants.tiny,
  imageSize: 16,
  patchSize: 8,
  width: 6,
  depth: 1,
  heads: 2,
  vocabSize: 5,
};
const pretrained = initBeit(tiny, createRng(1), backend);
const classified: BeitConfig = { ...tiny, vocabSize: 0, classes: 3, relativePositions: "per-layer" };
const classifier = initBeitClassifier(classified, createRng(2), backend);

async function officialOf(beit: Beit): Promise<Map<string, SafeTensor>> {
  return new Map([...(await beitToOfficial(beit))].map(([name, { data, shape }]) => [name, fromFloat32(data, shape)]));
}

function fileOf(tensors: ReadonlyMap<string, SafeTensor>): FileSource {
  return bytesSource(writeSafetensors(tensors), "weights.safetensors");
}

function prefixed(tensors: ReadonlyMap<string, SafeTensor>, prefix: string): [string, SafeTensor][] {
  return [...tensors].map(([name, value]) => [prefix + name, value]);
}

function jsonSource(name: string, json: unknown): FileSource {
  return bytesSource(new TextEncoder().encode(JSON.stringify(json)), name);
}

describe("the number of heads", () => {
  const plain: BeitConfig = { ...tiny, ...plainTransformer, width: 128, heads: 4 };

  it("is guessed, and said to be, where neither tables nor the caller tell their number", async () => {
    const official = await officialOf(initBeit(plain, createRng(3), backend));
    const guessed = await readBeitFiles(fileOf(official));
    expect([guessed.config.heads, guessed.guessed]).toEqual([2, ["heads"]]);
    const said = await readBeitFiles(fileOf(official), { config: { heads: 4 } });
    expect([said.config.heads, said.guessed]).toEqual([4, []]);
    expect((await readBeitFiles(fileOf(await officialOf(pretrained)))).guessed).toEqual([]);
    const json = { architecture: "beit_base_patch16_224", model_args: { num_heads: 4 } };
    const written = await readBeitFiles([fileOf(official), jsonSource("config.json", json)]);
    expect([written.config.heads, written.guessed, written.origin]).toEqual([4, [], "timm"]);
    const narrow = await officialOf(initBeit({ ...plain, width: 24, heads: 3 }, createRng(3), backend));
    await expect(readBeitFiles(fileOf(narrow))).rejects.toThrow(
      "[openBeit] expected heads of width 64, got a width of 24; pass config.heads (--heads)",
    );
  });
});

it("says that timm's SwiGLU is not here", async () => {
  const official = [...(await officialOf(classifier))];
  const tensors = new Map(official.map(([name, one]) => [name.replace("mlp.fc1.", "mlp.fc1_g."), one]));
  await expect(openBeit(fileOf(tensors), backend)).rejects.toThrow("got timm's SwiGLU (swiglu_mlp)");
});

describe("a checkpoint with averaged weights beside the raw ones", () => {
  const raised = (tensors: ReadonlyMap<string, SafeTensor>) =>
    [...tensors].map(([name, one]): [string, SafeTensor] => {
      return [
        name,
        fromFloat32(
          toFloat32(one).map((value) => value + 1),
          one.shape,
        ),
      ];
    });
  const gammaOf = async (names: { raw: string; average: string }, options = {}, beit = classifier) => {
    const average = await officialOf(beit);
    const raw = new Map(raised(average));
    const tensors = new Map([...prefixed(raw, names.raw), ...prefixed(average, names.average)]);
    const opened = await openBeit(fileOf(tensors), backend, options);
    const gamma = opened.beit.params.blocks[0].norm1.gamma.readSync()[0];
    return [opened.origin, opened.weights, gamma === 1 ? "average" : "raw"];
  };
  const timmNames = { raw: "state_dict.", average: "state_dict_ema." };

  it("takes those that the origin's loader takes, and says so", async () => {
    expect(await gammaOf(timmNames)).toEqual(["timm", "average", "average"]);
    expect(await gammaOf({ raw: "model.", average: "model_ema." })).toEqual(["timm", "average", "average"]);
    const unilmNames = { raw: "model.", average: "model_ema." };
    expect(await gammaOf(unilmNames, {}, pretrained)).toEqual(["unilm", "raw", "raw"]);
  });

  it("takes those it is told to", async () => {
    expect(await gammaOf(timmNames, { weights: "raw" })).toEqual(["timm", "raw", "raw"]);
    const unilmNames = { raw: "model.", average: "model_ema." };
    expect(await gammaOf(unilmNames, { weights: "average" }, pretrained)).toEqual(["unilm", "average", "average"]);
  });

  it("tells them apart where the average stands among the raw ones", async () => {
    const names = { raw: "", average: "model_ema." };
    expect(await gammaOf(names, { weights: "raw" })).toEqual(["timm", "raw", "raw"]);
    expect(await gammaOf(names)).toEqual(["timm", "average", "average"]);
  });

  it("refuses to take what is not there, and says nothing where there is no choice", async () => {
    const official = await officialOf(pretrained);
    await expect(openBeit(fileOf(new Map(official)), backend, { weights: "average" })).rejects.toThrow(
      "[openBeit] expected averaged weights, got only raw ones at the top; leave `weights` (--weights) away",
    );
    const averaged = fileOf(new Map(prefixed(official, "model_ema.")));
    await expect(openBeit(averaged, backend, { weights: "raw" })).rejects.toThrow(
      "[openBeit] expected raw weights, got only averaged ones under model_ema; leave `weights` (--weights) away",
    );
    expect(await readBeitFiles(averaged)).not.toHaveProperty("weights");
  });
});

it("opens what BEiT v2 pre-trained, and leaves the layers aside that only its training has", async () => {
  const official = await officialOf(pretrained);
  const own = [
    "cls_pt_layers.0.attn.qkv.weight",
    "cls_pt_layers.1.gamma_1",
    "cls_pt_norm.bias",
    "cls_pt_lm_head.weight",
  ];
  const tensors = new Map([
    ...official,
    ...own.map((name) => [name, official.get("cls_token")] as [string, SafeTensor]),
  ]);
  const { beit, unused } = await openBeit(fileOf(tensors), backend);
  expect([...unused].sort()).toEqual([...own].sort());
  expect(await readParameters(beit)).toEqual(await readParameters(pretrained));
});

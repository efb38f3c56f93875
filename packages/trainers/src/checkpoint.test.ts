// The trees of a state are a list: what is on it is saved, hashed and restored, and the files of what has always been there
// keep their bytes.
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fillTree, leaves, mapTree, tensor, zeros, type Backend, type Tensor } from "@beitjs/tensor-core";
import { meanSquaredError } from "@beitjs/tensor-core/ops";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { createSimdBackend, type SimdBackend } from "@beitjs/tensor-core/simd";
import { readSafetensors } from "@beitjs/tensor-core/safetensors";
import { decodeCheckpoint, encodeCheckpoint, restoreState, type CheckpointInfo } from "./checkpoint.ts";
import { loadCheckpoint, saveCheckpoint } from "./node/checkpoint-store.ts";
import { adamWDefaults } from "./optimizer/adamw.ts";
import { fineTuneBase, pretrainTiny } from "./recipes/index.ts";
import { initTrainingState, update, type TrainingState } from "./update.ts";

type Params = { readonly layer: { readonly weight: Tensor; readonly bias: Tensor } };

const info = { stage: "pretrain", model: { width: 3 }, recipe: { seed: 7 }, position: { epoch: 0, batch: 2 } } as const;
const options = { learningRate: 0.1, adamW: adamWDefaults, rateScales: [1, 1], decayScales: [1, 0] };

let simd: SimdBackend;
let run: string;
beforeAll(async () => {
  simd = await createSimdBackend({ threads: 1 });
  run = await mkdtemp(join(tmpdir(), "beitjs-trees-"));
});
afterAll(async () => {
  simd.dispose();
  await rm(run, { recursive: true, force: true });
});

function fresh(backend: Backend = simd): TrainingState<Params> {
  const values = (count: number) => Array.from({ length: count }, (_, i) => 1 + i / 8);
  return initTrainingState({
    layer: { weight: tensor(values(6), [2, 3], backend), bias: tensor(values(3), [3], backend) },
  });
}

async function step(state: TrainingState<Params>): Promise<void> {
  const objective = ({ layer: { bias } }: Params) => ({ loss: meanSquaredError(bias, zeros([3], bias.backend)) });
  await update(state, [{ share: 1, objective }], options);
}

// An exponential average of the parameters in a tree of its own.
function averaged(state: TrainingState<Params>) {
  const average = mapTree<Tensor, Tensor, Params>(state.params, (leaf) => zeros(leaf.shape, leaf.backend));
  const follow = (): void => {
    const latest = new Map(leaves<Tensor>(state.params));
    const values = leaves<Tensor>(average).map(([path, leaf]) => {
      const now = (latest.get(path) as Tensor).readSync();
      const values = Float32Array.from(leaf.readSync(), (value, i) => 0.9 * value + 0.1 * now[i]);
      return [path, { dtype: "F32", shape: [...leaf.shape], data: new Uint8Array(values.buffer) }] as const;
    });
    fillTree(average, new Map(values), { user: "average" });
  };
  return { state: { ...state, trees: [...state.trees, { name: "average", tree: average }] }, average, follow };
}

const bits = (tree: unknown) => leaves<Tensor>(tree).map(([path, leaf]) => [path, leaf.readSync()]);

describe("trees of a state", () => {
  it("are a file each: one more on the list is saved and comes back, bit for bit", async () => {
    const { state, average, follow } = averaged(fresh());
    for (let i = 0; i < 2; i++) {
      await step(state);
      follow();
    }
    const path = await saveCheckpoint(run, state, { ...info, step: state.step });
    expect(await readdir(path)).toContain("average.safetensors");
    const loaded = await loadCheckpoint(run);
    expect(Object.keys(loaded.manifest.files)).toEqual([
      "model.safetensors",
      "optimizer.safetensors",
      "average.safetensors",
    ]);

    const again = averaged(fresh());
    restoreState(again.state, loaded);
    expect(again.state.step).toBe(2);
    for (const [i, { tree }] of again.state.trees.entries()) expect(bits(tree)).toEqual(bits(state.trees[i].tree));
    expect(bits(again.average)).not.toEqual(bits(state.params));

    // Both go on as one.
    for (const one of [state, again.state]) await step(one);
    follow();
    again.follow();
    expect(bits(again.average)).toEqual(bits(average));
    expect(bits(again.state.optimizer.firstMoments)).toEqual(bits(state.optimizer.firstMoments));
  });

  it("that a checkpoint lacks are named before anything is changed; what it has beside them is left aside", async () => {
    const state = fresh();
    await step(state);
    const plain = await decodeCheckpoint(await encodeCheckpoint(state, { ...info, step: 1 }));
    const other = averaged(fresh()).state;
    expect(() => restoreState(other, plain)).toThrow(
      "[loadCheckpoint] expected average.safetensors to go on training, got a checkpoint of model.safetensors, optimizer.safetensors only",
    );
    expect(bits(other.params)).toEqual(bits(fresh().params));
    expect(other.step).toBe(0);

    const more = await decodeCheckpoint(await encodeCheckpoint(averaged(state).state, { ...info, step: 1 }));
    const back = fresh();
    restoreState(back, more);
    expect(bits(back.params)).toEqual(bits(state.params));
  });

  it("are not looked for where the manifest is none of ours", async () => {
    const files = await encodeCheckpoint(fresh(createReferenceBackend()), { ...info, step: 0 });
    const whole = JSON.parse(new TextDecoder().decode(files.get("manifest.json"))) as Record<string, unknown>;
    const refusal = async (change: object): Promise<string> => {
      const manifest = new TextEncoder().encode(JSON.stringify({ ...whole, ...change }));
      const error: unknown = await decodeCheckpoint(new Map([...files, ["manifest.json", manifest]])).catch(
        (one: unknown) => one,
      );
      const { message } = error as Error;
      expect(message.length).toBeLessThan(4000);
      return message;
    };
    const long = "x".repeat(1e6);
    const model = { bytes: 252, sha256: "0".repeat(64) };
    expect(await refusal({ format: long })).toContain("expected format beitjs-checkpoint, got xxx");
    expect(await refusal({ version: long })).toContain("expected version 1, got xxx");
    for (const field of ["model", "recipe"]) {
      for (const value of [null, undefined, 1, long, []]) {
        expect(await refusal({ [field]: value })).toContain(`expected manifest.json with a ${field}`);
      }
    }
    for (const value of [null, 1, long, {}, { bytes: "1", sha256: model.sha256 }, { bytes: 1, sha256: long }]) {
      const message = await refusal({ files: { "model.safetensors": model, [long]: value } });
      expect(message).toContain("expected bytes and SHA-256 of xxx");
    }
    expect(await refusal({ files: { "model.safetensors": model } })).toContain(
      "expected model.safetensors with SHA-256 000",
    );
  });

  it("have the bytes they have always had", async () => {
    const state = fresh(createReferenceBackend()); // plain loops in float64: the same bytes on every machine
    await step(state);
    const { manifest } = await decodeCheckpoint(await encodeCheckpoint(state, { ...info, step: 1 }));
    expect(manifest.updates).toBe(1);
    expect(manifest.files).toEqual({
      "model.safetensors": {
        bytes: 252,
        sha256: "428e51054b3f8c760c4dc15f26ab597bc2c00b73861a28d60147686751fcaf2d",
      },
      "optimizer.safetensors": {
        bytes: 400,
        sha256: "a5e4403f7ee599ba410dcd2949792c1fc7e7d320ea45b092b39dde4d13e11846",
      },
    });
  });
});

describe("the metadata of model.safetensors", () => {
  const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

  it.each<[string, Pick<CheckpointInfo, "stage" | "recipe">, object | undefined]>([
    ["as it always was", { stage: "fine-tune", recipe: fineTuneBase }, undefined],
    ["as it always was", { stage: "pretrain", recipe: pretrainTiny }, undefined],
    [
      "mean and std of fine-tuning",
      {
        stage: "fine-tune",
        recipe: { ...fineTuneBase, evalView: { ...fineTuneBase.evalView, normalization: imagenet } },
      },
      imagenet,
    ],
    [
      "those of a view with a name",
      {
        stage: "fine-tune",
        recipe: { ...fineTuneBase, evalView: { ...fineTuneBase.evalView, normalization: "unit" } },
      },
      { mean: [0, 0, 0], std: [1, 1, 1] },
    ],
    [
      "mean and std of pre-training",
      { stage: "pretrain", recipe: { ...pretrainTiny, views: { ...pretrainTiny.views, ...imagenet } } },
      imagenet,
    ],
    // A tokenizer's pixels are not scaled by it.
    [
      "none of a tokenizer",
      { stage: "tokenizer", recipe: { ...pretrainTiny, views: { ...pretrainTiny.views, ...imagenet } } },
      undefined,
    ],
  ])("has %s", async (_, { stage, recipe }, expected) => {
    const files = await encodeCheckpoint(fresh(), { ...info, stage, recipe, step: 0 });
    const { metadata } = readSafetensors(files.get("model.safetensors") as Uint8Array);
    const noted = metadata["beitjs.normalization"] as string | undefined;
    expect(noted === undefined ? undefined : JSON.parse(noted)).toEqual(expected);
    expect(metadata["beitjs.stage"]).toBe(stage);
  });
});

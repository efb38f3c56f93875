import { mkdtemp, mkdir, readFile, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tensor, type Tensor } from "@beitjs/tensor-core";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { toFloat32 } from "@beitjs/tensor-core/safetensors";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { initTrainingState, type TrainingState } from "../update.ts";
import { diskStorage, type CheckpointStorage } from "./checkpoint-files.ts";
import { bestCheckpoint } from "./best-checkpoint.ts";
import { cleanCheckpoints, listCheckpoints, loadCheckpoint, saveCheckpoint } from "./checkpoint-store.ts";

type Params = { readonly layer: { readonly weight: Tensor; readonly bias: Tensor } };

let run: string;
beforeEach(async () => void (run = await mkdtemp(join(tmpdir(), "beitjs-store-"))));
afterEach(() => rm(run, { recursive: true, force: true }));

function stateAt(step: number): TrainingState<Params> {
  const backend = createReferenceBackend();
  const values = (count: number) => Array.from({ length: count }, (_, i) => step + i / 8);
  const params = { layer: { weight: tensor(values(6), [2, 3], backend), bias: tensor(values(2), [2], backend) } };
  return Object.assign(initTrainingState<Params>(params), { step });
}

const infoAt = (step: number) =>
  ({ stage: "pretrain", model: { width: 3 }, recipe: { seed: 7 }, step, position: { epoch: 0, batch: step } }) as const;

const save = (step: number, options = {}) => saveCheckpoint(run, stateAt(step), infoAt(step), options);

async function stepsOf(path: string): Promise<number[]> {
  return (await listCheckpoints(path)).map(({ step }) => step);
}

async function expectStep(step: number): Promise<void> {
  const loaded = await loadCheckpoint(run);
  expect(loaded.manifest.step).toBe(step);
  const weight = loaded.tensors.get("layer.weight");
  expect(weight && [...toFloat32(weight)]).toEqual([0, 1, 2, 3, 4, 5].map((i) => step + i / 8));
}

describe("saveCheckpoint", () => {
  it("writes a folder that loadCheckpoint reads back, by its own path and by the run's", async () => {
    const path = await save(500);
    expect(path).toBe(join(run, "checkpoints", "step-000500"));
    expect((await readdir(path)).sort()).toEqual([
      "manifest.json",
      "manifest.sha256",
      "model.safetensors",
      "optimizer.safetensors",
    ]);
    await expectStep(500);
    expect((await loadCheckpoint(path)).manifest.recipe).toEqual({ seed: 7 });
  });

  it("keeps the newest two, or as many as asked for", async () => {
    for (const step of [1, 2, 3]) await save(step);
    expect(await stepsOf(run)).toEqual([3, 2]);
    await save(4, { keep: 1 });
    expect(await stepsOf(run)).toEqual([4]);
  });

  it("sorts by number beyond six digits", async () => {
    for (const step of [999_999, 1_000_000]) await save(step);
    await expectStep(1_000_000);
  });

  it("removes checkpoints of later steps: they belong to a past that was left", async () => {
    for (const step of [10, 20]) await save(step);
    await save(15);
    expect(await stepsOf(run)).toEqual([15, 10]);
  });

  it("replaces a checkpoint of the same step", async () => {
    await save(5);
    await writeFile(join(run, "checkpoints/step-000005/model.safetensors"), "damaged");
    await save(5);
    await expectStep(5);
    expect(await readdir(join(run, "checkpoints"))).toEqual(["step-000005"]);
  });

  it("cleans what interrupted writes have left, and puts back what was moved aside", async () => {
    await save(1);
    const folder = join(run, "checkpoints");
    await mkdir(join(folder, "step-000002.partial"));
    await writeFile(join(folder, "step-000002.partial/model.safetensors"), "half");
    await diskStorage.rename(join(folder, "step-000001"), join(folder, "step-000001.replaced"));
    await expectStep(1);
    await cleanCheckpoints(run);
    expect(await readdir(folder)).toEqual(["step-000001"]);
    await expectStep(1);
  });

  it("keeps as many as there are when all are wanted", async () => {
    for (const step of [1, 2, 3, 4]) await save(step, { keep: Infinity });
    expect(await stepsOf(run)).toEqual([4, 3, 2, 1]);
  });

  it("refuses to keep none", async () => {
    await expect(save(1, { keep: 0 })).rejects.toThrow("[saveCheckpoint] expected keep of at least 1, got 0");
  });
});

describe("the best checkpoint", () => {
  const best = () => join(run, "checkpoints", "best");
  /** A save whose state says that its step is the best. */
  const saveBest = (step: number, options = {}) => {
    const validation = { metric: "loss", best: { step, value: step, values: { loss: step } }, sinceBest: 0 };
    return saveCheckpoint(run, { ...stateAt(step), validation }, infoAt(step), options);
  };

  it("is kept beside the last ones, whatever becomes of them, and is no last one", async () => {
    await saveBest(1, { best: true });
    for (const step of [2, 3, 4]) await save(step);
    expect(await stepsOf(run)).toEqual([4, 3]);
    expect(await bestCheckpoint(run)).toEqual({ path: best(), step: 1 });
    expect((await loadCheckpoint(best())).manifest).toMatchObject({ step: 1, validation: { metric: "loss" } });
    await expectStep(4);
    expect((await loadCheckpoint(join(run, "checkpoints", "last"))).manifest.step).toBe(4);
  });

  it("is replaced by a better one, and is found while that happens", async () => {
    await saveBest(1, { best: true });
    await diskStorage.rename(best(), `${best()}.replaced`);
    expect(await bestCheckpoint(run)).toEqual({ path: `${best()}.replaced`, step: 1 });
    await saveBest(2, { best: true });
    expect(await bestCheckpoint(run)).toEqual({ path: best(), step: 2 });
    expect((await readdir(join(run, "checkpoints"))).sort()).toEqual(["best", "step-000001", "step-000002"]);
  });

  it("of a later step goes with the past that was left", async () => {
    await save(1);
    await saveBest(3, { best: true });
    await save(2);
    expect(await bestCheckpoint(run)).toBeUndefined();
    expect(await stepsOf(run)).toEqual([2, 1]);
  });

  it("is made up for where a save ended before it", async () => {
    await saveBest(1, { best: true });
    await saveBest(2);
    expect((await bestCheckpoint(run))?.step).toBe(1);
    await cleanCheckpoints(run);
    expect((await bestCheckpoint(run))?.step).toBe(2);
    expect((await loadCheckpoint(best())).manifest.step).toBe(2);
  });

  it("is a copy where the disk has no second names", async () => {
    const path = await save(1);
    const from = join(path, "model.safetensors");
    // What is there already cannot be linked to, and not be written either: the error is of the write.
    await writeFile(join(run, "taken"), "x");
    await expect(diskStorage.link(from, join(run, "taken"))).rejects.toMatchObject({ syscall: "open" });
    await diskStorage.link(from, join(run, "second"));
    expect(await readFile(join(run, "second"))).toEqual(await readFile(from));
  });
});

// Every operation of a save fails once, as a full disk, a device error and a missing right do.
describe("a write that fails", () => {
  const codes = ["ENOSPC", "EIO", "EROFS", "EACCES"];

  function failing(at: number, code: string, dead = false): { storage: CheckpointStorage; failed: () => boolean } {
    let count = 0;
    const wrap = <Args extends unknown[], Result>(name: string, call: (...args: Args) => Promise<Result>) => {
      return async (...args: Args): Promise<Result> => {
        if (count++ === at || (dead && count > at)) {
          // A full disk leaves a part of the file behind.
          if (name === "writeFile" && count === at + 1)
            await call(args[0] as never, ...([(args[1] as Uint8Array).subarray(0, 3)] as never));
          throw Object.assign(new Error(`${code}: injected`), { code });
        }
        return call(...args);
      };
    };
    const wrapped = Object.fromEntries(
      Object.entries(diskStorage).map(([name, call]) => [
        name,
        wrap(name, call as (...args: never[]) => Promise<unknown>),
      ]),
    );
    return { storage: wrapped as unknown as CheckpointStorage, failed: () => count > at };
  }

  it.each(codes)("of %s leaves the checkpoint before loadable, whichever operation it hits", async (code) => {
    let at = 0;
    for (; ; at++) {
      await save(1);
      const { storage, failed } = failing(at, code);
      const saving = saveCheckpoint(run, stateAt(2), infoAt(2), { keep: 1, storage });
      if (
        !(await saving.then(
          () => !failed(),
          () => false,
        ))
      ) {
        await expect(saving).rejects.toThrow(
          /could not write .*step-000002: (no space|the device|the file system|no permission)/,
        );
        const [newest] = await stepsOf(run);
        await expectStep(newest);
        await save(3, { keep: 1 });
        expect(await readdir(join(run, "checkpoints"))).toEqual(["step-000003"]);
        await rm(run, { recursive: true });
      } else break;
    }
    expect(at).toBeGreaterThan(12);
  });

  it("and a process that ends there leave the checkpoint before, whichever operation is the last", async () => {
    await save(1);
    for (let at = 0; ; at++) {
      const { storage, failed } = failing(at, "EIO", true);
      await saveCheckpoint(run, stateAt(2 + at), infoAt(2 + at), { keep: 1, storage }).catch(() => {});
      const [newest] = await stepsOf(run);
      await expectStep(newest);
      if (!failed()) break;
    }
    expect(await readdir(join(run, "checkpoints"))).toHaveLength(1);
  });

  it("in the midst of a removal leaves no half of a checkpoint under its name, and the next start takes the rest away", async () => {
    const dying: CheckpointStorage = {
      ...diskStorage,
      async remove(path) {
        if ((await diskStorage.list(path)).includes("manifest.json")) {
          await diskStorage.remove(join(path, "model.safetensors"));
          throw Object.assign(new Error("killed"), { code: "EIO" });
        }
        await diskStorage.remove(path);
      },
    };
    for (const [step, prune] of [
      [2, () => save(2, { keep: 1, storage: dying })], // an older one
      [3, () => save(1, { keep: 1, storage: dying })], // one of a past that was left
      [3, () => save(3, { storage: dying })], // the one that was replaced
    ] as const) {
      await save(step === 2 ? 1 : step, { best: true });
      await prune().catch(() => {});
      for (const { path } of await listCheckpoints(run)) await loadCheckpoint(path);
      const best = await bestCheckpoint(run);
      if (best) await loadCheckpoint(best.path);
      await cleanCheckpoints(run);
      const names = await readdir(join(run, "checkpoints"));
      expect(names.filter((name) => !/^(step-\d{6}|best)$/.test(name))).toEqual([]);
      await rm(run, { recursive: true });
    }
  });

  it("of a best checkpoint leaves the one before or the new one, and the next start has it", async () => {
    const validation = { metric: "loss", best: { step: 2, value: 1, values: { loss: 1 } }, sinceBest: 0 };
    for (let at = 0; ; at++) {
      await save(1, { best: true });
      const { storage, failed } = failing(at, "EIO", true);
      await saveCheckpoint(run, { ...stateAt(2), validation }, infoAt(2), { best: true, storage }).catch(() => {});
      const { step, path } = (await bestCheckpoint(run)) ?? {};
      expect([1, 2]).toContain(step);
      expect((await loadCheckpoint(path as string)).manifest.step).toBe(step);
      const [newest] = await stepsOf(run);
      await cleanCheckpoints(run);
      expect((await bestCheckpoint(run))?.step).toBe(newest);
      if (!failed()) break;
      await rm(run, { recursive: true });
    }
  });

  it("while a checkpoint of the same step is replaced leaves one of the two", async () => {
    await save(1);
    for (let at = 0; ; at++) {
      const { storage, failed } = failing(at, "EIO");
      await saveCheckpoint(run, stateAt(1), infoAt(1), { storage }).catch(() => {});
      await expectStep(1);
      if (!failed()) break;
    }
  });
});

describe("damage", () => {
  const names = ["model.safetensors", "optimizer.safetensors", "manifest.json", "manifest.sha256"];

  async function expectFallback(reason: RegExp): Promise<void> {
    const loaded = await loadCheckpoint(run);
    expect(loaded.manifest.step).toBe(1);
    expect(loaded.skipped).toHaveLength(1);
    expect(loaded.skipped[0].path).toBe(join(run, "checkpoints", "step-000002"));
    expect(loaded.skipped[0].reason).toMatch(reason);
  }

  it.each(names)("of any byte of %s is found, and the checkpoint before is used", async (name) => {
    await save(1);
    const path = join(await save(2), name);
    const good = await readFile(path);
    const hashLength = name === "manifest.sha256" ? 64 : good.length; // what follows the hash is for sha256sum
    for (let at = 0; at < hashLength; at += Math.max(1, Math.floor(good.length / 12))) {
      const bad = Buffer.from(good);
      bad[at] ^= 1 << (at % 8);
      await writeFile(path, bad);
      await expectFallback(/SHA-256/);
    }
    await expect(loadCheckpoint(join(run, "checkpoints/step-000002"))).rejects.toThrow(
      /step-000002 is damaged: .*SHA-256/,
    );
    await writeFile(path, good);
    await expectStep(2);
  });

  it.each(names)("by truncation of %s is found", async (name) => {
    await save(1);
    const path = join(await save(2), name);
    const { length } = await readFile(path);
    for (const size of [length - (name === "manifest.sha256" ? 20 : 1), Math.floor(length / 2), 1, 0]) {
      await truncate(path, size);
      await expectFallback(/SHA-256|bytes/);
    }
    await rm(path);
    if (name !== "manifest.json") await expectFallback(new RegExp(`expected ${name.replace(".", "\\.")}, got none`));
  });

  it("of all checkpoints is told for each", async () => {
    for (const step of [1, 2]) await writeFile(join(await save(step), "model.safetensors"), "x");
    await expect(loadCheckpoint(run)).rejects.toThrow(/only damaged ones: .*step-000002: .*; .*step-000001: /);
  });
});

describe("what is no checkpoint of ours", () => {
  async function rewrite(path: string, change: object): Promise<void> {
    const manifest = join(path, "manifest.json");
    const changed = { ...(JSON.parse(await readFile(manifest, "utf8")) as object), ...change };
    await writeFile(manifest, JSON.stringify(changed));
    await rm(join(path, "manifest.sha256"));
  }

  it("is refused: a folder without one, a file, a foreign manifest", async () => {
    await expect(loadCheckpoint(run)).rejects.toThrow("without manifest.json and without checkpoints/step-*");
    await writeFile(join(run, "weights.bin"), "x");
    await expect(loadCheckpoint(join(run, "weights.bin"))).rejects.toThrow("expected a checkpoint or a run folder");
    await writeFile(join(run, "manifest.json"), '{"name":"an app"}');
    await expect(loadCheckpoint(run)).rejects.toThrow(`expected ${run} of format beitjs-checkpoint, got another`);
  });

  it("is refused, not skipped, when it is of another version", async () => {
    await save(1);
    await rewrite(await save(2), { version: 2 });
    await expect(loadCheckpoint(run)).rejects.toThrow(
      /step-000002 of version 1, got 2: it was written by another version/,
    );
  });
});

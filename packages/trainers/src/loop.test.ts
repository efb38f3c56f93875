// What the loop owes every stage: pieces made ahead are freed on every way out, and what fails while they are made is told
// when its step's turn comes.
import { afterAll, describe, expect, it } from "vitest";
import { disposeTree, tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { meanSquaredError } from "@beitjs/tensor-core/ops";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import type { DecodedCheckpoint } from "./checkpoint.ts";
import type { Dataset } from "./data/index.ts";
import { train, type PieceAddress } from "./loop.ts";
import type { Recipe } from "./recipes/recipe.ts";
import type { RunOptions, StepReport } from "./run.ts";
import { tinyImages, tinyTokenizer } from "./testing.ts";
import { NonFiniteError } from "./update.ts";

const simd = await createSimdBackend({ threads: 1 });
afterAll(() => simd.dispose());

type Params = { readonly x: Tensor };
type Report = StepReport<Params> & { readonly weights: readonly number[] };
/** As of a device that is waited for: the next pieces are made before a step's results are there. */
const waiting = Object.assign(Object.create(simd) as Backend, {
  async read(...args: Parameters<Backend["read"]>) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return simd.read(...args);
  },
});

/** The numbers that a piece is to be near to; may throw, or say so later. */
type Targets = (at: PieceAddress) => number | Promise<number>;

const recipe: Recipe = { ...tinyTokenizer, epochs: 2, batchSize: 8, microBatches: 2 }; // 24 images: six steps

function run(
  targets: Targets,
  options: Partial<Pick<RunOptions, "images" | "signal" | "backend" | "resume">> = {},
): AsyncGenerator<Report, void, void> {
  const { backend = simd } = options;
  return train(
    {
      params: { x: tensor([1, 1, 1, 1], [4], backend) },
      decay: [[/./, 1]],
      prepare: ({ label }) => label as number,
      piece: async (labels, at) => {
        const target = await targets(at);
        return {
          target: tensor(
            labels.map(() => target),
            [4],
            backend,
          ),
          weight: at.micro + 1,
        };
      },
      weight: ({ weight }) => weight,
      objective: ({ x }: Params, { target }) => ({ loss: meanSquaredError(x, target) }),
      report: (_, pieces) => ({ weights: pieces.map(({ weight }) => weight) }),
      evaluation: { scores: async () => ({}), metrics: {} },
    },
    { recipe, images: tinyImages(), backend, ...options },
  );
}

/** The steps that were told of and how it ended, and what is left on the backend beside the state. */
async function follow(loop: () => AsyncGenerator<Report, void, void>, leaveAfter = Infinity) {
  const before = simd.memory().tensors;
  const steps: number[] = [];
  let last: Report | undefined;
  const error = await (async () => {
    for await (const report of loop()) {
      steps.push(report.step);
      last = report;
      await new Promise((resolve) => setTimeout(resolve, 20)); // the next pieces are made
      if (report.step === leaveAfter) break;
    }
  })().catch((thrown: unknown) => thrown);
  disposeTree(last?.state.trees.map(({ tree }) => tree));
  return { steps, error, left: simd.memory().tensors - before };
}

describe("train", () => {
  it("addresses pieces by step and micro-batch, and weighs them", async () => {
    const made: string[] = [];
    const loop = () =>
      run(({ step, micro }) => {
        made.push(`${step}.${micro}`);
        return micro;
      });
    let first: Report | undefined;
    for await (const report of loop()) {
      first ??= { ...report };
      if (report.step === report.totalSteps) disposeTree(report.state.trees.map(({ tree }) => tree));
    }
    expect(made).toEqual(Array.from({ length: 12 }, (_, i) => `${Math.floor(i / 2)}.${i % 2}`));
    // x is 1: a third of the loss is (1 - 0)^2, two thirds are (1 - 1)^2.
    expect(first?.loss).toBeCloseTo(1 / 3, 6);
    expect(first?.weights).toEqual([1, 2]);
  });

  it("tells of every epoch's end, and of its own", async () => {
    const told: (readonly [epoch: number, endsEpoch: boolean, ends: boolean])[] = [];
    let last: Report | undefined;
    for await (last of run(() => 0)) told.push([last.epoch, last.endsEpoch, last.ends]);
    expect(told).toEqual([
      ...[0, 0].map((epoch) => [epoch, false, false]),
      ...[
        [0, true, false],
        [1, false, false],
        [1, false, false],
        [1, true, true],
      ],
    ]);
    disposeTree(last?.state.trees.map(({ tree }) => tree));
  });

  it("leaves nothing when it ends, and when the caller leaves", async () => {
    expect(await follow(() => run(() => 0))).toEqual({ steps: [1, 2, 3, 4, 5, 6], error: undefined, left: 0 });
    expect(await follow(() => run(() => 0), 3)).toEqual({ steps: [1, 2, 3], error: undefined, left: 0 });
  });

  it("tells of a piece that cannot be made after the steps before, and frees the batch's other piece", async () => {
    for (const micro of [0, 1]) {
      const broken = new Error("no tokens");
      const targets: Targets = async (at) => {
        if (at.step !== 3 || at.micro !== micro) return 0;
        await new Promise((resolve) => setTimeout(resolve, 5)); // the other piece is made by then
        throw broken;
      };
      expect(await follow(() => run(targets))).toEqual({ steps: [1, 2, 3], error: broken, left: 0 });
    }
  });

  it("tells nobody of a piece that nobody asked for", async () => {
    const targets: Targets = ({ step }) => {
      if (step === 3) throw new Error("no tokens");
      return 0;
    };
    expect(await follow(() => run(targets), 3)).toEqual({ steps: [1, 2, 3], error: undefined, left: 0 });
  });

  it("tells of an image that cannot be read, and of the caller's signal, in their turn", async () => {
    const good = tinyImages();
    const broken = new Error("broken image");
    let read = 0;
    const get: Dataset["get"] = (index) => (++read > 16 ? Promise.reject(broken) : good.get(index));
    const failing = await follow(() => run(() => 0, { images: { ...good, get } }));
    expect(failing).toEqual({ steps: [1, 2], error: broken, left: 0 });

    const abort = new AbortController();
    const reason = new Error("enough");
    const aborting: Targets = ({ step }) => {
      if (step === 2) abort.abort(reason);
      return 0;
    };
    const stopped = await follow(() => run(aborting, { signal: abort.signal }));
    expect(stopped).toMatchObject({ error: reason, left: 0 });
    expect(stopped.steps.at(-1)).toBeGreaterThanOrEqual(2);
  });

  it("frees the pieces of the step and of the next one when a loss is not finite", async () => {
    const made: number[] = [];
    const targets: Targets = ({ step }) => {
      made.push(step);
      return step === 2 ? NaN : 0;
    };
    const outcome = await follow(() => run(targets, { backend: waiting }));
    expect(made.at(-1)).toBe(3);
    expect(outcome.error).toBeInstanceOf(NonFiniteError);
    expect(outcome).toMatchObject({ steps: [1, 2], left: 0 });
  });

  it("leaves nothing where there is no report: too few images, another run's checkpoint, a first step that fails", async () => {
    const few = { images: tinyImages(4) };
    expect(await follow(() => run(() => 0, few))).toMatchObject({ steps: [], error: expect.any(Error), left: 0 });
    const manifest = { step: 1, updates: 1, recipe: { ...recipe, seed: 9 } };
    const other = { manifest, tensors: new Map(), trees: new Map() } as unknown as DecodedCheckpoint;
    const resumed = await follow(() => run(() => 0, { resume: other }));
    expect(resumed).toMatchObject({ steps: [], left: 0 });
    expect(String(resumed.error)).toContain("[resume] expected the recipe of the checkpoint");
    const without = { ...other, manifest: { ...manifest, recipe } } as unknown as DecodedCheckpoint;
    const lacking = await follow(() => run(() => 0, { resume: without }));
    expect(lacking).toMatchObject({ steps: [], left: 0 });
    expect(String(lacking.error)).toContain("[loadCheckpoint] expected model.safetensors");
    expect(await follow(() => run(() => NaN))).toMatchObject({ steps: [], error: expect.any(NonFiniteError), left: 0 });
  });
});

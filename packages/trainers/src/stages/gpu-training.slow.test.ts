// Training on the GPU (here a driver that runs on the processor) is the training on the CPU: the same losses, and
// checkpoints that go from one to the other and give equal outputs.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { disposeTree, leaves, type Backend, type Tensor } from "@beitjs/tensor-core";
import { createRng } from "@beitjs/tensor-core/random";
import { createSimdBackend, type SimdBackend } from "@beitjs/tensor-core/simd";
import { createWebgpuBackend, type WebgpuBackend } from "@beitjs/tensor-core/webgpu";
import { initTokenizer, type Tokenizer } from "@beitjs/dvae-tokenizer";
import { decodeCheckpoint, encodeCheckpoint, type DecodedCheckpoint } from "../checkpoint.ts";
import { fineTune } from "./fine-tune.ts";
import { pretrain } from "./pretrain.ts";
import type { Recipe } from "../recipes/recipe.ts";
import type { StepReport } from "../run.ts";
import { tinyFineTune, tinyGaussian, tinyImages, tinyPretrain, tinyTokenizer } from "../testing.ts";
import { trainGaussianVae } from "./train-gaussian.ts";
import { trainTokenizer } from "./train-tokenizer.ts";

type Run = { readonly backend: Backend; readonly resume?: DecodedCheckpoint };
type Loop = (run: Run) => AsyncGenerator<StepReport<unknown>, void, void>;

const images = tinyImages();

describe.runIf(process.env.VK_DRIVER_FILES !== undefined)("training on webgpu", () => {
  let simd: SimdBackend;
  let webgpu: WebgpuBackend;
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    simd = await createSimdBackend({ threads: 1 });
    webgpu = await createWebgpuBackend({ allowSoftware: true });
    tokenizer = initTokenizer(tinyTokenizer.model, createRng(1), simd);
  });
  afterAll(() => {
    simd.dispose();
    webgpu.dispose();
  });

  const loops: readonly (readonly [string, Recipe, Loop])[] = [
    ["trainTokenizer", tinyTokenizer, (run) => trainTokenizer({ recipe: tinyTokenizer, images, ...run })],
    ["trainGaussianVae", tinyGaussian, (run) => trainGaussianVae({ recipe: tinyGaussian, images, ...run })],
    ["pretrain", tinyPretrain, (run) => pretrain({ recipe: tinyPretrain, images, tokenizer, ...run })],
    ["fineTune", tinyFineTune, (run) => fineTune({ recipe: tinyFineTune, images, ...run })],
  ];

  it.each(loops)("%s: the losses of simd, from start to end and after a change of backend", async (_, recipe, loop) => {
    const onCpu = await run(loop({ backend: simd }));
    const onGpu = await run(loop({ backend: webgpu }));
    expectClose(onGpu.losses, onCpu.losses);
    for (const [from, to] of [
      [webgpu, simd],
      [simd, webgpu],
    ]) {
      const begun = await run(loop({ backend: from }), 3);
      const resume = await checkpointOf(begun.report, recipe);
      const ended = await run(loop({ backend: to, resume }));
      expectClose([...begun.losses, ...ended.losses], onCpu.losses);
      [begun, ended].forEach(({ report }) => release(report));
    }
    [onCpu, onGpu].forEach(({ report }) => release(report));
  });

  it("trains with products of f16 factors, nearly as with float32", async () => {
    const mixed = await createWebgpuBackend({ allowSoftware: true, precision: "mixed" });
    const onCpu = await run(loops[2][2]({ backend: simd }));
    const onGpu = await run(loops[2][2]({ backend: mixed }));
    expect(onGpu.report.state.lossScale).toEqual({ scale: 2 ** 16, steps: onGpu.losses.length });
    expect(onGpu.losses).not.toEqual(onCpu.losses);
    expectClose(onGpu.losses, onCpu.losses, 2e-3);
    [onCpu, onGpu].forEach(({ report }) => release(report));
    mixed.dispose();
  });

  it("averages weights and evaluates as on simd", async () => {
    const recipe = { ...tinyFineTune, ema: { decay: 0.9, warmup: true } };
    const ended = async (backend: Backend) => {
      let last: StepReport<unknown> | undefined;
      for await (const report of fineTune({ recipe, images, backend, validation: { images } })) last = report;
      return last as StepReport<unknown>;
    };
    const [onCpu, onGpu] = [await ended(simd), await ended(webgpu)];
    const values = async ({ state: { ema } }: StepReport<unknown>) =>
      Promise.all(leaves<Tensor>(ema).map(([, leaf]) => leaf.read()));
    const [expected, got] = [await values(onCpu), await values(onGpu)];
    expect(got.length).toBeGreaterThan(0);
    got.forEach((tensor, i) => tensor.forEach((value, j) => expect(value).toBeCloseTo(expected[i][j], 3)));
    const losses = [onGpu, onCpu].map(({ validation }) => validation?.emaValues?.["loss"] as number);
    expectClose([losses[0]], [losses[1]]);
    for (const { state } of [onCpu, onGpu]) disposeTree(state.trees.map(({ tree }) => tree));
  });

  it("keeps every bit of a state in a checkpoint", async () => {
    const { report } = await run(loops[2][2]({ backend: webgpu }), 2);
    const resume = await checkpointOf(report, tinyPretrain);
    const resumed = await run(loops[2][2]({ backend: simd, resume }), 3);
    const again = await decodeCheckpoint(await encodeCheckpoint(report.state, infoOf(tinyPretrain, report.step)));
    expect([...again.tensors.keys()].sort()).toEqual([...resume.tensors.keys()].sort());
    for (const [name, { data }] of again.tensors) expect(data, name).toEqual(resume.tensors.get(name)?.data);
    release(report);
    release(resumed.report);
  });

  it.each(loops)("%s: frees all that a step makes", async (_name, _recipe, loop) => {
    const counts: number[] = [];
    let last: StepReport<unknown> | undefined;
    for await (const report of loop({ backend: webgpu })) {
      counts.push(webgpu.memory().tensors);
      last = report;
    }
    // Beside the state there is the next batch, but after the last step.
    expect(new Set(counts.slice(0, -1)).size).toBe(1);
    expect(counts.at(-1)).toBeLessThan(counts[0]);
    release(last as StepReport<unknown>);
    expect(webgpu.memory().tensors).toBe(0);
  });
});

async function run(
  loop: ReturnType<Loop>,
  until = Infinity,
): Promise<{ readonly losses: readonly number[]; readonly report: StepReport<unknown> }> {
  const losses: number[] = [];
  for await (const report of loop) {
    losses.push(report.loss);
    if (report.step >= until || report.step === report.totalSteps) return { losses, report };
  }
  throw new Error("the loop ended without a report");
}

function infoOf(recipe: Recipe, step: number) {
  const position = { epoch: Math.floor(step / 3), batch: step % 3 };
  return { stage: recipe.stage, model: {}, recipe, step, position };
}

async function checkpointOf({ state, step }: StepReport<unknown>, recipe: Recipe): Promise<DecodedCheckpoint> {
  return decodeCheckpoint(await encodeCheckpoint(state, infoOf(recipe, step)));
}

// Six steps of AdamW, whose first ones divide small gradients by small moments: differences grow a little.
function expectClose(losses: readonly number[], expected: readonly number[], tolerance = 2e-4): void {
  expect(losses).toHaveLength(expected.length);
  for (const [i, loss] of losses.entries()) {
    expect(Math.abs(loss - expected[i]) / Math.abs(expected[i]), `step ${i}`).toBeLessThan(tolerance);
  }
}

function release({ state }: StepReport<unknown>): void {
  expect(leaves<Tensor>(state.params).length).toBeGreaterThan(0);
  disposeTree([state.params, state.optimizer]);
}

// A contestant: the webgpu backend with one kind of products. Prints one line of JSON.
import { initTokenizer, tokenize } from "@beitjs/dvae-tokenizer";
import { scope, tensor, zeros, type Tensor } from "@beitjs/tensor-core";
import { imageShape } from "@beitjs/tensor-core/grid";
import { linear } from "@beitjs/tensor-core/ops";
import { createRng } from "@beitjs/tensor-core/random";
import { createWebgpuBackend } from "@beitjs/tensor-core/webgpu";
import { createStep } from "../train/simd-step.ts";
import { timeSteps } from "../train/time-steps.ts";
import type { GpuRequest, GpuResult, ProductSize } from "./settings.ts";

const settings = JSON.parse(process.argv[2]) as GpuRequest;
const { precision, allowSoftware, repeats } = settings;
const backend = await createWebgpuBackend({ precision, allowSoftware });

const productTimes: number[] = [];
for (const size of settings.products) productTimes.push(await timeProduct(size));
const tokenizerTimes = await timeTokenizer();
const { adapter, products } = backend;
const timed = await timeSteps(createStep(settings, backend), settings);
const engine = { engineBytes: backend.memory().peak, fallbacks: [...backend.fallbacks], adapter, products };
const result: GpuResult = { ...timed, productTimes, tokenizerTimes, ...engine };
console.log(JSON.stringify(result));
backend.dispose();

/** The best of some, each `repeats` products long. */
async function timeProduct([rows, depth, columns]: ProductSize): Promise<number> {
  const rng = createRng(1);
  const random = (shape: readonly [number, number]): Tensor =>
    tensor(
      Float32Array.from({ length: shape[0] * shape[1] }, () => rng.uniform() - 0.5),
      shape,
      backend,
    );
  const [x, weight] = [random([rows, depth]), random([columns, depth])];
  const batch = (): void => {
    for (let i = 0; i < repeats; i++) linear(x, { weight }).dispose();
  };
  batch();
  await settled();
  let best = Infinity;
  for (let i = 0; i < 5; i++) {
    const from = performance.now();
    batch();
    await settled();
    best = Math.min(best, (performance.now() - from) / repeats);
  }
  for (const one of [x, weight]) one.dispose();
  return best;
}

// Work is done in order: what was written last is read last.
async function settled(): Promise<void> {
  const mark = scope(backend, () => linear(zeros([1], backend), { weight: zeros([1, 1], backend) }));
  await mark.read();
  mark.dispose();
}

async function timeTokenizer(): Promise<number[]> {
  const { tokenizer: config, tokenizerBatch } = settings;
  const tokenizer = initTokenizer(config, createRng(1), backend);
  const shape = imageShape(tokenizerBatch, config);
  const images = tensor(
    Float32Array.from({ length: shape.reduce((product, side) => product * side) }, (_, i) => (i % 251) / 250),
    shape,
    backend,
  );
  const times: number[] = [];
  for (let i = -1; i < 3; i++) {
    const from = performance.now();
    const tokens = tokenize(tokenizer, images);
    await tokens.read();
    tokens.dispose();
    if (i >= 0) times.push(performance.now() - from);
  }
  images.dispose();
  return times;
}

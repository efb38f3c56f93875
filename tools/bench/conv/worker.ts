// A contestant: every layer both ways, in turns, on one build and number of threads. Prints one line of JSON.
import { Tensor, tensor, zeros, type Shape } from "@beitjs/tensor-core";
import { createSimdBackend, type SimdBackend } from "@beitjs/tensor-core/simd";
import { hashSigned } from "@beitjs/tensor-core/testing";
import { median } from "../statistics.ts";
import { layers, type Layer } from "./settings.ts";
import type { ConvRequest, ConvTiming } from "./suite.ts";

const { build, threads, seconds } = JSON.parse(process.argv[2]) as ConvRequest;
const backend = await createSimdBackend({ build, threads, v8Flags: build === "relaxed" });
console.log(JSON.stringify(layers.map((layer) => timeLayer(backend, layer))));
backend.dispose();

function timeLayer(simd: SimdBackend, { size, channels, outputs }: Layer): ConvTiming {
  const random = (shape: Shape, slot: number, scale: number): Tensor => {
    const count = shape.reduce((product, extent) => product * extent, 1);
    return tensor(
      Float32Array.from({ length: count }, (_, i) => scale * hashSigned(slot, i)),
      shape,
      simd,
    );
  };
  const filter = random([outputs, 3, 3, channels], 1, 1 / Math.sqrt(channels));
  const slots = { x: random([1, size, size, channels], 0, 1), bias: random([outputs], 2, 1) };
  const y = zeros([1, size, size, outputs], simd);
  // A tensor on a tape is in training: no other form of it is made.
  const recorded = new Tensor(simd, filter.shape, "float32", filter.storage, { entries: [] });
  const convolve = (one: Tensor): number => {
    const start = performance.now();
    simd.kernels.get("Conv2d")?.({ ...slots, filter: one }, { y }, { stride: 1, padding: 1 });
    return performance.now() - start;
  };
  convolve(recorded);
  const expected = y.readSync();
  const first = convolve(filter);
  const difference = largestDifference(y.readSync(), expected);
  const timing = timeTurns(
    () => convolve(recorded),
    () => convolve(filter),
  );
  for (const one of [filter, slots.x, slots.bias, y]) one.dispose();
  return { ...timing, filterMs: Math.max(0, first - timing.winogradMs), difference };
}

function timeTurns(direct: () => number, winograd: () => number): Omit<ConvTiming, "filterMs" | "difference"> {
  const turns: { readonly direct: number; readonly winograd: number }[] = [];
  const start = performance.now();
  while (turns.length < 5 || performance.now() - start < seconds * 1000) {
    turns.push({ direct: direct(), winograd: winograd() });
  }
  return {
    directMs: median(turns.map((turn) => turn.direct)),
    winogradMs: median(turns.map((turn) => turn.winograd)),
    ratio: median(turns.map((turn) => turn.direct / turn.winograd)),
  };
}

function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let worst = 0;
  let squares = 0;
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(actual[i] - expected[i]));
    squares += expected[i] ** 2;
  }
  return worst / Math.sqrt(squares / expected.length);
}

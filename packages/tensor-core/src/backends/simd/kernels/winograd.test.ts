// Winograd's way at every size, those included where another one is faster, and when a filter is transformed.
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accumulate } from "../../../ops/accumulate.ts";
import { conv2d } from "../../../ops/conv2d.ts";
import { convGeometry, eachProduct, type ConvGeometry } from "../../../ops/conv2d-taps.ts";
import { meanSquaredError } from "../../../ops/mean-squared-error.ts";
import { scope } from "../../../scope.ts";
import { valueAndGradient } from "../../../tape.ts";
import { tensor, zeros, type Tensor } from "../../../tensor.ts";
import { hashSigned } from "../../../testing/index.ts";
import { createAllocator } from "../allocator.ts";
import type { Simd } from "../context.ts";
import { createSimdBackend, type SimdBackend } from "../index.ts";
import { callKernel, growMemory, loadModule, type SimdModule } from "../module.ts";
import { winograd, winogradPays } from "./winograd.ts";

type Size = { readonly x: readonly [number, number, number, number]; readonly outputs: number };
const geometryOf = ({ x, outputs }: Size): ConvGeometry =>
  convGeometry(x, [outputs, 3, 3, x[3]], [x[0], x[1], x[2], outputs], { stride: 1, padding: 1 });
const values = (slot: number, size: number) => Float32Array.from({ length: size }, (_, i) => hashSigned(slot, i));
const inputsOf = ({ x, outputs }: Size) => ({
  x: values(0, x[0] * x[1] * x[2] * x[3]),
  filter: values(1, outputs * 9 * x[3]).map((value) => value / Math.sqrt(x[3])),
  bias: values(2, outputs),
});

describe("winograd", () => {
  let wasm: SimdModule;
  beforeAll(async () => {
    wasm = await loadModule({ build: "base", shared: false, maximumBytes: 2 ** 28 });
  });

  // Threads take turns here. Memory is NaN before it is written: results show what was read too early, or from outside.
  function simdOf(threads: number) {
    const allocator = createAllocator(1024, (end) => growMemory(wasm.memory, end));
    const float32 = (address: number, length: number) => new Float32Array(wasm.memory.buffer, address, length);
    const place = (array: Float32Array): number => {
      const address = allocator.allocate(array.byteLength);
      float32(address, array.length).set(array);
      return address;
    };
    const scratch = (bytes: number): number => place(new Float32Array(Math.ceil(bytes / 4)).fill(NaN));
    const simd: Simd = {
      threads,
      precision: "float32",
      panelWidth: wasm.panelWidth,
      pointer: (address) => address as unknown as number,
      pointers: (...addresses) => addresses as unknown as { [Slot in keyof typeof addresses]: number },
      call: (kernel, ...args) => callKernel(wasm.exports, kernel, args),
      parallel(kernel, count, grain, ...args) {
        for (let begin = 0, i = 0; begin < count; begin += grain, i++) {
          callKernel(wasm.exports, kernel, [...args, begin, Math.min(count, begin + grain), i % threads]);
        }
      },
      scratch,
      prepared(_, _form, bytes, prepare) {
        const address = scratch(bytes);
        prepare(address);
        return address;
      },
      float32,
      int32: (address, length) => new Int32Array(wasm.memory.buffer, address, length),
    };
    return { simd, place, scratch };
  }

  function run(size: Size, threads: number): Float32Array {
    const { simd, place, scratch } = simdOf(threads);
    const [larger, filter, bias] = Object.values(inputsOf(size)).map(place);
    const results = size.x[0] * size.x[1] * size.x[2] * size.outputs;
    const smaller = scratch(results * 4);
    const guard = place(values(3, 16));
    winograd(simd, geometryOf(size), filter as unknown as Tensor, { larger, smaller, bias });
    expect(simd.float32(guard, 16)).toEqual(values(3, 16));
    return simd.float32(smaller, results).slice();
  }

  function largestError(size: Size, actual: Float32Array): number {
    const { x, filter, bias } = inputsOf(size);
    const expected = Float64Array.from(actual, (_, i) => bias[i % size.outputs]);
    eachProduct(geometryOf(size), (i, f, o) => (expected[o] += x[i] * filter[f]));
    return actual.reduce((worst, value, i) => {
      const error = Math.abs(value - expected[i]);
      return error <= worst ? worst : Number.isNaN(error) ? Infinity : error;
    }, 0);
  }

  const between = (min: number, max: number) => fc.integer({ min, max });
  const sizes = fc.record({
    x: fc.tuple(between(1, 2), between(1, 13), between(1, 13), between(1, 70)),
    outputs: between(1, 40),
  });

  it("agrees with the plain sum, and has the same bits for every number of threads", () => {
    fc.assert(
      fc.property(sizes, (size) => {
        const one = run(size, 1);
        // Results are about 1: weights of the filter shrink with the channels.
        expect(largestError(size, one)).toBeLessThan(3e-5);
        for (const threads of [2, 3]) expect(run(size, threads)).toEqual(one);
      }),
      { numRuns: 60, seed: 13 },
    );
  });

  it("sums more channels than one block takes, in blocks of unequal length", () => {
    const size: Size = { x: [1, 7, 6, 521], outputs: 11 };
    expect(largestError(size, run(size, 1))).toBeLessThan(3e-5);
  });

  it("splits by tiles where there are many", () => {
    const size: Size = { x: [3, 41, 39, 5], outputs: 9 };
    const one = run(size, 1);
    expect(largestError(size, one)).toBeLessThan(3e-5);
    expect(run(size, 3)).toEqual(one);
  });
});

describe("conv2d", () => {
  let backend: SimdBackend;
  beforeAll(async () => {
    backend = await createSimdBackend({ build: "base", threads: 1 });
  });
  afterAll(() => backend.dispose());

  const size: Size = { x: [1, 12, 12, 32], outputs: 32 };
  const parameters = () => ({
    filter: tensor(inputsOf(size).filter, [32, 3, 3, 32], backend),
    bias: tensor(inputsOf(size).bias, [32], backend),
  });

  it("transforms a filter once, again when it was written to, and frees it with the filter", () => {
    expect(winogradPays(geometryOf(size))).toBe(true);
    const before = backend.memory().live;
    const { filter, bias } = parameters();
    const x = tensor(inputsOf(size).x, size.x, backend);
    const convolved = () =>
      scope(backend, () => Float32Array.from(conv2d(x, { filter, bias }, { padding: 1 }).readSync()));
    const plain = backend.memory().live;
    const first = convolved();
    const withForm = backend.memory().live;
    expect(withForm - plain).toBeGreaterThanOrEqual(4 * filter.size * 4);
    expect(convolved()).toEqual(first);
    expect(backend.memory().live).toBe(withForm);
    accumulate([filter], [filter], { scale: -1 });
    const added = inputsOf(size).bias;
    expect(convolved()).toEqual(Float32Array.from(first, (_, i) => added[i % 32]));
    for (const one of [filter, bias, x]) one.dispose();
    expect(backend.memory().live).toBe(before);
  });

  it("transforms no filter in training", () => {
    const { filter, bias } = parameters();
    const x = tensor(inputsOf(size).x, size.x, backend);
    const target = zeros(size.x, backend);
    const before = backend.memory();
    const { value, gradients } = valueAndGradient({ filter, bias }, (params) => ({
      loss: meanSquaredError(conv2d(x, params, { padding: 1 }), target),
    }));
    for (const one of [value.loss, gradients.filter, gradients.bias]) one.dispose();
    expect(backend.memory().live).toBe(before.live);
    for (const one of [filter, bias, x, target]) one.dispose();
  });
});

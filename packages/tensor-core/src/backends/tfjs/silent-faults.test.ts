// What tfjs computes wrongly without a word (4.22), and what our ops give in the same place. Each fault is shown first: a
// test of a way round nothing would say nothing, and when tfjs mends one, the way round can go.
import * as tf from "@tensorflow/tfjs-core";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { afterEach, describe, expect, it } from "vitest";
import type { Backend } from "../../backend.ts";
import { accumulate, linear, maxPool2d, meanSquaredError, upsampleNearest } from "../../ops/index.ts";
import { valueAndGradient } from "../../tape.ts";
import { sizeOf, tensor, zeros, type Shape, type Tensor } from "../../tensor.ts";
import { createReferenceBackend } from "../reference/index.ts";
import { createTfjsBackend, type TfjsBackend } from "./index.ts";

let backend: TfjsBackend;
afterEach(() => backend.dispose());

async function open(device: string): Promise<void> {
  tf.enableProdMode();
  await tf.setBackend(device);
  backend = await createTfjsBackend(tf);
}

type Gradient = { readonly output: Shape; readonly input: Float32Array };

/** Gradient of x through `f`, from a loss whose gradient at f(x) is f(x) times 2 / its size. */
function ours(on: Backend, values: Float32Array, shape: Shape, f: (x: Tensor) => Tensor): Gradient {
  let output: Shape = [];
  const { gradients } = valueAndGradient({ x: tensor(values, shape, on) }, ({ x }) => {
    const y = f(x);
    output = y.shape;
    return { loss: meanSquaredError(y, zeros(y.shape, on)) };
  });
  return { output, input: gradients.x.readSync() as Float32Array };
}

/** The same gradient by tf's own kernel for it, as its differentiation calls it. */
function theirs(values: Float32Array, shape: Shape, f: (x: tf.Tensor4D) => tf.Tensor, gradient: TheirGradient) {
  const x = tf.tensor4d(values, shape as [number, number, number, number]);
  const y = f(x);
  const dy = tf.mul(y, 2 / y.size);
  const { kernel, inputs, attributes } = gradient;
  const dx = tf.engine().runKernel(kernel, inputs({ x, y, dy }), attributes) as tf.Tensor;
  return dx.dataSync() as Float32Array;
}
type TheirGradient = {
  readonly kernel: string;
  readonly inputs: (known: Readonly<Record<"x" | "y" | "dy", tf.Tensor>>) => tf.NamedTensorMap;
  readonly attributes: tf.NamedAttrMap;
};

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i])), 0);
}

const wave = (shape: Shape, shift: number): Float32Array =>
  Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * 1.7) + shift);

describe("gradient of upsampling on tfjs-cpu", () => {
  const shape = [2, 3, 2, 2];
  const values = wave(shape, 0);
  const expected = ours(createReferenceBackend(), values, shape, (x) => upsampleNearest(x));

  const inTfjs = (images: Float32Array, count: number) =>
    theirs(images, [count, 3, 2, 2], (x) => tf.image.resizeNearestNeighbor(x, [6, 4]), {
      kernel: tf.ResizeNearestNeighborGrad,
      inputs: ({ x, dy }) => ({ images: x, dy }),
      attributes: { alignCorners: false, halfPixelCenters: false, size: [6, 4] },
    });

  it("is wrong in tfjs for a second image", async () => {
    await open("cpu");
    const first = ours(createReferenceBackend(), values.slice(0, 12), [1, 3, 2, 2], (x) => upsampleNearest(x));
    expect(largestDifference(inTfjs(values.slice(0, 12), 1), first.input)).toBeLessThan(1e-6);
    expect(largestDifference(inTfjs(values, 2), expected.input)).toBeGreaterThan(0.01);
  });

  it("is right here", async () => {
    await open("cpu");
    const { output, input } = ours(backend, values, shape, (x) => upsampleNearest(x));
    expect(output).toEqual([2, 6, 4, 2]);
    expect(largestDifference(input, expected.input)).toBeLessThan(1e-7);
  });
});

describe("gradient of max pooling on tfjs-wasm", () => {
  const shape = [2, 4, 4, 3];
  const values = wave(shape, -1.5); // every window is below 0
  const expected = ours(createReferenceBackend(), values, shape, (x) => maxPool2d(x));

  const inTfjs = (images: Float32Array) =>
    theirs(images, shape, (x) => tf.maxPool(x, 2, 2, "valid"), {
      kernel: tf.MaxPoolGrad,
      inputs: ({ x, y, dy }) => ({ input: x, output: y, dy }),
      attributes: { filterSize: 2, strides: 2, pad: "valid" },
    });

  it("is lost in tfjs for windows below 0", async () => {
    await open("wasm");
    const above = wave(shape, 1.5);
    const right = ours(createReferenceBackend(), above, shape, (x) => maxPool2d(x));
    expect(largestDifference(inTfjs(above), right.input)).toBeLessThan(1e-6);
    expect(largestDifference(inTfjs(values), expected.input)).toBeGreaterThan(0.01);
  });

  it("is right here", async () => {
    await open("wasm");
    const { output, input } = ours(backend, values, shape, (x) => maxPool2d(x));
    expect(output).toEqual([2, 2, 2, 3]);
    expect(largestDifference(input, expected.input)).toBeLessThan(1e-7);
  });
});

describe("a product with a weight that was written in place, on tfjs-wasm", () => {
  it("uses the old weight in tfjs", async () => {
    await open("wasm");
    const [x, weight] = [tf.ones([1, 4]), tf.ones([4, 2])];
    expect(tf.matMul(x, weight).dataSync()).toEqual(Float32Array.of(4, 4));
    (tf.backend() as BackendWasm).typedArrayFromHeap(weight).fill(10);
    expect(weight.dataSync()[0]).toBe(10);
    expect(tf.matMul(x, weight).dataSync()).toEqual(Float32Array.of(4, 4)); // 40, 40 would be right
  });

  it("uses the new one here", async () => {
    await open("wasm");
    const [x, weight] = [tensor([1, 1, 1, 1], [1, 4], backend), tensor(Array(8).fill(1), [2, 4], backend)];
    expect(linear(x, { weight }).readSync()).toEqual(Float32Array.of(4, 4));
    accumulate([weight], [tensor(Array(8).fill(9), [2, 4], backend)]);
    expect(linear(x, { weight }).readSync()).toEqual(Float32Array.of(40, 40));
  });
});

// Speed of the matrix product and of convolutions, in the three directions training needs: forward (NT), input gradient
// (NN) and weight gradient (TN). Rows for whoever prints them; the best time is the one to compare on a busy machine.
import type { Backend, KernelSlots } from "../src/backend.ts";
import { createSimdBackend, type SimdBuild } from "../src/backends/simd/index.ts";
import { conv2dOp } from "../src/ops/conv2d.ts";
import { createRng } from "../src/random.ts";
import type { Tape } from "../src/tape.ts";
import { aliasTensor, sizeOf, tensor, type Shape, type Tensor } from "../src/tensor.ts";

export type GemmBenchOptions = {
  readonly builds?: readonly SimdBuild[];
  readonly threads?: readonly number[];
  /** Products as [M, K, N]. */
  readonly products?: readonly (readonly [M: number, K: number, N: number])[];
  readonly convolutions?: readonly ConvolutionShape[];
  /** Least time spent on a row. */
  readonly milliseconds?: number;
};

export type ConvolutionShape = {
  /** [B, H, W, C] */
  readonly images: readonly [number, number, number, number];
  /** [O, kh, kw] */
  readonly filter: readonly [number, number, number];
  readonly stride: number;
  readonly padding: number;
};

export type GemmBenchRow = {
  readonly name: string;
  readonly shape: string;
  readonly build: SimdBuild;
  readonly threads: number;
  readonly medianMs: number;
  readonly bestMs: number;
  /** From the best time. */
  readonly gflops: number;
};

/** A BEiT-tiny batch, a square, a BEiT-base layer for one image, and a tall product. */
export const benchProducts = [
  [1040, 192, 768],
  [512, 512, 512],
  [197, 768, 3072],
  [12544, 64, 256],
] as const;

/** Layers of the dVAE: the stem, a 3 x 3 in the middle, a strided one of the small tokenizer. */
export const benchConvolutions: readonly ConvolutionShape[] = [
  { images: [1, 112, 112, 3], filter: [256, 7, 7], stride: 1, padding: 3 },
  { images: [1, 56, 56, 64], filter: [64, 3, 3], stride: 1, padding: 1 },
  { images: [1, 14, 14, 512], filter: [512, 3, 3], stride: 1, padding: 1 },
  { images: [8, 32, 32, 64], filter: [128, 4, 4], stride: 2, padding: 1 },
];

type Make = (shape: Shape, tape?: Tape) => Tensor;
type Measure = { readonly name: string; readonly shape: string; readonly operations: number; run(): void };

/** Times every product and convolution on every build and number of threads. */
export async function benchGemm(options: GemmBenchOptions = {}): Promise<GemmBenchRow[]> {
  const { builds = ["base", "relaxed"], threads = [1, 2], products = benchProducts } = options;
  const { convolutions = benchConvolutions, milliseconds = 500 } = options;
  const rows: GemmBenchRow[] = [];
  for (const build of builds) {
    for (const count of threads) {
      const backend = await createSimdBackend({ build, threads: count, v8Flags: build !== "base" });
      const measure = (measures: readonly Measure[]): void => {
        for (const { name, shape, operations, run } of measures) {
          const { medianMs, bestMs } = time(run, milliseconds);
          rows.push({
            name,
            shape,
            build,
            threads: backend.threads,
            medianMs,
            bestMs,
            gflops: operations / bestMs / 1e6,
          });
        }
      };
      for (const [M, K, N] of products)
        withTensors(backend, (make) => measure(productMeasures(backend, make, M, K, N)));
      for (const shape of convolutions)
        withTensors(backend, (make) => measure(convolutionMeasures(backend, make, shape)));
      backend.dispose();
    }
  }
  return rows;
}

function productMeasures(backend: Backend, make: Make, M: number, K: number, N: number): Measure[] {
  const slots = { x: make([M, K]), weight: make([N, K]), y: make([M, N]), dy: make([M, N]) };
  const gradients = { dx: make([M, K]), dweight: make([N, K]) };
  // Of weights that are being trained no panels are kept.
  const recorded = { ...slots, weight: make([N, K], { entries: [] }) };
  const shared = { shape: `${M}x${K}x${N}`, operations: 2 * M * K * N };
  return [
    { name: "linear NT", ...shared, run: runner(backend, "Linear", recorded, { y: slots.y }) },
    { name: "linear NT prepared", ...shared, run: runner(backend, "Linear", slots, { y: slots.y }) },
    { name: "linear dx NN", ...shared, run: runner(backend, "LinearGrad", slots, { dx: gradients.dx }) },
    { name: "linear dweight TN", ...shared, run: runner(backend, "LinearGrad", slots, { dweight: gradients.dweight }) },
  ];
}

function convolutionMeasures(backend: Backend, make: Make, of: ConvolutionShape): Measure[] {
  const [outputs, kernelHeight, kernelWidth] = of.filter;
  const attributes = { stride: of.stride, padding: of.padding };
  const shapes = { x: of.images, filter: [...of.filter, of.images[3]] };
  const result = conv2dOp.shape(shapes, attributes).y;
  const slots = { x: make(shapes.x), filter: make(shapes.filter), y: make(result), dy: make(result) };
  const gradients = { dx: make(shapes.x), dfilter: make(shapes.filter) };
  const shared = {
    shape: `${of.images.join("x")} ${outputs}x${kernelHeight}x${kernelWidth} s${of.stride} p${of.padding}`,
    operations: 2 * sizeOf(result) * kernelHeight * kernelWidth * of.images[3],
  };
  return [
    { name: "conv2d", ...shared, run: runner(backend, "Conv2d", slots, { y: slots.y }, attributes) },
    { name: "conv2d dx", ...shared, run: runner(backend, "Conv2dGrad", slots, { dx: gradients.dx }, attributes) },
    {
      name: "conv2d dfilter",
      ...shared,
      run: runner(backend, "Conv2dGrad", slots, { dfilter: gradients.dfilter }, attributes),
    },
  ];
}

function runner(
  backend: Backend,
  name: string,
  inputs: KernelSlots,
  outputs: KernelSlots,
  attributes: object = {},
): () => void {
  const kernel = backend.kernels.get(name);
  if (!kernel) throw new Error(`[benchGemm] expected backend ${backend.name} to have a kernel ${name}, got none`);
  return () => kernel(inputs, outputs, attributes);
}

function withTensors(backend: Backend, body: (make: Make) => void): void {
  const made: Tensor[] = [];
  body((shape, tape) => {
    const rng = createRng({ seed: 1, index: made.length });
    const values = Float32Array.from({ length: sizeOf(shape) }, () => rng.uniform() * 2 - 1);
    const plain = tensor(values, shape, backend);
    made.push(aliasTensor(plain, { tape }));
    plain.dispose();
    return made[made.length - 1];
  });
  for (const one of made) one.dispose();
}

function time(run: () => void, milliseconds: number): { medianMs: number; bestMs: number } {
  const times: number[] = [];
  const start = performance.now();
  run();
  while (times.length < 5 || performance.now() - start < milliseconds) {
    const from = performance.now();
    run();
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  return { medianMs: times[times.length >> 1], bestMs: times[0] };
}

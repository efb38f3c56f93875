// Products of f16 factors: on a driver that runs on the processor the values, on Dawn's null device that the shaders for
// matrix units compile.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend, HostArray } from "../../backend.ts";
import { shaders } from "../../generated/shaders.ts";
import { allCases } from "../../ops/all-cases.ts";
import { conv2dCases } from "../../ops/conv2d.cases.ts";
import { convTranspose2dCases } from "../../ops/conv-transpose2d.cases.ts";
import { layerNorm, linear, linearArgmax } from "../../ops/index.ts";
import { linearCases } from "../../ops/linear.cases.ts";
import { linearGeluCases } from "../../ops/linear-gelu.cases.ts";
import { linearResidualCases } from "../../ops/linear-residual.cases.ts";
import { matmulCases } from "../../ops/matmul.cases.ts";
import { disposeTree, scope } from "../../scope.ts";
import { sizeOf, tensor, type Tensor } from "../../tensor.ts";
import {
  elementsOf,
  fillInputs,
  largestDifference,
  runCase,
  runCaseAsync,
  titleOf,
  type InputCase,
  type OpCase,
} from "../../testing/index.ts";
import { createReferenceBackend } from "../reference/index.ts";
import { expandShader } from "./expand-shader.ts";
import { createWebgpuBackend, dawnFlags, type WebgpuBackend } from "./index.ts";
import { tilings } from "./kernels/product.ts";

/** Of a value in f16. */
const ROUNDING = 2 ** -11;

/** Of f16. */
const LARGEST = 65504;

const smallCases = allCases.filter(
  (opCase) =>
    elementsOf(opCase) < 3000 &&
    Object.values(opCase.inputs)
      .flatMap((input) => (input ? ([input].flat() as InputCase[]) : []))
      .every(({ values = [] }) => !values.some((value) => Number.isFinite(value) && Math.abs(value) > LARGEST)),
);

const cases = [...linearCases, ...matmulCases, ...conv2dCases, ...convTranspose2dCases];

describe.runIf(process.env.VK_DRIVER_FILES !== undefined)("products of f16 factors in registers", () => {
  let backend: WebgpuBackend;
  const reference = createReferenceBackend();
  beforeAll(async () => {
    backend = await createWebgpuBackend({ allowSoftware: true, precision: "mixed" });
  });
  afterAll(() => backend.dispose());

  // With inputs and gradients that f16 can hold, rounding them changes nothing: the tolerances of float32 hold.
  it.each(cases.map((opCase) => [titleOf(opCase), opCase] as const))("%s", async (_, opCase) => {
    const values = halfValues(opCase);
    const wanted = runCase(reference, opCase, values);
    const got = await runCaseAsync(backend, opCase, values);
    const { tolerance = 1e-5, gradientTolerance = tolerance } = opCase;
    const { error, where } = largestDifference(got, wanted, Object.keys(wanted));
    expect(error, where).toBeLessThan(Math.max(tolerance, gradientTolerance));
  });

  // What is multiplied in their backward passes is no f16 number, whatever the inputs are, and what they give is rounded.
  it.each([...linearGeluCases, ...linearResidualCases].map((opCase) => [titleOf(opCase), opCase] as const))(
    "%s, forward",
    async (_, opCase) => {
      const values = halfValues(opCase);
      const wanted = runCase(reference, opCase, values);
      const got = await runCaseAsync(backend, opCase, values);
      const outputs = ["y", "before", "branch"].filter((name) => name in wanted);
      const { error, where } = largestDifference(got, wanted, outputs);
      expect(error, where).toBeLessThan(ROUNDING + (opCase.tolerance ?? 1e-5));
    },
  );

  // On a backend that stores every tensor in f16, inputs, outputs and gradients, whatever its kernels know of it: but for logSumExp,
  // which is taken off scores as it is.
  it.each(smallCases.map((opCase) => [titleOf(opCase), opCase] as const))("%s, stored in f16", async (_, opCase) => {
    const halving: Backend = {
      ...backend,
      allocate: (size, dtype, result) =>
        backend.allocate(size, dtype, result?.endsWith(".logSumExp") ? result : "LayerNorm.y"),
    };
    const values = halfValues(opCase);
    const wanted = runCase(reference, opCase, values);
    const got = await runCaseAsync(halving, opCase, values);
    const { error, where } = largestDifference(got, wanted, Object.keys(wanted));
    // A rounded logarithm of a sum makes all exponentials under it larger or smaller by several roundings.
    expect(error, where).toBeLessThan(8 * ROUNDING);
  });

  it("stores what a product will round, and nothing of it is lost", async () => {
    const { tensors } = backend.memory();
    const random = (shape: readonly number[], seed: number): Tensor =>
      tensor(
        Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(seed + i * i)),
        shape,
        backend,
      );
    const [x, weight, gamma, beta] = [random([70, 64], 1), random([48, 64], 2), random([64], 3), random([64], 4)];
    const before = backend.memory().live;
    const normed = scope(backend, () => layerNorm(x, { gamma, beta }, { epsilon: 1e-6 }));
    expect(backend.memory().live - before).toBe(70 * 64 * 2);
    const values = await normed.read();
    const rounded = Float64Array.from(values);
    roundToHalf(rounded);
    expect([...values]).toEqual([...rounded]);
    const stored = linear(normed, { weight });
    const wide = tensor(values, [70, 64], backend);
    const fromWide = linear(wide, { weight });
    expect(await stored.read()).toEqual(await fromWide.read());
    disposeTree([x, weight, gamma, beta, normed, stored, wide, fromWide]);
    expect(backend.memory().tensors).toBe(tensors);
  });

  const product = async (a: number, b: number): Promise<number> => {
    const [x, weight] = [tensor([a], [1, 1], backend), tensor([b], [1, 1], backend)];
    return (await linear(x, { weight }).read())[0];
  };

  it("rounds factors to the nearest f16, ties to even, and sums in f32", async () => {
    expect(backend).toMatchObject({ precision: "mixed", products: "half" });
    expect(await product(1 + 2 ** -12, 1)).toBe(1);
    expect(await product(1 + 2 ** -11, 1)).toBe(1);
    expect(await product(1 + 3 * 2 ** -11, 1)).toBe(1 + 2 ** -9);
    expect(await product(2 ** -24, 2 ** 15)).toBe(2 ** -9);
    expect(await product(65504, 65504)).toBe(65504 ** 2);
  });

  it.each([65536, -1e30, Infinity, NaN])("lets no number come of %d, which f16 does not have", async (value) => {
    expect(await product(value, 1)).toBeNaN();
    expect(await product(1, value)).toBeNaN();
  });

  it("chooses the largest without rounding", async () => {
    const x = tensor([1, 1], [1, 2], backend);
    const weight = tensor([1, 1, 1, 1 + 2 ** -14], [2, 2], backend);
    expect([...(await linearArgmax(x, { weight }).read())]).toEqual([1]);
  });
});

/** Inputs, and the gradient of the output, as f16 holds them. */
function halfValues(opCase: OpCase): Record<string, HostArray | HostArray[] | undefined> {
  const values = fillInputs(opCase);
  for (const value of Object.values(values)) for (const array of [value ?? []].flat()) roundToHalf(array);
  const [output] = Object.entries(runCase(createReferenceBackend(), opCase, values));
  const gradient = Float64Array.from(output[1] as HostArray, (_, i) => Math.sin(1 + i * 1.3));
  roundToHalf(gradient);
  return { ...values, [`d${output[0]}`]: gradient };
}

function roundToHalf(array: HostArray): void {
  for (let i = 0; i < array.length; i++) {
    const unit = 2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(array[i]) || 1))) - 10);
    array[i] = Math.round(array[i] / unit) * unit;
  }
}

describe.runIf(process.env.VK_DRIVER_FILES !== undefined)("on the null device, products on matrix units", () => {
  // Kept to the end: an entry that is collected takes its device, and the process, along.
  let entry: GPU;
  let device: GPUDevice;
  beforeAll(async () => {
    const { create, globals } = (await import("webgpu")) as unknown as {
      create: (flags: readonly string[]) => GPU;
      globals: object;
    };
    Object.assign(globalThis, globals);
    entry = create(["backend=null", ...dawnFlags]);
    const adapter = (await entry.requestAdapter()) as GPUAdapter;
    device = await adapter.requestDevice({
      requiredFeatures: ["shader-f16", "subgroups", "chromium-experimental-subgroup-matrix"] as GPUFeatureName[],
    });
  });
  afterAll(() => {
    device.destroy();
    expect(entry).toBeDefined();
  });

  it.each([16, 64, 128])(
    "attention with heads of %d fits into the workgroup memory that every device has",
    async (HEAD) => {
      device.pushErrorScope("validation");
      const halves = { Y_HALF: true, QKV_HALF: true };
      const codeOf = (FORWARD: boolean): string =>
        expandShader(shaders.attention, { HEAD, BY_FOUR: true, FORWARD, ...halves });
      const [forward, backward] = [true, false].map((way) => device.createShaderModule({ code: codeOf(way) }));
      for (const entryPoint of ["queryGradient", "keyGradient", "valueGradient"])
        device.createComputePipeline({ layout: "auto", compute: { module: backward, entryPoint } });
      device.createComputePipeline({ layout: "auto", compute: { module: forward, entryPoint: "forward" } });
      expect((await device.popErrorScope())?.message).toBeUndefined();
    },
  );

  const booleans = [false, true];
  const variants = booleans.flatMap((LEFT_BY_K) =>
    booleans.flatMap((RIGHT_BY_K) => booleans.map((byFour) => ({ LEFT_BY_K, RIGHT_BY_K, byFour }))),
  );
  const { large, small } = tilings.matrix;
  const residual = { RESIDUAL: 3, SCALE: true, KEEP: true, BEFORE: true, RESULT: 6 };

  it.each(
    (["product", "conv"] as const).flatMap((shader) => [large, small].map(({ constants }) => ({ shader, constants }))),
  )("compile: %j", async ({ shader, constants }) => {
    for (const { LEFT_BY_K, RIGHT_BY_K, byFour } of variants) {
      const byFourConstants = { LEFT_BY_FOUR: byFour, RIGHT_BY_FOUR: byFour, BY_FOUR: byFour, RESULT_BY_FOUR: byFour };
      const bias = { BIAS: byFour, RESULT: byFour ? 3 : 2, KIND: 0 };
      const afterwards = LEFT_BY_K ? { GELU: byFour, BEFORE: RIGHT_BY_K } : byFour && residual;
      // What is stored in f16 stands in fours.
      const halves = byFour && { LEFT_HALF: LEFT_BY_K, RIGHT_HALF: true, RESULT_HALF: LEFT_BY_K, BEFORE_HALF: true };
      const ends = { ...bias, ...(shader === "product" && { ...afterwards, ...halves }) };
      const code = expandShader(shaders[shader], { ...constants, LEFT_BY_K, RIGHT_BY_K, ...byFourConstants, ...ends });
      device.pushErrorScope("validation");
      const module = device.createShaderModule({ code });
      const { messages } = await module.getCompilationInfo();
      expect(messages.map(({ message }) => message)).toEqual([]);
      // The null device has too little workgroup memory for a pipeline of the large tiles.
      if (constants === small.constants) device.createComputePipeline({ layout: "auto", compute: { module } });
      expect((await device.popErrorScope())?.message).toBeUndefined();
    }
  });
});

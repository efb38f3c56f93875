// Every backend, every op, every case: values and gradients against the reference; the reference against finite differences.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allCases, unfusedCases } from "../ops/all-cases.ts";
import type { InputCase } from "../ops/cases.ts";
import type { HostArray } from "../backend.ts";
import { sizeOf } from "../tensor.ts";
import {
  compareWithReference,
  elementsOf,
  finiteDifferenceError,
  missingKernels,
  runCase,
  titleOf,
  type OpCase,
  type Results,
} from "../testing/index.ts";
import { createSimdBackend, type SimdBackend, type SimdOptions } from "./simd/index.ts";

const isSmall = (opCase: OpCase): boolean => opCase.op.backward !== undefined && elementsOf(opCase) <= 2000;

describe("reference gradients against finite differences", () => {
  it.each(
    allCases
      .filter((opCase) => isSmall(opCase) && !opCase.skipFiniteDifference)
      .map((opCase) => [titleOf(opCase), opCase] as const),
  )("%s", (_, opCase) => {
    const { error, where } = finiteDifferenceError(opCase);
    expect(error, where).toBeLessThan(opCase.finiteDifferenceTolerance ?? 1e-6);
  });

  it("checks every differentiable op at least once", () => {
    const all = new Set(allCases.filter(({ op }) => op.backward).map(({ op }) => op.name));
    const checked = new Set(
      allCases.filter((opCase) => isSmall(opCase) && !opCase.skipFiniteDifference).map(({ op }) => op.name),
    );
    expect([...all].filter((name) => !checked.has(name))).toEqual([]);
  });
});

const configurations: readonly SimdOptions[] = [
  { build: "base", threads: 1 },
  { build: "base", threads: 2 },
  { build: "base", threads: 3 },
  { build: "relaxed", threads: 1, v8Flags: true },
  { build: "relaxed", threads: 2, v8Flags: true },
  { build: "wide", threads: 2, v8Flags: true },
  { build: "base", threads: 2, precision: "int16" },
  { build: "relaxed", threads: 1, v8Flags: true, precision: "int16" },
  { build: "wide", threads: 2, v8Flags: true, precision: "int16" },
  { build: "relaxed", threads: 2, v8Flags: true, precision: "int8" },
  { build: "wide", threads: 1, v8Flags: true, precision: "int8" },
];

// Steps of whole numbers are errors, spread evenly, of both factors of every product: their sum over K products has a
// deviation of about a quarter of a step times √K, and none of some thousand outputs is off by six of them. What bounds every
// single output is tested in simd/kernels/quantized.test.ts.
const steps = { float32: 0, int16: 1 / 5792, int8: 1 / 63 };

function valueTolerance({ op, inputs, tolerance = 1e-5 }: OpCase, { precision = "float32" }: SimdOptions): number {
  const factor = (inputs.weight ?? inputs.filter) as InputCase | undefined;
  if (!factor || (op.name !== "Linear" && op.name !== "Conv2d")) return tolerance;
  const depth = sizeOf(factor.shape.slice(1));
  return tolerance + 1.5 * Math.sqrt(depth) * steps[precision];
}

describe.each(configurations)("simd %j", (options) => {
  let backend: SimdBackend;
  beforeAll(async () => {
    backend = await createSimdBackend(options);
  });
  afterAll(() => backend.dispose());

  it.each(unfusedCases.map((opCase) => [titleOf(opCase), opCase] as const))("%s", (_, opCase) => {
    expect(missingKernels(backend, opCase.op), "kernels missing").toEqual([]);
    const { values, gradients } = compareWithReference(backend, opCase);
    expect(values.error, values.where).toBeLessThan(valueTolerance(opCase, options));
    expect(gradients.error, gradients.where).toBeLessThan(opCase.gradientTolerance ?? opCase.tolerance ?? 1e-5);
  });

  it("runs nothing by fallback and frees everything", () => {
    expect([...backend.fallbacks]).toEqual([]);
    expect(backend.memory().tensors).toBe(0);
  });
});

describe("simd threads", () => {
  it.each(["float32", "int16"] as const)("give the same bits whatever their number, %s", async (precision) => {
    const backends = await Promise.all(
      [1, 2, 3].map((threads) => createSimdBackend({ build: "base", threads, precision })),
    );
    for (const opCase of allCases) {
      const [one, ...others] = backends.map((backend) => bytesOf(runCase(backend, opCase)));
      for (const other of others) expect(Buffer.compare(other, one), titleOf(opCase)).toBe(0);
    }
    for (const backend of backends) backend.dispose();
  });
});

function bytesOf(results: Results): Buffer {
  const arrays = Object.values(results).flatMap((value) =>
    Array.isArray(value) ? (value as HostArray[]) : [value as HostArray],
  );
  return Buffer.concat(arrays.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)));
}

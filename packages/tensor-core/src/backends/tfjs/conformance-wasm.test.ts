// Every op and case on tfjs-wasm: values and gradients against the reference, nothing by fallback, nothing left behind.
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unfusedCases } from "../../ops/all-cases.ts";
import { compareWithReference, missingKernels, titleOf } from "../../testing/index.ts";
import { createTfjsBackend, type TfjsBackend } from "./index.ts";

describe("tfjs-wasm", () => {
  let backend: TfjsBackend;
  beforeAll(async () => {
    tf.enableProdMode();
    await tf.setBackend("wasm");
    backend = await createTfjsBackend(tf);
  });
  afterAll(() => backend.dispose());

  it.each(unfusedCases.map((opCase) => [titleOf(opCase), opCase] as const))("%s", (_, opCase) => {
    const { op, tolerance = 1e-5, gradientTolerance = tolerance } = opCase;
    expect(missingKernels(backend, op), "kernels missing").toEqual([]);
    const before = tf.memory().numTensors;
    const { values, gradients } = compareWithReference(backend, opCase);
    expect(values.error, values.where).toBeLessThan(tolerance);
    expect(gradients.error, gradients.where).toBeLessThan(gradientTolerance);
    expect(tf.memory().numTensors - before, "tf tensors left behind").toBe(0);
  });

  it("runs nothing by fallback and frees everything", () => {
    expect([...backend.fallbacks]).toEqual([]);
    expect(backend.memory().tensors).toBe(0);
  });
});

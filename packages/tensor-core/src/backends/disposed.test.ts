// Nobody waits for a backend that was disposed, and nobody gets values of it: whatever is asked of it throws at once.
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { afterAll, beforeAll, expect, it, describe } from "vitest";
import type { Backend } from "../backend.ts";
import { matmul, relu } from "../ops/index.ts";
import { scope } from "../scope.ts";
import { valueAndGradient } from "../tape.ts";
import { tensor, zeros } from "../tensor.ts";
import { createReferenceBackend } from "./reference/index.ts";
import { createSimdBackend } from "./simd/index.ts";
import { createTfjsBackend } from "./tfjs/index.ts";
import { fakeGpu, fakeGpuGlobals } from "../testing/fake-gpu.ts";
import { createWebgpuBackend } from "./webgpu/index.ts";

const backends: Readonly<Record<string, () => Promise<Backend>>> = {
  reference: async () => createReferenceBackend(),
  "simd, one thread": () => createSimdBackend({ threads: 1, build: "base" }),
  "simd, two threads": () => createSimdBackend({ threads: 2, build: "base" }),
  "tfjs-cpu": async () => {
    await tf.setBackend("cpu");
    return createTfjsBackend(tf);
  },
  webgpu: () => createWebgpuBackend({ gpu: fakeGpu(), allowSoftware: true }),
};

const restore: (() => void)[] = [];
beforeAll(() => void restore.push(fakeGpuGlobals()));
afterAll(() => restore.forEach((undo) => undo()));

describe.each(Object.keys(backends))("%s", (name) => {
  it("throws at once when it is used after its end", async () => {
    const backend = await backends[name]();
    const x = tensor(new Float32Array(2 ** 16).fill(1), [256, 256], backend);
    const gone = (user: string) => `[${user}] expected a backend in use, got ${backend.name}, which was disposed`;
    const { recorded } = scope(backend, () => ({ recorded: relu(x) }));
    expect(backend.disposed).toBe(false);
    backend.dispose();
    expect(backend.disposed).toBe(true);
    backend.dispose();

    expect(() => relu(x)).toThrow(gone("Relu"));
    expect(() => matmul(x, x)).toThrow(gone("Matmul"));
    expect(() => tensor([1], [1], backend)).toThrow(gone("tensor"));
    expect(() => zeros([1], backend)).toThrow(gone("tensor"));
    expect(() => valueAndGradient({ x }, (params) => ({ loss: relu(params.x) }))).toThrow("was disposed");
    await expect(x.read()).rejects.toThrow(gone("read"));
    if (backend.readSync) expect(() => x.readSync()).toThrow(gone("readSync"));
    expect(String(x)).toBe(`Tensor float32 [256, 256] on ${backend.name}, which was disposed`);
    x.dispose(); // in whatever order `using` gives things back
    recorded.dispose();
  });
});

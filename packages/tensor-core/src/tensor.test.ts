// A tensor in the hand of who uses it: what it prints, what type its values have, when it is freed.
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "./backend.ts";
import { createReferenceBackend } from "./backends/reference/index.ts";
import { createSimdBackend, type SimdBackend } from "./backends/simd/index.ts";
import { disposeSymbol } from "./dispose-symbol.ts";
import { tensor, zeros } from "./tensor.ts";

let simd: SimdBackend;
beforeAll(async () => {
  simd = await createSimdBackend({ threads: 1 });
});
afterAll(() => simd.dispose());

describe("shown", () => {
  it("as type, shape, backend and first values, in the console too", () => {
    const all = tensor([0.1, -2, 3.25, 1e-7, NaN, 12345678], [2, 3], simd);
    expect(String(all)).toBe("Tensor float32 [2, 3] on simd: 0.1, -2, 3.25, 1e-7, NaN, 12345700");
    expect(inspect(all)).toBe(String(all));
    // Within other things it takes no more room.
    expect(inspect({ logits: all })).toBe(`{\n  logits: ${String(all)}\n}`);
  });

  it("however many values there are", () => {
    const many = tensor([1, 2, 3, 4, 5, 6, 7], [7], simd, "int32");
    expect(String(many)).toBe("Tensor int32 [7] on simd: 1, 2, 3, 4, 5, 6, …");
    expect(inspect(zeros([1000, 1000], simd)).length).toBeLessThan(100);
    expect(String(zeros([0, 3], simd))).toBe("Tensor float32 [0, 3] on simd");
    expect(String(tensor([5], [], simd))).toBe("Tensor float32 [] on simd: 5");
  });

  it("after it was freed", () => {
    const gone = tensor([1], [1], simd);
    gone.dispose();
    expect(inspect(gone)).toBe("Tensor float32 [1] on simd, disposed");
  });

  it("on other backends, where their values are at hand", () => {
    const shown = String(tensor([1, 2, 3, 4, 5, 6, 7], [7], createReferenceBackend()));
    expect(shown).toBe("Tensor float32 [7] on reference: 1, 2, 3, 4, 5, 6, …");
    const { peek: _, ...far }: Backend = createReferenceBackend();
    expect(String(tensor([1], [1], far))).toBe("Tensor float32 [1] on reference");
  });
});

describe("read", () => {
  it("as the array of its dtype, on every backend", async () => {
    for (const backend of [simd, createReferenceBackend()]) {
      const floats: Float32Array = await tensor([0.1, 2], [2], backend).read("float32");
      expect(floats).toEqual(Float32Array.of(0.1, 2));
      const ids: Int32Array = tensor([7, 8], [2], backend, "int32").readSync("int32");
      expect(ids).toEqual(Int32Array.of(7, 8));
    }
    // What the reference backend has is not hidden from those who do not name a type.
    expect(await tensor([0.1], [1], createReferenceBackend()).read()).toEqual(Float64Array.of(0.1));
  });

  it("refuses another type", async () => {
    const ids = tensor([7, 8], [2], simd, "int32");
    await expect(ids.read("float32")).rejects.toThrow("[read] expected a tensor of float32, got int32 [2]");
    expect(() => ids.readSync("float32")).toThrow("[readSync] expected a tensor of float32, got int32 [2]");
  });
});

describe("using", () => {
  it("frees a tensor at the end of its block, also where that is left by an error", () => {
    const before = simd.memory().tensors;
    const work = (): number => {
      using x = tensor([1, 2, 3], [3], simd);
      expect(simd.memory().tensors).toBe(before + 1);
      if (x.size === 3) throw new Error("left");
      return x.size;
    };
    expect(work).toThrow("left");
    expect(simd.memory().tensors).toBe(before);
  });

  it("ends a backend", async () => {
    const backends: Backend[] = [];
    {
      using backend = await createSimdBackend({ threads: 2 });
      using other = createReferenceBackend();
      backends.push(backend, other);
      expect(tensor([1], [1], backend).readSync()[0]).toBe(1);
    }
    // Its threads are gone: ending them again does nothing.
    for (const backend of backends) expect(() => backend[disposeSymbol]()).not.toThrow();
  });
});

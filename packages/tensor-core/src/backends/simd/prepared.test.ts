import { describe, expect, it } from "vitest";
import { createAllocator } from "./allocator.ts";
import { conv2d, linear } from "../../ops/index.ts";
import { scope } from "../../scope.ts";
import { tensor, type Tensor } from "../../tensor.ts";
import { hashSigned } from "../../testing/hash.ts";
import { createSimdBackend } from "./index.ts";
import { createPreparedForms } from "./prepared.ts";

describe("createPreparedForms", () => {
  it("prepares a form once, and again when the tensor was written to", () => {
    const allocator = createAllocator(64, () => true);
    const forms = createPreparedForms(allocator);
    const filled: number[] = [];
    const find = (version: number, form = "packed", bytes = 256, tensor = 1024) =>
      forms.find({ address: tensor, version }, form, bytes, (address) => void filled.push(address));
    const first = find(0);
    expect(find(0)).toBe(first);
    expect(filled).toEqual([first]);
    expect(find(1)).toBe(first);
    expect(filled).toEqual([first, first]);
    const other = find(1, "transformed");
    expect(other).not.toBe(first);
    expect(find(1, "packed", 256, 2048)).not.toBe(first);
    expect(forms.count).toBe(3);
    expect(find(1, "packed", 512)).not.toBe(other);
    expect(forms.count).toBe(3);
    forms.free(1024);
    expect(forms.count).toBe(1);
    forms.free(1024);
    forms.free(2048);
    expect([forms.count, allocator.blocks, allocator.live]).toEqual([0, 0, 0]);
  });
});

describe("prepare", () => {
  it.each(["float32", "int16"] as const)(
    "makes what kernels keep of parameters, and nothing else: %s",
    async (precision) => {
      const backend = await createSimdBackend({ build: "base", threads: 2, precision });
      const values = (size: number): Float32Array => Float32Array.from({ length: size }, (_, i) => hashSigned(1, i));
      const filter = tensor(values(32 * 9 * 16), [32, 3, 3, 16], backend);
      const weight = tensor(values(24 * 32), [24, 32], backend);
      const images = tensor(values(40 * 40 * 16), [1, 40, 40, 16], backend);
      const run = (): Tensor => scope(backend, () => linear(conv2d(images, { filter }, { padding: 1 }), { weight }));
      const plain = backend.memory().live;
      let garbage: ArrayLike<number> = [];
      backend.prepare?.(() => {
        const y = run();
        garbage = y.readSync();
        y.dispose();
      });
      const kept = backend.memory().live;
      expect(kept).toBeGreaterThan(plain + weight.size * 2);
      const y = run();
      expect(backend.memory().live).toBe(kept + y.size * 4);
      const fresh = await createSimdBackend({ build: "base", threads: 1, precision });
      const expected = scope(fresh, () =>
        linear(
          conv2d(
            tensor(values(40 * 40 * 16), images.shape, fresh),
            { filter: tensor(values(32 * 9 * 16), filter.shape, fresh) },
            { padding: 1 },
          ),
          { weight: tensor(values(24 * 32), weight.shape, fresh) },
        ).readSync(),
      );
      expect([...y.readSync()]).toEqual([...expected]);
      expect(Array.from(garbage)).not.toEqual([...expected]);
      for (const backendUsed of [backend, fresh]) backendUsed.dispose();
    },
  );

  it("computes again after a body that throws", async () => {
    const backend = await createSimdBackend({ threads: 1, build: "base" });
    const fails = (): void => {
      throw new Error("not now");
    };
    expect(() => backend.prepare?.(fails)).toThrow("not now");
    const weight = tensor([1, 2], [1, 2], backend);
    expect([...linear(tensor([3, 4], [1, 2], backend), { weight }).readSync()]).toEqual([11]);
    backend.dispose();
  });
});

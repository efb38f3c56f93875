// What a caller meets who asks for a GPU: a software adapter only on request, limits in numbers, reads that wait.
import { afterEach, describe, expect, it } from "vitest";
import { gelu } from "../../ops/index.ts";
import { tensor } from "../../tensor.ts";
import { createWebgpuBackend, describeWebgpu, type WebgpuBackend, type WebgpuOptions } from "./index.ts";

const opened: WebgpuBackend[] = [];
async function open(options: WebgpuOptions = {}): Promise<WebgpuBackend> {
  const backend = await createWebgpuBackend({ allowSoftware: true, ...options });
  opened.push(backend);
  return backend;
}
afterEach(() => opened.splice(0).forEach((backend) => backend.dispose()));

it("names what is missing where there is no adapter", async () => {
  const gpu = { requestAdapter: () => Promise.resolve(null) };
  await expect(createWebgpuBackend({ gpu })).rejects.toThrow(
    "[createWebgpuBackend] expected a WebGPU adapter, got none",
  );
  await expect(describeWebgpu({ gpu })).rejects.toThrow("[describeWebgpu] expected a WebGPU adapter, got none");
});

describe.runIf(process.env.VK_DRIVER_FILES !== undefined)("on a software driver", () => {
  it("takes no software adapter unless told to", async () => {
    await expect(createWebgpuBackend()).rejects.toThrow(
      /^\[createWebgpuBackend\] expected a GPU, got the software adapter .*swiftshader.*; pass allowSoftware: true/i,
    );
  });

  it("describes the adapter", async () => {
    const description = await describeWebgpu();
    expect(description).toMatchObject({ software: true, tier: "float32" });
    expect(description.adapter).toMatch(/swiftshader/i);
    expect(description.features).toContain("timestamp-query");
    expect(description.limits["maxBufferSize"]).toBeGreaterThanOrEqual(2 ** 28);
    expect(await open()).toMatchObject(description);
  });

  it("is read with read(), not readSync()", async () => {
    const backend = await open();
    const x = tensor([1, 2, 3], [3], backend);
    expect(() => x.readSync()).toThrow("[readSync] backend webgpu can only be read with read()");
    expect([...(await x.read())]).toEqual([1, 2, 3]);
    expect(String(x)).toBe("Tensor float32 [3] on webgpu"); // looking at it waits for no device
  });

  it("says how much was wanted and how much there is", async () => {
    const backend = await open({ maximumBytes: 64 * 1024 });
    const held = tensor(new Float32Array(12 * 1024), [12 * 1024], backend);
    expect(() => tensor(new Float32Array(8 * 1024), [8 * 1024], backend)).toThrow(
      "[webgpu] expected at most 65536 bytes on the device, got 49408 in 2 live buffers and 32768 more; a smaller batch, " +
        "more micro-batches or, in training, recompute take less; code of your own frees tensors with scope(backend, body) or dispose()",
    );
    held.dispose();
    expect(tensor(new Float32Array(8 * 1024), [8 * 1024], backend).size).toBe(8 * 1024);
  });

  it("gives a repeated step the buffers of the first, in whatever order they came back", async () => {
    const backend = await open();
    const allocate = (): { memory: { id: number } }[] =>
      [1, 2, 3, 4].map(() => backend.allocate(64, "float32") as { memory: { id: number } });
    const idsOf = (handles: readonly { memory: { id: number } }[]): number[] => handles.map(({ memory }) => memory.id);
    const first = allocate();
    for (const order of [
      [2, 0, 3, 1],
      [3, 2, 1, 0],
      [0, 1, 2, 3],
    ]) {
      for (const i of order) backend.free(first[i]);
      const again = allocate();
      expect(idsOf(again)).toEqual(idsOf(first));
      first.splice(0, 4, ...again);
    }
  });

  it("refuses one tensor above the device's limit", async () => {
    const backend = await open();
    const limit = Math.min(backend.limits["maxBufferSize"], backend.limits["maxStorageBufferBindingSize"]);
    expect(() => backend.allocate(limit / 4 + 64, "float32")).toThrow(
      `[webgpu] expected tensors of at most ${limit} bytes on this device`,
    );
  });

  it("a backend that is disposed says to whoever reads at that moment that its device is gone", async () => {
    const backend = await open();
    const y = gelu(tensor([1], [1], backend));
    const reading = y.read();
    backend.dispose();
    await expect(reading).rejects.toThrow(/the device was lost \(destroyed\).*go on from the last checkpoint/s);
  });

  it("hands out no memory twice while it is in use", async () => {
    const backend = await open();
    const tensors = Array.from({ length: 50 }, (_, i) => tensor(new Float32Array(64).fill(i), [64], backend));
    tensors.filter((_, i) => i % 2 === 0).forEach((one) => one.dispose());
    const more = Array.from({ length: 50 }, (_, i) => tensor(new Float32Array(64).fill(100 + i), [64], backend));
    const kept = tensors.filter((_, i) => i % 2 === 1);
    const firsts = await Promise.all([...kept, ...more].map(async (one) => (await one.read())[0]));
    expect(firsts).toEqual([...kept.map((_, i) => 2 * i + 1), ...more.map((_, i) => 100 + i)]);
  });
});

import { afterEach, describe, expect, it, vi } from "vitest";
import { relu } from "../../ops/relu.ts";
import { tensor } from "../../tensor.ts";
import { createSimdBackend, simdBuilds, wasmBytes } from "./index.ts";
import { loadModule } from "./module.ts";

describe("createSimdBackend", () => {
  it("tells the build and the threads it runs with, and why", async () => {
    const backend = await createSimdBackend({ threads: 2, build: "base" });
    expect(backend).toMatchObject({ name: "simd", build: "base", threads: 2, reasons: { build: "asked for" } });
    expect(backend.reasons.threads).toMatch(/^2 of \d+ processors$/);
    backend.dispose();
  });

  it.each([false, true])("lets builds race where V8 merges vectors (shared memory: %s)", async (shared) => {
    await createSimdBackend({ threads: 1, v8Flags: true }).then((backend) => backend.dispose());
    const options = { build: "auto", shared, maximumBytes: 2 ** 24 } as const;
    // Readings: the start, then begin and end of either contestant; the first takes `slowness`, the other 1.
    const clock = (slowness: number) => {
      let time = 0;
      let reading = 0;
      return () => (time += reading++ % 4 === 2 ? slowness : 1);
    };
    const won = await loadModule({ ...options, raceClock: clock(2) });
    expect(won).toMatchObject({ build: "wide", panelWidth: 16 });
    expect(won.reason).toBe("V8 merges vectors to 256 bits: 2.00 times the speed of relaxed in a race");
    const lost = await loadModule({ ...options, raceClock: clock(1) });
    expect(lost).toMatchObject({ build: "relaxed", panelWidth: 8 });
    expect(lost.reason).toMatch(/wide had 1\.00 times the speed of relaxed in a race$/);
    expect(await loadModule(options)).toMatchObject({ build: "relaxed", panelWidth: 8 });
  });

  it("runs single-threaded where there is no shared memory, and says how to get threads", async () => {
    const original = globalThis.SharedArrayBuffer;
    try {
      Reflect.deleteProperty(globalThis, "SharedArrayBuffer");
      const backend = await createSimdBackend({ threads: 4, build: "base" });
      expect(backend.threads).toBe(1);
      expect(backend.reasons.threads).toContain("Cross-Origin-Opener-Policy");
      backend.dispose();
    } finally {
      globalThis.SharedArrayBuffer = original;
    }
  });

  it("refuses thread counts that make no sense", async () => {
    await expect(createSimdBackend({ threads: 0 })).rejects.toThrow(
      "[createSimdBackend] expected threads from 1 to 256, got 0",
    );
    await expect(createSimdBackend({ threads: 1.5 })).rejects.toThrow("got 1.5");
  });

  it("takes a module that the host has compiled, on one thread, and compiles none itself", async () => {
    const { WebAssembly } = globalThis as unknown as {
      WebAssembly: { compile(bytes: Uint8Array): Promise<object> };
    };
    const module = await WebAssembly.compile(wasmBytes("base", false));
    const { compile } = WebAssembly;
    WebAssembly.compile = () => Promise.reject(new Error("code generation is not allowed here"));
    try {
      const backend = await createSimdBackend({ module });
      expect(backend).toMatchObject({ build: "base", threads: 1, reasons: { build: "the module that was given" } });
      const x = tensor([-1, 2, -3], [3], backend);
      expect([...relu(x).readSync()]).toEqual([0, 2, 0]);
      backend.dispose();
      await expect(createSimdBackend({ module, threads: 2 })).rejects.toThrow(
        "expected one thread with a given module",
      );
      await expect(createSimdBackend({ threads: 1 })).rejects.toThrow(
        "expected a host that compiles WebAssembly, got Error: code generation is not allowed here; one that does not takes the option module",
      );
    } finally {
      WebAssembly.compile = compile;
    }
  });

  it("keeps values over memory growth and fails cleanly at the limit", async () => {
    const backend = await createSimdBackend({ threads: 1, build: "base", maximumBytes: 64 * 2 ** 20 });
    const first = tensor([1, 2, 3], [3], backend);
    const big = tensor(new Float32Array(8 * 2 ** 20), [8 * 2 ** 20], backend);
    expect([...first.readSync()]).toEqual([1, 2, 3]);
    expect(() => tensor(new Float32Array(12 * 2 ** 20), [12 * 2 ** 20], backend)).toThrow("[simd] out of memory");
    big.dispose();
    const fits = tensor(new Float32Array(12 * 2 ** 20).fill(5), [12 * 2 ** 20], backend);
    expect(fits.readSync()[0]).toBe(5);
    backend.dispose();
  });

  describe("where memory is scarce", () => {
    const { WebAssembly } = globalThis as unknown as { WebAssembly: { Memory: new (limits: object) => object } };
    const { Memory } = WebAssembly;
    afterEach(() => {
      WebAssembly.Memory = Memory;
      vi.restoreAllMocks();
    });
    const grantUpTo = (bytes: number): void => {
      WebAssembly.Memory = class extends Memory {
        constructor(limits: { readonly maximum: number }) {
          if (limits.maximum * 65536 > bytes) throw new RangeError("could not allocate memory");
          super(limits);
        }
      } as typeof Memory;
    };
    const endAddressSpaceAt = (bytes: number): void => {
      const files = new Map([
        ["/proc/self/limits", `Max address space         ${bytes}           unlimited            bytes\n`],
        ["/proc/self/status", `VmSize:\t  ${2 ** 20} kB\n`],
      ]);
      vi.spyOn(process.getBuiltinModule("node:fs"), "readFileSync").mockImplementation(
        (path) => files.get(String(path)) ?? "",
      );
    };

    it("reserves less, says so, and counts on no more", async () => {
      grantUpTo(2 ** 31);
      const backend = await createSimdBackend({ threads: 1, build: "base" });
      expect(backend.reasons.memory).toBe("2.00 GiB of 4.00 GiB, as more was refused");
      expect(backend.capacity).toEqual({ bytes: 2 ** 31 });
      backend.dispose();
    });

    it("leaves half of a limited address space to the rest of the process", async () => {
      endAddressSpaceAt(3 * 2 ** 30);
      const backend = await createSimdBackend({ threads: 1, build: "base" });
      expect(backend.reasons.memory).toBe(
        "1.00 GiB of 4.00 GiB, as the address space of this process ends at 3.00 GiB",
      );
      expect(backend.capacity).toEqual({ bytes: 2 ** 30 });
      backend.dispose();
    });

    it("tells the way where nothing is granted", async () => {
      endAddressSpaceAt(3 * 2 ** 30);
      grantUpTo(0);
      await expect(createSimdBackend({ threads: 1 })).rejects.toThrow(
        /got none of 4294967296 bytes or less; the address space of this process ends at 3\.00 GiB, .*--disable-wasm-trap-handler$/,
      );
    });

    it("says nothing where all was granted", async () => {
      const backend = await createSimdBackend({ threads: 1, build: "base" });
      expect(backend.reasons).not.toHaveProperty("memory");
      expect(backend.capacity).toEqual({ bytes: 2 ** 32 });
      backend.dispose();
    });
  });

  it("keeps every wasm build below 60 kB", () => {
    for (const build of simdBuilds) {
      for (const shared of [false, true]) expect(wasmBytes(build, shared).byteLength).toBeLessThan(60_000);
    }
  });
});

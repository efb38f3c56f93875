// Kernels are called by names and numbers of arguments that the compiler knows from the compiled module: the type check of the
// repository reads every line below, and each expected error that is none fails it.
import { describe, expect, expectTypeOf, it } from "vitest";
import { argumentCounts, type Kernels } from "../../generated/kernels.ts";
import type { RangeArguments, Simd } from "./context.ts";
import { createSimdBackend } from "./index.ts";
import { hasRelaxedSimd, loadModule, wasmBytes } from "./module.ts";
import { singleThread, startThreads } from "./threads.ts";

declare const WebAssembly: { readonly Module: new (bytes: Uint8Array) => object };

const onlyChecked = (simd: Simd) => {
  simd.parallel("reluForward", 8, 4, 1024, 2048);
  // @ts-expect-error one argument too few
  simd.parallel("reluForward", 8, 4, 1024);
  // @ts-expect-error one argument too many
  simd.parallel("reluForward", 8, 4, 1024, 2048, 4096);
  // @ts-expect-error the range is added by `parallel`
  simd.parallel("reluForward", 8, 4, 1024, 2048, 0, 8, 0);
  // @ts-expect-error no such kernel
  simd.parallel("reluForwards", 8, 4, 1024, 2048);
  // @ts-expect-error not a kernel over a range
  simd.parallel("storeMean", 8, 4);
  // @ts-expect-error a list may be of any length
  simd.parallel("reluForward", 8, 4, ...([1024, 2048] as number[]));
  simd.parallel("reluForward", 8, 4, ...simd.pointers(undefined, undefined));
  // @ts-expect-error one tensor too few
  simd.parallel("reluForward", 8, 4, ...simd.pointers(undefined));

  simd.call("storeMean", 1024, 2, 4096);
  // @ts-expect-error one argument too few
  simd.call("storeMean", 1024, 2);
  // @ts-expect-error one argument too many
  simd.call("storeMean", 1024, 2, 4096, 0);
  // @ts-expect-error no such kernel
  simd.call("storeMeans", 1024, 2, 4096);
  // @ts-expect-error called on its own, a kernel over a range is told the range
  simd.call("columnSums", 1024, 2048, 2, 2);
  simd.call("columnSums", 1024, 2048, 2, 2, 0, 2, 0);

  const bytes: number = simd.call("gemmScratchBytes");
  // @ts-expect-error gives nothing
  const nothing: number = simd.call("storeMean", 1024, 2, 4096);
  return [bytes, nothing];
};

describe("names and arguments of kernels", () => {
  it("are types", () => {
    expect(onlyChecked).toBeTypeOf("function");
    expectTypeOf<RangeArguments<"reluForward">>().toEqualTypeOf<[x: number, y: number]>();
    expectTypeOf<Parameters<Kernels["gemmPanelBytes"]>>().toEqualTypeOf<[N: number, K: number]>();
  });

  it.each(hasRelaxedSimd() ? (["base", "relaxed"] as const) : (["base"] as const))(
    "are those of the build %s",
    async (build) => {
      const { exports } = await loadModule({ build, shared: false, maximumBytes: 2 ** 20 });
      const counts = Object.entries(exports).map(([name, kernel]) => [name, kernel.length]);
      expect(Object.fromEntries(counts)).toEqual(argumentCounts);
    },
  );
});

describe("a kernel that the module does not have", () => {
  const refusal =
    "[simd] expected a kernel of the compiled module, got siluForward; npm run kernels compiles what is new";

  it.each([1, 2])("is refused by %i threads, which go on", async (count) => {
    const wasm = await loadModule({ build: "base", shared: count > 1, maximumBytes: 2 ** 20 });
    const threads = count > 1 ? await startThreads(wasm, count, 1024) : singleThread(wasm.exports);
    expect(() => threads.parallel("siluForward" as never, 8, 4, [2048, 4096])).toThrow(refusal);
    new Float32Array(wasm.memory.buffer, 2048, 8).fill(3);
    threads.parallel("reluForward", 8, 4, [2048, 4096]);
    expect([...new Float32Array(wasm.memory.buffer, 4096, 8)]).toEqual(new Array<number>(8).fill(3));
    threads.dispose();
  });
});

describe("a given module", () => {
  // Names of kernels changed in the bytes, to others of the same length.
  const renamed = (names: Readonly<Record<string, string>>): object => {
    const bytes = Buffer.from(wasmBytes("base", false));
    const places = Object.keys(names).map((name) => bytes.indexOf(name));
    Object.values(names).forEach((name, i) => bytes.write(name, places[i]));
    return new WebAssembly.Module(bytes);
  };

  it("is taken where it is of this version", async () => {
    const backend = await createSimdBackend({ module: renamed({}) });
    expect(backend.reasons.build).toBe("the module that was given");
    backend.dispose();
  });

  it("is refused where it lacks a kernel", async () => {
    await expect(createSimdBackend({ module: renamed({ reluForward: "reluForword" }) })).rejects.toThrow(
      "[createSimdBackend] expected a module whose reluForward takes 5 arguments, got one without it; take base.wasm or relaxed.wasm of this version of @beitjs/tensor-core",
    );
  });

  it("is refused where a kernel takes other arguments", async () => {
    const swapped = renamed({ copyFloats: "sumColumns", sumColumns: "copyFloats" });
    await expect(createSimdBackend({ module: swapped })).rejects.toThrow(
      "expected a module whose copyFloats takes 5 arguments, got one where it takes 7",
    );
  });
});

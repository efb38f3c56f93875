// Chooses the wasm build and instantiates it: `relaxed` (fused multiply-add) where the engine validates it, else `base`,
// each with shared memory (threads) or without. The only file of this package that touches WebAssembly.
import { baseWasm } from "../../generated/base.ts";
import { baseSharedWasm } from "../../generated/base-shared.ts";
import { relaxedWasm } from "../../generated/relaxed.ts";
import { relaxedSharedWasm } from "../../generated/relaxed-shared.ts";

declare namespace WebAssembly {
  type Module = object;
  type Memory = { readonly buffer: ArrayBuffer; grow(pages: number): number };
  const Memory: new (options: { initial: number; maximum: number; shared: boolean }) => Memory;
  const Instance: new (module: Module, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
  function compile(bytes: Uint8Array): Promise<Module>;
  function validate(bytes: Uint8Array): boolean;
}
declare const atob: (text: string) => string;

export type SimdBuild = "base" | "relaxed";
export type WasmMemory = WebAssembly.Memory;
export type KernelFunction = (...values: number[]) => number;

export type SimdModule = {
  readonly build: SimdBuild;
  readonly reason: string;
  readonly module: WebAssembly.Module;
  readonly memory: WasmMemory;
  readonly exports: Readonly<Record<string, KernelFunction>>;
};

const PAGE = 65536;
const binaries = {
  base: [baseWasm, baseSharedWasm],
  relaxed: [relaxedWasm, relaxedSharedWasm],
} as const;

/** Bytes of one wasm build, for size checks and benchmarks. */
export function wasmBytes(build: SimdBuild, shared: boolean): Uint8Array {
  return Uint8Array.from(atob(binaries[build][shared ? 1 : 0]), (character) => character.charCodeAt(0));
}

/** Whether this engine runs the `relaxed` build as it is. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(wasmBytes("relaxed", false));
}

/** Compiles the chosen build over a new memory of at most `maximumBytes`. */
export async function loadModule(options: {
  readonly build: SimdBuild | "auto";
  readonly shared: boolean;
  readonly maximumBytes: number;
}): Promise<SimdModule> {
  const { build, reason } = chooseBuild(options.build, options.shared);
  const memory = reserve(options.maximumBytes, options.shared);
  const module = await WebAssembly.compile(wasmBytes(build, options.shared));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = Object.entries(exports).filter(([, value]) => typeof value === "function");
  return { build, reason, module, memory, exports: Object.fromEntries(kernels) as Record<string, KernelFunction> };
}

/** Makes memory up to `end` bytes usable; false beyond the reserved maximum. Growing detaches every view of it. */
export function growMemory(memory: WasmMemory, end: number): boolean {
  const missing = Math.ceil((end - memory.buffer.byteLength) / PAGE);
  if (missing <= 0) return true;
  const generous = Math.max(missing, Math.ceil(memory.buffer.byteLength / PAGE / 4));
  for (const pages of [generous, missing]) {
    try {
      memory.grow(pages);
      return true;
    } catch {
      // The next, smaller request may still fit below the maximum.
    }
  }
  return false;
}

function chooseBuild(wanted: SimdBuild | "auto", shared: boolean): { build: SimdBuild; reason: string } {
  const relaxed = WebAssembly.validate(wasmBytes("relaxed", shared));
  if (wanted === "relaxed" && !relaxed) {
    throw new Error(
      "[createSimdBackend] expected an engine with relaxed SIMD, got one without (Node 20: pass v8Flags: true)",
    );
  }
  if (!WebAssembly.validate(wasmBytes("base", shared))) {
    throw new Error("[createSimdBackend] expected an engine with WebAssembly SIMD, got one without");
  }
  if (wanted !== "auto") return { build: wanted, reason: "asked for" };
  if (relaxed) return { build: "relaxed", reason: "this engine has relaxed SIMD (fused multiply-add)" };
  return { build: "base", reason: "this engine has no relaxed SIMD" };
}

// Phones refuse to reserve 4 GiB of shared memory: ask for less until one is granted.
function reserve(maximumBytes: number, shared: boolean): WasmMemory {
  for (let maximum = Math.floor(maximumBytes / PAGE); maximum >= 256; maximum = Math.floor(maximum / 2)) {
    try {
      return new WebAssembly.Memory({ initial: 16, maximum, shared });
    } catch {
      // Halve and try again.
    }
  }
  throw new RangeError(
    `[createSimdBackend] expected to reserve wasm memory, got none of ${maximumBytes} bytes or less`,
  );
}

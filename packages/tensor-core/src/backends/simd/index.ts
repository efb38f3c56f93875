// The simd backend: AssemblyScript kernels over one linear memory, with worker threads where memory can be shared.
// CPU training and inference, in Node and in browsers.
import type { Backend, DType } from "../../backend.ts";
import { disposeSymbol } from "../../dispose-symbol.ts";
import type { Tensor } from "../../tensor.ts";
import { createAllocator, type Allocator } from "./allocator.ts";
import { multipliesBytes, TEST_BYTES } from "./byte-products.ts";
import { bindKernels, type Simd, type SimdPrecision } from "./context.ts";
import * as allKernels from "./kernels/index.ts";
import { createDrySimd, idleThreads } from "./dry-run.ts";
import { createPreparedForms, type PreparedForms } from "./prepared.ts";
import { callKernel, growMemory, hasRelaxedSimd, loadModule, type SimdBuild, type SimdModule } from "./module.ts";
import { availableThreads, canShareMemory, MOST_THREADS } from "./processors.ts";
import { CONTROL_BYTES, singleThread, startThreads, type Threads } from "./threads.ts";
import { enableMergedVectors, enableRelaxedSimd, withRightByteProducts } from "./v8-flags.ts";

export type { SimdPrecision } from "./context.ts";
export type { SimdBuild } from "./module.ts";
export { simdBuilds, wasmBytes } from "./module.ts";

export type SimdOptions = {
  /**
   * Threads including the caller's, up to 256; default all processors that this process may use. 1 needs no shared memory. Where
   * threads do not start (a content security policy, Node's `--permission`), the default is one, and `reasons` says why.
   */
  readonly threads?: number;
  /** wasm build; `auto` takes relaxed SIMD where the engine has it, and `wide` where that wins a race at the start. */
  readonly build?: SimdBuild | "auto";
  /** Most memory the backend may use, in bytes; default 4 GiB (the limit of wasm), or what the host lets it reserve of that. */
  readonly maximumBytes?: number;
  /**
   * Let Node switch on V8's relaxed SIMD (Node 20: 1.3-1.4 times faster) and merging of vectors to 256 bits (since Node 22
   * on x64; 1.4-1.6 times with Node 24). The flags are process-wide, so this is off by default.
   */
  readonly v8Flags?: boolean;
  /**
   * How linear layers and convolutions multiply by parameters that are not being trained. `float32`, the default: outputs
   * within rounding of the reference. `int16`: 13 bits of rows and of weights, errors about 1e-4 of a product's size;
   * twice as fast as `base` in linear layers, on every engine. `int8`: 7 and 8 bits, errors about 1e-2; half the packed
   * weights again, only on engines that multiply bytes correctly. A tokenizer's last layer chooses exactly among what it is
   * given in all three. Training, and filters above 1 x 1 on images above 1024 pixels, are float32 in any case.
   */
  readonly precision?: SimdPrecision;
  /**
   * The build as a `WebAssembly.Module`, for hosts that compile none at run time (Cloudflare's workers): what importing
   * `@beitjs/tensor-core/wasm/base.wasm` gives there, or `relaxed.wasm` with `build: "relaxed"`. One thread.
   */
  readonly module?: object;
};

/** What comes before the first tensor. */
const FIRST_BYTES = 1024;

export const simdPrecisions = ["float32", "int16", "int8"] as const satisfies readonly SimdPrecision[];

export interface SimdBackend extends Backend {
  readonly build: SimdBuild;
  readonly threads: number;
  readonly precision: SimdPrecision;
  /** Why this build and this number of threads, and why less memory than asked for. */
  readonly reasons: { readonly build: string; readonly threads: string; readonly memory?: string };
}

/**
 * CPU backend with SIMD kernels.
 *
 * @throws if the engine has no WebAssembly SIMD, or not the build or the precision asked for, or if threads that were asked
 *   for do not start
 */
export async function createSimdBackend(options: SimdOptions = {}): Promise<SimdBackend> {
  // Newer engines have it on, and complain of a flag they no longer know.
  if (options.v8Flags && !hasRelaxedSimd()) enableRelaxedSimd();
  const build = options.build ?? "auto";
  const compiled = options.module;
  if (compiled && (options.threads ?? 1) > 1) {
    throw new Error(`[createSimdBackend] expected one thread with a given module, got ${options.threads}`);
  }
  const raceClock = options.v8Flags && (build === "auto" || build === "wide") ? enableMergedVectors() : undefined;
  const offered = compiled ? { count: 1, reason: "one with a given module" } : availableThreads();
  const wanted = checkThreads(options.threads ?? offered.count);
  const shared = wanted > 1 && canShareMemory();
  const precision = options.precision ?? "float32";
  const maximumBytes = options.maximumBytes ?? 2 ** 32;
  const wasm = await loadModule({
    build,
    shared,
    raceClock,
    compiled,
    maximumBytes,
  });
  const allocator = createAllocator(FIRST_BYTES, (end) => growMemory(wasm.memory, end));
  if (precision === "int8") checkByteProducts(wasm, allocator, options.v8Flags ?? false);
  const { threads, failure } = shared
    ? await openThreads(wasm, allocator, wanted, options.threads)
    : { threads: singleThread(wasm.exports), failure: undefined };
  const prepared = createPreparedForms(allocator);
  const simd = createContext(wasm, allocator, threads, prepared, precision);
  const reservedBlocks = allocator.blocks;
  let disposed = false;
  const dispose = (): void => {
    if (!disposed) threads.dispose();
    disposed = true;
  };
  return {
    name: "simd",
    build: wasm.build,
    threads: threads.count,
    precision,
    reasons: {
      build: wasm.reason,
      threads: failure ?? threadsReason(options.threads, shared, offered.reason),
      ...(wasm.memoryReason !== undefined && { memory: wasm.memoryReason }),
    },
    kernels: bindKernels(Object.values(allKernels), simd),
    fallbacks: new Set(),
    scopes: [],
    memory: () => ({
      live: allocator.live,
      peak: allocator.peak,
      tensors: allocator.blocks - reservedBlocks - prepared.count,
    }),
    allocate: (size: number, dtype: DType) => ({ address: allocator.allocate(size * 4), size, dtype }),
    free(handle) {
      const { address } = handle as SimdHandle;
      prepared.free(address);
      allocator.free(address);
    },
    write: (handle, values) => view(wasm, handle as SimdHandle).set(values),
    read: async (handle) => copy(view(wasm, handle as SimdHandle)),
    readSync: (handle) => copy(view(wasm, handle as SimdHandle)),
    peek: (handle, count) => copy(view(wasm, handle as SimdHandle).subarray(0, count)),
    prepare: (body) => simd.prepareOnly(body),
    capacity: { bytes: wasm.maximumBytes },
    dryRun() {
      const space = createAllocator(FIRST_BYTES, () => true);
      const forms = createPreparedForms(space);
      const idle = idleThreads(threads.count);
      return createDrySimd(space, forms, createContext(wasm, space, idle, forms, precision));
    },
    get disposed() {
      return disposed;
    },
    dispose,
    [disposeSymbol]: dispose,
  };
}

// Where nobody asked for threads, none is as good as it gets.
async function openThreads(
  wasm: SimdModule,
  allocator: Allocator,
  wanted: number,
  asked: number | undefined,
): Promise<{ readonly threads: Threads; readonly failure: string | undefined }> {
  const control = allocator.allocate(CONTROL_BYTES);
  try {
    return { threads: await startThreads(wasm, wanted, control), failure: undefined };
  } catch (cause) {
    allocator.free(control);
    const why = cause instanceof Error ? cause.message : String(cause);
    if (asked === undefined)
      return { threads: singleThread(wasm.exports), failure: `one, as threads do not start here: ${why}` };
    throw new Error(
      `[createSimdBackend] expected to start ${asked} threads, got: ${why}; where no number is given it goes on with one`,
      { cause },
    );
  }
}

function checkByteProducts(wasm: SimdModule, allocator: Allocator, v8Flags: boolean): void {
  const address = allocator.allocate(TEST_BYTES);
  const test = () => multipliesBytes(wasm, address);
  const works = wasm.build !== "base" && (v8Flags ? withRightByteProducts(test) : test());
  allocator.free(address);
  if (works) return;
  throw new Error(
    `[createSimdBackend] expected an engine that multiplies bytes correctly for precision int8, got ${
      wasm.build === "base" ? "the build base, which has no such product" : "one that fails the test of it"
    } (Node 20: pass v8Flags: true); int16 runs everywhere`,
  );
}

function threadsReason(asked: number | undefined, shared: boolean, offered: string): string {
  if (shared) return `${asked ?? "all"} of ${offered}`;
  return asked === 1 ? "asked for" : offered;
}

type SimdHandle = { readonly address: number; readonly size: number; readonly dtype: DType };

function createContext(
  wasm: SimdModule,
  allocator: Allocator,
  threads: Threads,
  prepared: PreparedForms,
  precision: SimdPrecision,
): Simd & { release(): void; prepareOnly(body: () => void): void } {
  const scratch: number[] = [];
  // Kernels compute, but for the time of `prepareOnly`: then only what makes a prepared form does.
  let computes = true;
  const during = (value: boolean, body: () => void): void => {
    const before = computes;
    computes = value;
    try {
      body();
    } finally {
      computes = before;
    }
  };
  return {
    threads: threads.count,
    precision,
    panelWidth: wasm.panelWidth,
    pointer,
    pointers: (...tensors) => tensors.map(pointer) as { [Slot in keyof typeof tensors]: number },
    call: (kernel, ...args) => callKernel(wasm.exports, kernel, args),
    parallel(kernel, count, grain, ...args) {
      if (computes) threads.parallel(kernel, count, grain, args);
    },
    scratch(bytes) {
      const address = allocator.allocate(bytes);
      scratch.push(address);
      return address;
    },
    prepared({ storage }, form, bytes, prepare) {
      const { address } = storage.handle as SimdHandle;
      const fill = (made: number): void => during(true, () => prepare(made));
      return prepared.find({ address, version: storage.version }, form, bytes, fill);
    },
    prepareOnly: (body) => during(false, body),
    float32: (address, length) => new Float32Array(wasm.memory.buffer, address, length),
    int32: (address, length) => new Int32Array(wasm.memory.buffer, address, length),
    release() {
      for (let address = scratch.pop(); address !== undefined; address = scratch.pop()) allocator.free(address);
    },
  };
}

function pointer(tensor: Tensor | undefined): number {
  return tensor ? (tensor.storage.handle as SimdHandle).address : 0;
}

function view(wasm: SimdModule, { address, size, dtype }: SimdHandle): Float32Array | Int32Array {
  return dtype === "int32"
    ? new Int32Array(wasm.memory.buffer, address, size)
    : new Float32Array(wasm.memory.buffer, address, size);
}

// Typed arrays over shared memory are refused by many web APIs: hand out plain ones.
function copy(values: Float32Array | Int32Array): Float32Array | Int32Array {
  return values instanceof Int32Array ? new Int32Array(values) : new Float32Array(values);
}

function checkThreads(threads: number): number {
  if (!Number.isInteger(threads) || threads < 1 || threads > MOST_THREADS) {
    throw new RangeError(`[createSimdBackend] expected threads from 1 to ${MOST_THREADS}, got ${threads}`);
  }
  return threads;
}

// Kernel threads over shared wasm memory. The main thread writes a job into a control block and raises its epoch; it and
// the workers then take ranges of the job from a shared counter until none is left. Ranges never share an output element
// and never split a sum, so results do not depend on the number of threads.
import type { RangeKernelName } from "../../generated/kernels.ts";
import { workerSource } from "../../generated/worker-source.ts";
import { nodeModule, nodeProcess } from "../../host.ts";
import type { SimdModule } from "./module.ts";

const EPOCH = 0,
  DONE = 1,
  KERNEL = 2,
  COUNT = 3,
  GRAIN = 4,
  NEXT = 5,
  ARGUMENTS = 6,
  FAILED = 7;
/** Bytes of the control block: 16 words, then 32 float64 arguments. */
export const CONTROL_BYTES = 64 + 32 * 8;

export interface Threads {
  readonly count: number;
  /** Runs `kernel(...args, begin, end, thread)` over [0, count) in ranges of `grain`. */
  parallel(kernel: RangeKernelName, count: number, grain: number, args: readonly number[]): void;
  dispose(): void;
}

type RangeKernel = (...values: readonly number[]) => void;

interface Worker {
  postMessage(message: unknown): void;
  terminate(): unknown;
}

/** Without workers: the ranges run here, one after another. */
export function singleThread(exports: SimdModule["exports"]): Threads {
  return {
    count: 1,
    parallel(kernel, count, grain, args) {
      const run = rangeKernel(exports, kernel);
      for (let begin = 0; begin < count; begin += grain) run(...args, begin, Math.min(begin + grain, count), 0);
    },
    dispose() {},
  };
}

// Types know every kernel; code that runs without a type check, as tests do, may be ahead of the module.
function rangeKernel(exports: SimdModule["exports"], kernel: RangeKernelName): RangeKernel {
  if (kernel in exports) return exports[kernel] as RangeKernel;
  throw new Error(
    `[simd] expected a kernel of the compiled module, got ${kernel}; npm run kernels compiles what is new`,
  );
}

/** Starts `count - 1` workers over the module's shared memory; `control` is the address of the control block. */
export async function startThreads(wasm: SimdModule, count: number, control: number): Promise<Threads> {
  const words = new Int32Array(wasm.memory.buffer, control, 16).fill(0);
  const values = new Float64Array(wasm.memory.buffer, control + 64, 32);
  const { module, memory, panelWidth } = wasm;
  const names = Object.keys(wasm.exports);
  const workers = await Promise.all(
    Array.from({ length: count - 1 }, (_, i) => startWorker({ module, memory, panelWidth, control, thread: i + 1 })),
  );
  const wake = (): void => {
    Atomics.add(words, EPOCH, 1);
    Atomics.notify(words, EPOCH);
  };
  return {
    count,
    parallel(kernel, total, grain, args) {
      const run = rangeKernel(wasm.exports, kernel);
      if (total <= grain) return void run(...args, 0, total, 0);
      words[KERNEL] = names.indexOf(kernel);
      words[COUNT] = total;
      words[GRAIN] = grain;
      words[ARGUMENTS] = args.length;
      values.set(args);
      Atomics.store(words, NEXT, 0);
      Atomics.store(words, DONE, 0);
      wake();
      takeRanges(words, run, total, grain, args);
      waitFor(words, workers.length);
      if (Atomics.exchange(words, FAILED, 0) !== 0) throw new Error(`[simd] kernel ${kernel} failed in a thread`);
    },
    dispose() {
      words[KERNEL] = -1;
      wake();
      for (const worker of workers) void worker.terminate();
    },
  };
}

/** Threads this machine offers, and why there may be just one. */
export function availableThreads(): { readonly count: number; readonly reason: string } {
  const { navigator, crossOriginIsolated } = globalThis as Host;
  if (typeof SharedArrayBuffer === "undefined" || crossOriginIsolated === false) {
    return {
      count: 1,
      reason:
        "no shared memory: serve the page with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp to get threads",
    };
  }
  const count = nodeProcess() ? nodeModule("node:os").availableParallelism() : (navigator?.hardwareConcurrency ?? 1);
  return { count, reason: `${count} processors` };
}

type Host = {
  navigator?: { hardwareConcurrency?: number };
  crossOriginIsolated?: boolean;
  Worker?: new (url: string) => Worker & { onmessage: () => void; onerror: (event: { message?: string }) => void };
  Blob?: new (parts: string[], options: { type: string }) => object;
  URL?: { createObjectURL(blob: object): string; revokeObjectURL(url: string): void };
};

async function startWorker(start: object): Promise<Worker> {
  const { Worker, Blob, URL } = globalThis as Host;
  if (nodeProcess()) {
    const { Worker: NodeWorker } = nodeModule("node:worker_threads");
    const worker = new NodeWorker(workerSource, { eval: true });
    const ready = new Promise<void>((resolve, reject) => {
      worker.once("message", () => resolve());
      worker.once("error", reject);
    });
    worker.postMessage(start);
    await ready;
    worker.unref();
    return worker;
  }
  if (!Worker || !Blob || !URL) throw new Error("[createSimdBackend] expected Worker, Blob and URL to start threads");
  const url = URL.createObjectURL(new Blob([workerSource], { type: "text/javascript" }));
  const worker = new Worker(url);
  await new Promise<void>((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = (event) =>
      reject(new Error(`[createSimdBackend] a thread did not start: ${event.message ?? "unknown"}`));
    worker.postMessage(start);
  });
  URL.revokeObjectURL(url);
  return worker;
}

function takeRanges(words: Int32Array, run: RangeKernel, total: number, grain: number, args: readonly number[]): void {
  for (let begin = Atomics.add(words, NEXT, grain); begin < total; begin = Atomics.add(words, NEXT, grain)) {
    run(...args, begin, Math.min(total, begin + grain), 0);
  }
}

// Browsers forbid waiting on the page's main thread: there the loop only looks.
function waitFor(words: Int32Array, workers: number): void {
  for (let spins = 0; Atomics.load(words, DONE) < workers; spins++) {
    if (spins < 10000) continue;
    try {
      Atomics.wait(words, DONE, Atomics.load(words, DONE), 1);
    } catch {
      spins = 0;
    }
  }
}

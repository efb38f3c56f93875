// Kernel threads over shared wasm memory. The main thread writes a job into a control block and raises its epoch; it and
// the workers then take ranges of the job from a shared counter until none is left. Ranges never share an output element
// and never split a sum, so results do not depend on the number of threads.
import type { RangeKernelName } from "../../generated/kernels.ts";
import { startKernelThreads, type KernelThread } from "./kernel-thread.ts";
import type { SimdModule } from "./module.ts";
import { MOST_THREADS } from "./processors.ts";

const EPOCH = 0,
  DONE = 1,
  KERNEL = 2,
  COUNT = 3,
  GRAIN = 4,
  NEXT = 5,
  ARGUMENTS = 6,
  FAILED = 7;
const WORDS = 16;
const MOST_ARGUMENTS = 32;
const FINISHED_AT = WORDS * 4 + MOST_ARGUMENTS * 8;
/** Bytes of the control block: 16 words, 32 float64 arguments, then the epoch that each thread finished last. */
export const CONTROL_BYTES = FINISHED_AT + MOST_THREADS * 4;

export interface Threads {
  readonly count: number;
  /** Runs `kernel(...args, begin, end, thread)` over [0, count) in ranges of `grain`. */
  parallel(kernel: RangeKernelName, count: number, grain: number, args: readonly number[]): void;
  dispose(): void;
}

type RangeKernel = (...values: readonly number[]) => void;

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

/**
 * Starts `count - 1` workers over the module's shared memory; `control` is the address of the control block.
 *
 * @throws if one of them does not start
 */
export async function startThreads(wasm: SimdModule, count: number, control: number): Promise<Threads> {
  const words = new Int32Array(wasm.memory.buffer, control, WORDS).fill(0);
  const values = new Float64Array(wasm.memory.buffer, control + WORDS * 4, MOST_ARGUMENTS);
  const finished = new Int32Array(wasm.memory.buffer, control + FINISHED_AT, count).fill(0);
  const { module, memory, panelWidth } = wasm;
  const names = Object.keys(wasm.exports);
  const workers = await startKernelThreads(
    Array.from({ length: count - 1 }, (_, i) => ({ module, memory, panelWidth, control, thread: i + 1 })),
  );
  const wake = (): void => {
    Atomics.add(words, EPOCH, 1);
    Atomics.notify(words, EPOCH);
  };
  // What was lost once stays lost: the job that waited for the thread is not done.
  let lost: string | undefined;
  const assertAlive = (): void => {
    lost ??= firstEnded(workers, count);
    if (lost !== undefined) throw lostThread(lost);
  };
  return {
    count,
    parallel(kernel, total, grain, args) {
      const run = rangeKernel(wasm.exports, kernel);
      assertAlive();
      if (total <= grain) return void run(...args, 0, total, 0);
      words[KERNEL] = names.indexOf(kernel);
      words[COUNT] = total;
      words[GRAIN] = grain;
      words[ARGUMENTS] = args.length;
      values.set(args);
      Atomics.store(words, FAILED, 0);
      Atomics.store(words, NEXT, 0);
      Atomics.store(words, DONE, 0);
      wake();
      try {
        takeRanges(words, run, total, grain, args);
      } finally {
        // Also where the caller's own range failed: the next job must not find the others in this one.
        lost = waitFor(words, finished, workers);
      }
      if (lost !== undefined) throw lostThread(lost);
      const failed = Atomics.load(words, FAILED);
      if (failed !== 0) throw new Error(`[simd] kernel ${kernel} failed in thread ${failed} of ${count}`);
    },
    dispose() {
      words[KERNEL] = -1;
      wake();
      for (const worker of workers) worker.terminate();
    },
  };
}

function takeRanges(words: Int32Array, run: RangeKernel, total: number, grain: number, args: readonly number[]): void {
  for (let begin = Atomics.add(words, NEXT, grain); begin < total; begin = Atomics.add(words, NEXT, grain)) {
    run(...args, begin, Math.min(total, begin + grain), 0);
  }
}

/** Looks at the counter before waiting for it, and again before looking whether the others are alive. */
const SPINS = 10_000;
const LIFE_EVERY = 100;
/** Rounds without any progress after which a thread counts as lost where the host cannot say: a minute or more. */
const MOST_ROUNDS = 60_000;

// Browsers forbid waiting on the page's main thread: there the loop only looks.
function waitFor(words: Int32Array, finished: Int32Array, workers: readonly KernelThread[]): string | undefined {
  let rounds = 0;
  for (let spins = 0; Atomics.load(words, DONE) < workers.length; spins++) {
    if (spins < SPINS) continue;
    const [done, next] = [Atomics.load(words, DONE), Atomics.load(words, NEXT)];
    try {
      Atomics.wait(words, DONE, done, 1);
    } catch {
      spins = 0;
    }
    rounds = Atomics.load(words, DONE) === done && Atomics.load(words, NEXT) === next ? rounds + 1 : 0;
    if (rounds === 0 || rounds % LIFE_EVERY !== 0) continue;
    const lost = lostWorker(words, finished, workers, rounds >= MOST_ROUNDS);
    if (lost !== undefined) return lost;
  }
  return undefined;
}

// The first of those that have not finished this job and are known, or after long enough believed, never to do so.
function lostWorker(
  words: Int32Array,
  finished: Int32Array,
  workers: readonly KernelThread[],
  longEnough: boolean,
): string | undefined {
  const epoch = Atomics.load(words, EPOCH);
  for (const [i, worker] of workers.entries()) {
    const ended = worker.hasEnded();
    if (ended === false || (ended === undefined && !longEnough) || finished[i + 1] === epoch) continue;
    const how = ended ? "its end" : "no answer for a minute";
    return `thread ${i + 1} of ${workers.length + 1} to finish its part, got ${how}`;
  }
  return undefined;
}

function firstEnded(workers: readonly KernelThread[], count: number): string | undefined {
  const at = workers.findIndex(({ ended }) => ended !== undefined);
  return at < 0 ? undefined : `thread ${at + 1} of ${count} to live, got its end: ${workers[at].ended}`;
}

function lostThread(what: string): Error {
  return new Error(
    `[simd] expected ${what}; this backend computes no more: dispose it and create another, and go on from the last checkpoint`,
  );
}

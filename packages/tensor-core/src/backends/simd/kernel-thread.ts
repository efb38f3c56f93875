// One thread that runs kernels: how it is started in Node and in browsers, and what is known of its end.
import { workerSource } from "../../generated/worker-source.ts";
import { nodeModule, nodeProcess, type NodeWorker } from "../../host.ts";

export interface KernelThread {
  terminate(): void;
  /** Why it has ended, once the host's events have told. */
  readonly ended: string | undefined;
  /**
   * Whether it has ended, asked while no event can arrive because the caller waits for it; undefined where the host cannot
   * tell.
   */
  hasEnded(): boolean | undefined;
}

/** What a started thread is told; see worker.ts. */
export type ThreadStart = {
  readonly module: object;
  readonly memory: object;
  readonly panelWidth: number;
  readonly control: number;
  readonly thread: number;
};

type WebWorker = {
  postMessage(message: unknown): void;
  terminate(): void;
  onmessage: (() => void) | null;
  onerror: ((event: { readonly message?: string }) => void) | null;
};

type Host = {
  Worker?: new (url: string) => WebWorker;
  Blob?: new (parts: string[], options: { type: string }) => object;
  URL?: { createObjectURL(blob: object): string; revokeObjectURL(url: string): void };
};

declare const setTimeout: (body: () => void, milliseconds: number) => unknown;
declare const clearTimeout: (timer: unknown) => void;

// Hundreds of threads start within seconds even on a busy machine. A host that swallows a refusal would never answer.
const START_MS = 60_000;

/** Starts all, or none: where one does not start the others are ended again. */
export async function startKernelThreads(starts: readonly ThreadStart[]): Promise<KernelThread[]> {
  const outcomes = await Promise.allSettled(starts.map(startKernelThread));
  const started = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const failure = outcomes.find((outcome) => outcome.status === "rejected");
  if (!failure) return started;
  for (const thread of started) thread.terminate();
  throw failure.reason;
}

async function startKernelThread(start: ThreadStart): Promise<KernelThread> {
  const { Worker } = globalThis as Host;
  if (!nodeProcess()) return startWebThread(start);
  let worker: NodeWorker;
  try {
    worker = new (nodeModule("node:worker_threads").Worker)(workerSource, { eval: true });
  } catch (error) {
    // Electron's renderer has Node's module and refuses its threads; it has those of browsers.
    if (Worker === undefined) throw error;
    return startWebThread(start);
  }
  return startNodeThread(worker, start);
}

async function startNodeThread(worker: NodeWorker, start: ThreadStart): Promise<KernelThread> {
  let ended: string | undefined;
  const { ready, settle } = createStart();
  worker.on("message", () => settle());
  worker.on("error", (error) => settle((ended = messageOf(error))));
  worker.on("exit", (code) => settle((ended ??= `it exited with code ${String(code)}`)));
  worker.postMessage(start);
  await orTerminate(worker, ready);
  worker.unref();
  // Asked for the first time, Node remembers when the thread's loop began; later it answers nothing for one that has ended.
  const canTell = (worker.performance?.eventLoopUtilization().active ?? 0) > 0;
  return {
    terminate: () => void worker.terminate(),
    get ended() {
      return ended;
    },
    hasEnded() {
      return canTell ? (worker.performance?.eventLoopUtilization().idle ?? 0) < 0 : undefined;
    },
  };
}

async function startWebThread(start: ThreadStart): Promise<KernelThread> {
  const { Worker, Blob, URL } = globalThis as Host;
  const missing = Object.entries({ Worker, Blob, URL }).flatMap(([name, value]) => (value ? [] : [name]));
  if (!Worker || !Blob || !URL) throw new Error(`this host has no ${missing.join(", no ")}`);
  const url = URL.createObjectURL(new Blob([workerSource], { type: "text/javascript" }));
  try {
    const worker = new Worker(url);
    let ended: string | undefined;
    const { ready, settle } = createStart();
    worker.onmessage = () => settle();
    worker.onerror = ({ message }) =>
      settle((ended = message || "an error without a message; a content security policy needs worker-src blob:"));
    worker.postMessage(start);
    await orTerminate(worker, ready);
    return {
      terminate: () => worker.terminate(),
      get ended() {
        return ended;
      },
      hasEnded: () => undefined,
    };
  } finally {
    URL.revokeObjectURL(url);
  }
}

// Settled by the first that happens: an answer, an end, too long a silence.
function createStart(): { readonly ready: Promise<void>; settle(failure?: string): void } {
  let settle!: (failure?: string) => void;
  const ready = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => settle(`no answer within ${START_MS / 1000} s`), START_MS);
    settle = (failure) => {
      clearTimeout(timer);
      if (failure === undefined) resolve();
      else reject(new Error(failure));
    };
  });
  return { ready, settle: (failure) => settle(failure) };
}

async function orTerminate(worker: { terminate(): unknown }, ready: Promise<void>): Promise<void> {
  try {
    await ready;
  } catch (error) {
    void worker.terminate();
    throw error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

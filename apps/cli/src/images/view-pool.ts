// Threads that read, decode and resize image files while this one computes: its kernels leave no time to answer files and
// decoders in between.
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { EvalViewOptions } from "@beitjs/trainers";
import { errorOf, type ImagePath, type ViewReply, type ViewRequest } from "./view-file.ts";

export interface ViewPool {
  /** What a model sees of a file. [size, size, channels] Rejects with the error of `readImage`. */
  view(path: ImagePath, view: EvalViewOptions): Promise<Float32Array>;
  /** Stops the threads; views that were not ready reject. */
  dispose(): Promise<void>;
}

export type ViewPoolOptions = {
  /** Images in work at a time, each of which keeps at most one processor busy. */
  readonly atATime: number;
  /** Flags of Node for the threads; this process' own by default. */
  readonly execArgv?: readonly string[];
};

// Most of the work is the decoder's, in threads of its own: one of ours is enough for several images.
const imagesOfAThread = 4;
// Sources and compiled files have different endings.
const threadFile = new URL(`./view-worker${extname(new URL(import.meta.url).pathname)}`, import.meta.url);

type Waiting = { readonly resolve: (pixels: Float32Array) => void; readonly reject: (error: Error) => void };

/** Starts the threads. */
export function openViewPool({ atATime, execArgv }: ViewPoolOptions): ViewPool {
  const count = Math.ceil(atATime / imagesOfAThread);
  const waiting = new Map<number, Waiting>();
  let failure: Error | undefined;
  const failAll = (error: Error): void => {
    failure ??= error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const workers = Array.from({ length: count }, (_, i) => {
    const share = Math.ceil((atATime - i) / count);
    const worker = new Worker(threadFile, {
      workerData: { atATime: share },
      ...(execArgv && { execArgv: [...execArgv] }),
    });
    worker.on("message", (reply: ViewReply) => {
      const entry = waiting.get(reply.id);
      waiting.delete(reply.id);
      if ("pixels" in reply) entry?.resolve(reply.pixels);
      else entry?.reject(errorOf(reply));
    });
    worker.on("error", failAll);
    worker.on("exit", (code) => failAll(new Error(`a thread that reads images ended with code ${code}`)));
    return worker;
  });
  let next = 0;
  return {
    view: (path, view) =>
      new Promise((resolve, reject) => {
        if (failure) return reject(failure);
        const id = next++;
        waiting.set(id, { resolve, reject });
        workers[id % count].postMessage({ id, path, view } satisfies ViewRequest);
      }),
    async dispose() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

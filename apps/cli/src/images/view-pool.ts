// Threads that read, decode and resize image files while this one computes: its kernels leave no time to answer files and
// decoders in between.
import { extname } from "node:path";
import { createDecodeBudget, type ImageFacts } from "@beitjs/trainers/node";
import { Tinypool } from "tinypool";
import { errorOf, type FactsRequest, type ViewReply, type ViewRequest, type ViewThreadData } from "./view-file.ts";

export interface ViewPool {
  /** What a model sees of a file. [H, W, channels] Rejects with the error of `readImage`. */
  view(request: ViewRequest): Promise<Float32Array>;
  /** What is known of a file once it was read; its problems are in it. */
  facts(request: FactsRequest): Promise<ImageFacts>;
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

/** Starts the threads. */
export function openViewPool({ atATime, execArgv }: ViewPoolOptions): ViewPool {
  const threads = Math.ceil(atATime / imagesOfAThread);
  const pool = new Tinypool({
    filename: threadFile,
    minThreads: threads,
    maxThreads: threads,
    // What is asked for lies with a thread at once, which takes its turns itself: while kernels run, nobody here could hand it on.
    concurrentTasksPerWorker: Infinity,
    workerData: { atATime, threads, budget: createDecodeBudget() } satisfies ViewThreadData,
    ...(execArgv && { execArgv: [...execArgv] }),
  });
  // A thread that ends with nothing to do is replaced; one with work to do has rejected it.
  pool.on("error", () => {});
  return {
    async view(request) {
      const reply = (await pool.run(request, { name: "view" })) as ViewReply;
      if ("message" in reply) throw errorOf(reply);
      return reply;
    },
    facts: (request) => pool.run(request, { name: "facts" }) as Promise<ImageFacts>,
    dispose: () => pool.destroy(),
  };
}

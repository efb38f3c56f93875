// A thread of view-pool.ts: prepares the images it is told to, some at a time, so that it resizes one while the decoder's own
// threads are at the next.
import type { ImageFacts } from "@beitjs/trainers/node";
import pLimit from "p-limit";
import { Tinypool, workerId } from "tinypool";
import {
  factsOfFile,
  failureOf,
  viewOfFile,
  type FactsRequest,
  type ViewFailure,
  type ViewRequest,
  type ViewThreadData,
} from "./view-file.ts";

if (!Tinypool.isWorkerThread) throw new Error("view-worker.ts is a thread of view-pool.ts, not a program");
const { atATime, threads, budget } = Tinypool.workerData as ViewThreadData;
// Threads are counted from 1; the first ones take what does not divide.
const limit = pLimit(Math.ceil((atATime + 1 - workerId) / threads));

/** @returns the pixels, moved to the other side instead of copied, or what is wrong with the file */
export function view(request: ViewRequest): Promise<ReturnType<typeof Tinypool.move> | ViewFailure> {
  return limit(() => viewOfFile(request, budget)).then((pixels) => Tinypool.move(pixels), failureOf);
}

/** @returns what is known of the file, problems included */
export function facts(request: FactsRequest): Promise<ImageFacts> {
  return limit(() => factsOfFile(request, budget));
}

// A thread of view-pool.ts: prepares the images it is told to, some at a time, so that it resizes one while the decoder's own
// threads are at the next.
import { parentPort, workerData } from "node:worker_threads";
import { createLimiter } from "@beitjs/trainers/node";
import { failureReply, viewOfFile, type ViewReply, type ViewRequest } from "./view-file.ts";

if (parentPort === null) throw new Error("view-worker.ts is a thread of view-pool.ts, not a program");
const port = parentPort;
const limit = createLimiter((workerData as { readonly atATime: number }).atATime);

port.on("message", ({ id, path, view }: ViewRequest) => {
  void limit(() => viewOfFile(path, view)).then(
    (pixels) => port.postMessage({ id, pixels } satisfies ViewReply, [pixels.buffer as ArrayBuffer]),
    (error: unknown) => port.postMessage(failureReply(id, error)),
  );
});

// The page's end of the trainer's worker, started when it is first needed.
import { proxy, type Remote } from "comlink";
import type { Trainer } from "../messages.ts";
import { startWorker } from "../start-worker.ts";

let started: Promise<{ readonly remote: Remote<Trainer> }> | undefined;

async function connect(): Promise<{ readonly remote: Remote<Trainer> }> {
  started ??= startWorker<Trainer>("trainer").catch((error: unknown) => {
    // The next call tries again.
    started = undefined;
    throw error;
  });
  return started;
}

export const trainer: Trainer = {
  saved: async () => (await connect()).remote.saved(),
  create: async (images, settings) => (await connect()).remote.create(images, settings),
  run: async (onReport, options) => (await connect()).remote.run(proxy(onReport), options),
  pause: async () => (await connect()).remote.pause(),
  download: async () => (await connect()).remote.download(),
  discard: async () => (await connect()).remote.discard(),
};

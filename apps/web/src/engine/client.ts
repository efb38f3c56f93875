// The page's end of the engine's worker.
import { proxy } from "comlink";
import type { Engine, OnProgress, WeightsSource } from "../messages.ts";
import { startWorker } from "../start-worker.ts";

const started = startWorker<Engine>("engine");

export const engine: Engine = {
  start: async () => (await started).remote.start(),
  openImage: async (image, colorProfile) => (await started).remote.openImage(image, colorProfile),
  codebookEntry: async (id) => (await started).remote.codebookEntry(id),
  imagine: async (cells, options) => (await started).remote.imagine(cells, options),
  attention: async () => (await started).remote.attention(),
  useWeights: async (source: WeightsSource, onProgress: OnProgress) =>
    (await started).remote.useWeights(source, proxy(onProgress)),
  useNormalization: async (choice) => (await started).remote.useNormalization(choice),
  useShipped: async () => (await started).remote.useShipped(),
  kept: async () => (await started).remote.kept(),
  forget: async (url) => (await started).remote.forget(url),
};

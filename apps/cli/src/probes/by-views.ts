// The paper's linear probe: classifiers of all blocks and rates learn from random views of the images. Pixels, which no encoder makes
// of views, are measured by regression.
import { augmentedBatch, augmentedProbe, usualProbeRates, type ProbePooling } from "@beitjs/trainers";
import type { Context } from "../program/command.ts";
import type { ProbeMethod } from "./run-probe.ts";

type Flags = {
  readonly epochs: number | undefined;
  readonly rates: readonly number[] | undefined;
  readonly pooling: ProbePooling;
  readonly batch: number;
  readonly seed: number;
  readonly baselines: boolean;
};

const usualEpochs = 10;

/** What differs from a probe by regression. */
export function byViews(
  flags: Flags,
  { terminal, interrupt }: Context,
): Required<Pick<ProbeMethod, "check" | "measureViews" | "facts">> {
  const { epochs = usualEpochs, rates = usualProbeRates, pooling, batch: batchSize, seed } = flags;
  return {
    facts: { probeMethod: "sgd", epochs, rates },
    check: (_, learnedFrom) => {
      const chosen = rates.length > 1 ? `, ${rates.length} rates at once, chosen by a held-out fifth of them` : "";
      const batch = augmentedBatch(learnedFrom);
      terminal.info(
        `learning from random views: ${epochs} ${epochs === 1 ? "epoch" : "epochs"} of ${learnedFrom} images in batches of ${batch}${chosen}`,
      );
      if (flags.baselines) terminal.info("pixels: measured by regression, without random views");
    },
    measureViews: async ({ name, blocks, encoder: { beit, view } }, train, tests) => {
      const numbers = blocks.flatMap((block) => block ?? []);
      let progress: ReturnType<typeof terminal.progress> | undefined;
      const onImages = (done: number, total: number): void => {
        progress ??= terminal.progress({ label: `training on ${name}`, total, unit: "images" });
        progress.update(done, "");
      };
      const options = {
        view,
        blocks: numbers,
        pooling,
        batchSize,
        epochs,
        rates,
        seed,
        signal: interrupt.signal,
        onImages,
      };
      return augmentedProbe(beit, train, tests, options).finally(() => progress?.stop());
    },
  };
}

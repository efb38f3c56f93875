// What a frozen model's features are worth as they are: classes by the nearest neighbors.
import { neighborScores } from "@beitjs/trainers";
import type { Context, FlagValues } from "../program/command.ts";
import { usageError } from "../program/exit-codes.ts";
import { runProbe } from "../probes/run-probe.ts";
import type { knnFlags } from "./declarations/knn.ts";

const known =
  "what to expect: masked modeling has weak neighbors whatever it learned; on ImageNet MAE ViT-B (100 epochs, k 200) has 11.2 % here and " +
  "81.3 % fine-tuned, DINO ViT-S 67.5 % and 79.8 %";

export async function run(flags: FlagValues<typeof knnFlags>, context: Context): Promise<number> {
  const { k, temperature = usualTemperature } = flags;
  return runProbe(
    flags,
    {
      ...{ name: "nearest neighbors", leavesOneOut: true, facts: { k, temperature }, known },
      check: (_, learnedFrom) => {
        if (k > learnedFrom) throw usageError(`--k ${k}: expected at most ${learnedFrom}, the images to learn from`);
      },
      measure: (backend, onStep) => (train, test) =>
        neighborScores(train, test ?? train, { k, temperature, backend, leaveOneOut: test === undefined, onStep }),
    },
    context,
  );
}

const usualTemperature = 0.07;

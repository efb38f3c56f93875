// What a frozen model's features are worth to a linear classifier, block by block.
import { linearProbe, type FeatureTable } from "@beitjs/trainers";
import type { Context, FlagValues } from "../program/command.ts";
import { runProbe } from "../probes/run-probe.ts";
import type { probeFlags } from "./declarations/probe.ts";

const known =
  "what to expect: masked modeling shows little of what it learned to a linear classifier; on ImageNet BEiT-B has 56.7 % here and " +
  "83.2 % fine-tuned, MAE ViT-B 67.1 % and 83.5 %, DINO ViT-S 73.3 % and 79.8 %";

export async function run(flags: FlagValues<typeof probeFlags>, context: Context): Promise<number> {
  const { seed } = flags;
  return runProbe(
    flags,
    {
      ...{ name: "linear probe", leavesOneOut: false, facts: {}, known },
      measure: (backend, onStep) => async (train, test) => {
        const scores = await linearProbe(train, test as FeatureTable, { seed, backend, onStep });
        if (!scores.converged)
          context.terminal.warn(
            `the regression ended after ${scores.iterations} iterations, near its minimum but not at it`,
          );
        return scores;
      },
    },
    context,
  );
}

// What a frozen model's features are worth to a linear classifier, block by block: by regression, or as the paper trains it.
import { linearProbe, type FeatureTable } from "@beitjs/trainers";
import type { Context, FlagValues } from "../program/command.ts";
import { usageError } from "../program/exit-codes.ts";
import { byViews } from "../probes/by-views.ts";
import { runProbe, type ProbeMethod } from "../probes/run-probe.ts";
import type { probeFlags } from "./declarations/probe.ts";

const known =
  "what to expect: masked modeling shows little of what it learned to a linear classifier; on ImageNet BEiT-B has 56.7 % here and " +
  "83.2 % fine-tuned, MAE ViT-B 67.1 % and 83.5 %, DINO ViT-S 73.3 % and 79.8 %";

type Flags = FlagValues<typeof probeFlags>;

export async function run(flags: Flags, context: Context): Promise<number> {
  const regression = byRegression(flags, context);
  if (flags.method === "sgd") return runProbe(flags, { ...regression, ...byViews(flags, context) }, context);
  for (const name of ["epochs", "rates"] as const) {
    if (flags[name] === undefined) continue;
    throw usageError(`--${name}: expected --method sgd beside it; a regression has one answer, without ${name}`);
  }
  return runProbe(flags, regression, context);
}

function byRegression({ seed }: Flags, { terminal }: Context): ProbeMethod {
  return {
    ...{ name: "linear probe", leavesOneOut: false, facts: {}, known },
    measure: (backend, onStep) => async (train, test) => {
      const scores = await linearProbe(train, test as FeatureTable, { seed, backend, onStep });
      if (!scores.converged)
        terminal.warn(`the regression ended after ${scores.iterations} iterations, near its minimum but not at it`);
      return scores;
    },
  };
}

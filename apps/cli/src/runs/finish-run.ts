// The end of a training command: what its checkpoints are worth, on held-out images and, if asked, on others; and its summary.
import type { Backend } from "@beitjs/tensor-core";
import type { ValidationState } from "@beitjs/trainers";
import { bestCheckpoint } from "@beitjs/trainers/node";
import type { Context } from "../program/command.ts";
import { formatMetric } from "./expectations.ts";
import { summaryStep, writeSummary } from "./folder.ts";
import type { TrainingResult, TrainingRunOptions } from "./training-run.ts";
import type { StepReport } from "@beitjs/trainers";

type Numbers = Readonly<Record<string, number>>;

/** What a checkpoint scores on test images, as numbers and in words. */
export type TestFigures = { readonly values: Numbers; readonly words: string };

export type FinishOptions = {
  /** Where the run computed. */
  readonly backend: Pick<Backend, "memory">;
  /** Measures a checkpoint on test images, where there are some. */
  readonly test?: (checkpoint: string) => Promise<TestFigures>;
  /** What is said of these images. */
  readonly testFacts?: Readonly<Record<string, unknown>>;
};

/** Tells of the best and the last checkpoint of a training run, writes its summary and tells where it is. */
export async function finishRun<Report extends StepReport<unknown>>(
  result: TrainingResult<Report>,
  run: TrainingRunOptions<Report>,
  { backend, test, testFacts }: FinishOptions,
  { terminal }: Context,
): Promise<void> {
  const { step, checkpoint, report, seconds, steps, validation, identity, totalSteps } = result;
  const { folder, recipe, facts, heldOut = "val" } = run;
  const peaks = peakMemory(backend);
  const kept = await bestCheckpoint(folder);
  const best = kept && kept.step === validation?.best?.step ? kept.path : undefined;
  tellBest(validation, result, best, { terminal });
  const tested = test && {
    ...testFacts,
    ...(best !== undefined && { best: await tell("best", best, test, { terminal }) }),
    last: await tell("last", checkpoint, test, { terminal }),
  };
  if (tested) terminal.event("test", tested);
  // Of a run that was finished before there is nothing new to tell, unless it was killed before it told.
  if (!report && (await summaryStep(folder)) === step) return terminal.event("done", { step, checkpoint });
  const weights = recipe.ema ? "average" : "raw";
  const { final, values, emaValues } = partsOf(result.recorded, heldOut);
  const summary = {
    stage: recipe.stage,
    step,
    checkpoint,
    // What commands that are given the run's folder take.
    model: { checkpoint: best ?? checkpoint, weights },
    final,
    thisCall: { steps, seconds, imagesPerSecond: (steps * recipe.batchSize) / seconds, ...peaks },
    ...identity,
    ...facts,
    ...(validation && {
      validation: {
        ...(facts["validation"] as object | undefined),
        metric: validation.metric,
        best: validation.best && { ...validation.best, checkpoint: best ?? null },
        ...(values && { last: { step, values, ...(emaValues && { emaValues }) } }),
        endedEarly: step < totalSteps,
      },
    }),
    ...(tested && { test: tested }),
    recipe,
  };
  const path = await writeSummary(folder, summary);
  terminal.info(`summary: ${path}; its curves: beit report ${folder}`);
  terminal.event("done", { step, checkpoint, summary: path });
}

// A line of metrics.jsonl taken apart: what the model reached, and what it scored on held-out images, by their own names.
function partsOf(recorded: Numbers, heldOut: string) {
  const own = (prefix: string): Numbers | undefined => {
    const named = Object.entries(recorded).filter(([name]) => name.startsWith(`${prefix}/`));
    return named.length > 0 ? Object.fromEntries(named.map(([name, value]) => [name.slice(prefix.length + 1), value])) : undefined;
  };
  const final = Object.entries(recorded).filter(([name]) => !ofStep.includes(name) && !name.includes("/"));
  return { final: Object.fromEntries(final), values: own(heldOut), emaValues: own(`${heldOut}-ema`) };
}

/** What a step was made with. */
const ofStep = ["epoch", "learningRate", "weightDecay", "gradientNorm"];

// Of the whole process (kilobytes, says Node), and of the tensors in it or on the device.
function peakMemory(backend: Pick<Backend, "memory">): Numbers {
  return { peakMemoryBytes: 1024 * process.resourceUsage().maxRSS, peakBackendBytes: backend.memory().peak };
}

function tellBest(
  validation: ValidationState | undefined,
  { report }: TrainingResult<StepReport<unknown>>,
  path: string | undefined,
  { terminal }: Pick<Context, "terminal">,
): void {
  if (!validation?.best) return;
  const { metric, best } = validation;
  const of = best.emaValues ? " of the averaged weights" : "";
  const where = path === undefined ? "" : ` (${path})`;
  const last = (report?.validation?.emaValues ?? report?.validation?.values)?.[metric];
  const then = last === undefined ? "" : `; of the last step: ${formatMetric(metric, last)}`;
  terminal.info(`best: val ${formatMetric(metric, best.value)}${of} at step ${best.step}${where}${then}`);
}

async function tell(
  which: "best" | "last",
  checkpoint: string,
  test: NonNullable<FinishOptions["test"]>,
  { terminal }: Pick<Context, "terminal">,
): Promise<{ readonly checkpoint: string; readonly values: Numbers }> {
  const { values, words } = await test(checkpoint);
  terminal.info(`test, ${which} checkpoint: ${words}`);
  return { checkpoint, values };
}

// What is kept and told of every step of a run: its line in metrics.jsonl, its event, the progress on the terminal, new warnings.
import type { StepReport, Validation } from "@beitjs/trainers";
import { openMetrics } from "@beitjs/trainers/node";
import type { Context } from "../program/command.ts";
import type { Progress } from "../program/terminal.ts";
import { formatMetric, formatMetrics } from "./expectations.ts";
import type { TrainingRunOptions } from "./training-run.ts";

export type StepRecord<Report> = {
  /** @param aside what else was measured after it */
  step(report: Report, aside?: Readonly<Record<string, number>>): Promise<void>;
  /** Values of the last step that was made, by the names of metrics.jsonl; also of one before this call. */
  readonly last: Readonly<Record<string, number>>;
  /** Puts the lines so far on the disk. */
  flush(): Promise<void>;
  close(): Promise<void>;
};

/** @param begin updates before this call; what was recorded after them is of a past that was left */
export async function recordSteps<Report extends StepReport<unknown>>(
  options: TrainingRunOptions<Report>,
  begin: number,
  context: Context,
): Promise<StepRecord<Report>> {
  const { recipe, heldOut = "val", stage, folder, metricsFolder = folder } = options;
  const { host, terminal } = context;
  const mark = stage !== undefined && { stage };
  const metrics = await openMetrics(metricsFolder, { after: begin, now: host.now, ...mark });
  const warn = warnOnce(context);
  let progress: Progress | undefined;
  let evaluated = "";
  let last = metrics.last?.step === begin ? metrics.last.values : {};
  return {
    async step(report, aside = {}) {
      const { step, totalSteps, loss, learningRate, weightDecay, gradientNorm, validation } = report;
      const epoch = (step * recipe.epochs) / totalSteps;
      const rates = { epoch, learningRate, ...(weightDecay !== undefined && { weightDecay }) };
      const measured = { ...options.metrics(report), ...heldOutValues(heldOut, validation), ...aside };
      const values = { loss, ...rates, gradientNorm, ...measured };
      await metrics.write(step, values);
      last = values;
      terminal.event("step", { ...mark, step, totalSteps, ...values });
      progress ??= terminal.progress({
        ...{ label: stage ?? recipe.stage, total: totalSteps, start: begin },
        ...{ unit: "images", perStep: recipe.batchSize },
      });
      if (validation) evaluated = tellValidation(heldOut, report, validation, context);
      progress.update(step, options.describe(report) + evaluated);
      warn(options.warning?.(report));
    },
    get last() {
      return last;
    },
    flush: () => metrics.flush(),
    async close() {
      progress?.stop();
      await metrics.close();
    },
  };
}

// As metrics.jsonl and TensorBoard have them beside those of training.
function heldOutValues(
  name: string,
  validation: Validation<unknown> | undefined,
): Readonly<Record<string, number>> {
  if (!validation) return {};
  const { values, emaValues = {} } = validation;
  return { ...named(name, values), ...named(`${name}-ema`, emaValues) };
}

function named(prefix: string, values: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}/${name}`, value]));
}

/** @returns the metric that decides, for the lines of the steps after */
function tellValidation(
  name: "val" | "test",
  { step, state }: StepReport<unknown>,
  { values, emaValues, best }: Validation<unknown>,
  { terminal }: Context,
): string {
  const average = emaValues ? `; averaged weights: ${formatMetrics(emaValues)}` : "";
  if (name === "val")
    terminal.info(`step ${step}: val ${formatMetrics(values)}${average}${best ? ", the best so far" : ""}`);
  terminal.event("validation", { step, values, ...(emaValues && { emaValues }), best });
  const metric = state.validation?.metric ?? Object.keys(values)[0];
  return `, ${name} ${formatMetric(metric, (emaValues ?? values)[metric])}`;
}

function warnOnce({ terminal }: Context): (warning: string | undefined) => void {
  let told = false;
  return (warning) => {
    if (warning !== undefined && !told) {
      terminal.warn(warning);
      terminal.event("warning", { message: warning });
    }
    told = warning !== undefined;
  };
}

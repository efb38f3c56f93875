// --dry-run: all that is known of a run before it, and a few real steps of it for its time. No run folder is made.
import { disposeTree } from "@beitjs/tensor-core";
import { imagesByClass, type Dataset, type StepReport } from "@beitjs/trainers";
import type { Context } from "../program/command.ts";
import { printable } from "../program/printable.ts";
import { formatDuration } from "../program/terminal.ts";
import type { TestImages } from "./held-out.ts";
import { formatBytes } from "./memory.ts";
import { tellPlan, type PlannedLoop, type ToldPlan } from "./plan.ts";
import { blockPlot, sampled } from "./plot.ts";

/** Columns of the plot of rates, its rows, and values of the event. */
const COLUMNS = 60;
const ROWS = 3;
/** Steps that are made; the first is not timed, as it makes what all others use. */
const STEPS = 3;
/** Classes that are told by name. */
const MOST_CLASSES = 20;

type Steps = AsyncGenerator<StepReport<unknown>, void, void>;

/** Tells a run by its loop; `train` begins it from its first step. */
export async function dryRun(
  loop: PlannedLoop & { readonly validation?: { readonly images: Dataset } | undefined },
  { train, test }: { readonly train: () => Steps; readonly test: TestImages | undefined },
  context: Context,
): Promise<void> {
  const { terminal } = context;
  const { validation } = loop;
  const told = await tellPlan(loop, context);
  tellClasses("images to learn from", loop.images, context);
  if (validation) tellClasses("images to validate on", validation.images, context);
  if (test) tellClasses("images of the last figure", test.images, context);
  const { plan } = told;
  const rates = sampled(plan.learningRate, plan.totalSteps, COLUMNS);
  terminal.info(`learning rate over ${plan.totalSteps} steps, at most ${Number(Math.max(...rates).toPrecision(3))}:`);
  for (const line of blockPlot(rates, ROWS)) terminal.info(`  ${line}`);
  const measured = await measure(train(), context);
  const peak = loop.backend.memory().peak;
  tellTime(told, measured, peak, context);
  terminal.event("dry-run", {
    learningRate: rates,
    weightDecay: sampled(plan.weightDecay, plan.totalSteps, COLUMNS),
    ...measured,
    imagesPerSecond: plan.batchSize / measured.secondsPerStep,
    seconds: measured.secondsPerStep * plan.totalSteps,
    measuredPeak: peak,
    ...(validation && { validationImages: imagesByClass(validation.images) ?? validation.images.length }),
    ...(test && { testImages: imagesByClass(test.images) ?? test.images.length }),
  });
  terminal.info("dry run: no run was made");
}

type Measured = { readonly steps: number; readonly secondsPerStep: number };

async function measure(steps: Steps, { host, interrupt }: Context): Promise<Measured> {
  const times = [host.elapsed()];
  let last: StepReport<unknown> | undefined;
  try {
    for await (const report of steps) {
      last = report;
      times.push(host.elapsed());
      await new Promise((resolve) => setImmediate(resolve));
      interrupt.check();
      if (times.length > STEPS) break;
    }
  } finally {
    if (last) disposeTree(last.state.trees.map(({ tree }) => tree));
  }
  const made = times.length - 1;
  const [from, timed] = made > 1 ? [times[1], made - 1] : [times[0], made];
  return { steps: made, secondsPerStep: (times[made] - from) / 1000 / timed };
}

function tellTime(
  { plan, memory }: ToldPlan,
  { steps, secondsPerStep }: Measured,
  peak: number,
  { terminal }: Pick<Context, "terminal">,
): void {
  const rate = (plan.batchSize / secondsPerStep).toPrecision(3);
  const used = memory ? ` and ${formatBytes(peak)} at most` : "";
  terminal.info(
    `measured: ${steps} steps, ${Number(secondsPerStep.toPrecision(2))} s a step (${rate} images/s)${used}; ` +
      `about ${formatDuration(secondsPerStep * plan.totalSteps)} for all ${plan.totalSteps}, without evaluations`,
  );
}

function tellClasses(what: string, images: Dataset, { terminal }: Pick<Context, "terminal">): void {
  const byClass = Object.entries(imagesByClass(images) ?? {});
  const named = byClass.slice(0, MOST_CLASSES).map(([name, count]) => `${printable(name)} ${count}`);
  const more = byClass.length > MOST_CLASSES ? `, and ${byClass.length - MOST_CLASSES} classes more` : "";
  terminal.info(`${what}: ${images.length}${named.length > 0 ? ` (${named.join(", ")}${more})` : ""}`);
}

// Drives a training loop from its folder: goes on from a checkpoint, records and shows every step, saves on the way and at
// the end, and stops well on Ctrl-C and on a loss that is not finite.
import { disposeTree } from "@beitjs/tensor-core";
import {
  checkpointInfo,
  NonFiniteError,
  runLength,
  type Dataset,
  type DecodedCheckpoint,
  type Recipe,
  type StepReport,
  type Validation,
  type ValidationState,
} from "@beitjs/trainers";
import { listCheckpoints, openMetrics, saveCheckpoint, type ImageProblem } from "@beitjs/trainers/node";
import type { BackendFacts } from "../backends/open.ts";
import type { Context } from "../program/command.ts";
import { environment } from "../program/environment.ts";
import { exitCodeOf, exitCodes, interruptedError, messageOf } from "../program/exit-codes.ts";
import { formatMetric, formatMetrics } from "./expectations.ts";
import { findCheckpoint, writeRecipe } from "./folder.ts";
import { beginFork, withOrigin, type Fork } from "./fork.ts";
import { leaveReplay } from "./leave-replay.ts";
import { compareRun } from "./other-run.ts";
import { settleImages, withoutImages, type Identity, type RunImages } from "./same-images.ts";
import { formatDuration, type Progress } from "../program/terminal.ts";
import { cliVersion } from "../program/version.ts";

/** A loop as a run drives it, with what is recorded and said of a step. */
export type TrainingLoop<Report extends StepReport<unknown>> = {
  readonly recipe: Recipe;
  readonly images: Dataset;
  readonly train: (resume: DecodedCheckpoint | undefined) => AsyncGenerator<Report, void, void>;
  /** Configuration of the model being trained. */
  readonly model: (report: Report) => object;
  /** What to record of a step beside loss, rate and norm. */
  readonly metrics: (report: Report) => Readonly<Record<string, number>>;
  /** How it goes, for people, with what to expect. */
  readonly describe: (report: Report) => string;
  /** A warning, which is told when it is a new one. */
  readonly warning?: (report: Report) => string | undefined;
};

export type TrainingRunOptions<Report extends StepReport<unknown>> = TrainingLoop<Report> & {
  /** Where `checkpoints/` lies; created and locked by the caller. */
  readonly folder: string;
  /** `auto`, `never` or a checkpoint's path. */
  readonly resume: string;
  readonly saveEvery: number;
  /** How many of the last checkpoints are kept; 2 by default. */
  readonly keep?: number | undefined;
  /** What evaluated images are called; of test images, which decide nothing, the curves tell. */
  readonly heldOut?: "val" | "test";
  /** Facts besides the recipe that must be the same when the run goes on: images, starting weights. */
  readonly identity: Identity;
  /** The images, where they are to be told from others when the run goes on. */
  readonly runImages?: RunImages;
  /** What a run without checkpoints begins with. */
  readonly fork?: Fork | undefined;
  /** Other facts for the checkpoint's manifest. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** Where metrics.jsonl lies, if not in `folder`, and the mark of this part's lines in it. */
  readonly metricsFolder?: string;
  readonly stage?: string;
};

export type TrainingResult<Report> = {
  /** Finished updates, also those before this call. */
  readonly step: number;
  readonly totalSteps: number;
  /** Newest checkpoint. */
  readonly checkpoint: string;
  /** The last step's report; none if the run was finished already. The optimizer's state in it is freed. */
  readonly report: Report | undefined;
  /** What was recorded of the last step, by the names of metrics.jsonl; also of one before this call. */
  readonly recorded: Readonly<Record<string, number>>;
  /** What is known of the evaluations so far. */
  readonly validation: ValidationState | undefined;
  /** Of this call. */
  readonly seconds: number;
  readonly steps: number;
  /** That of the options, with the hash of the images. */
  readonly identity: Identity;
};

/**
 * Runs a training loop to its end.
 *
 * @throws with exit code 130 after saving if it was interrupted; naming step, tensor and last good checkpoint if the
 * loss or a gradient is not finite; a usage error if the folder holds another run
 */
export async function trainingRun<Report extends StepReport<unknown>>(
  asked: TrainingRunOptions<Report>,
  context: Context,
): Promise<TrainingResult<Report>> {
  const { folder, recipe, train, keep = 2, heldOut = "val", fork } = asked;
  const { host, terminal, interrupt } = context;
  const found = await findCheckpoint(folder, asked.resume, context);
  const resume = found ?? (fork && (await beginFork(fork, asked, context)));
  const options = { ...asked, identity: withOrigin(asked, resume) };
  if (resume) compareRun(withoutImages(resume, options), options, context);
  const identity = await settleImages(options, resume, context);
  await writeRecipe(folder, recipe);
  const begin = resume?.manifest.step ?? 0;
  const metrics = await openMetrics(options.metricsFolder ?? folder, {
    after: begin,
    now: host.now,
    ...(options.stage !== undefined && { stage: options.stage }),
  });
  const began = host.now();
  const warn = warnOnce(context);
  let progress: Progress | undefined;
  let last: Report | undefined;
  let recorded = metrics.last?.step === begin ? metrics.last.values : {};
  let evaluated = "";
  let saved = resume?.path;
  let savedStep = begin;
  let attempted = begin;
  const save = async (report: Report): Promise<void> => {
    attempted = report.step;
    const best = report.validation?.best === true;
    const run = { identity, ...options.facts };
    const info = checkpointInfo(report, { recipe, model: options.model(report), run });
    await metrics.flush();
    saved = await saveCheckpoint(folder, report.state, info, { keep, best });
    savedStep = report.step;
    terminal.event("checkpoint", { step: report.step, path: saved });
  };
  try {
    for await (const report of train(resume)) {
      last = report;
      // The loop's next word is why; what it is about is saved then.
      if (report.unevaluated) continue;
      const { step, totalSteps, loss, learningRate, weightDecay, gradientNorm, validation } = report;
      const epoch = (step * recipe.epochs) / totalSteps;
      const rates = { epoch, learningRate, ...(weightDecay !== undefined && { weightDecay }) };
      const values = { loss, ...rates, gradientNorm, ...options.metrics(report), ...heldOutValues(heldOut, validation) };
      await metrics.write(step, values);
      recorded = values;
      terminal.event("step", {
        ...(options.stage !== undefined && { stage: options.stage }),
        step,
        totalSteps,
        ...values,
      });
      progress ??= terminal.progress({
        label: options.stage ?? recipe.stage,
        total: totalSteps,
        start: begin,
        unit: "images",
        perStep: recipe.batchSize,
      });
      if (validation) evaluated = tellValidation(heldOut, report, validation, context);
      progress.update(step, options.describe(report) + evaluated);
      warn(options.warning?.(report));
      if (step % options.saveEvery === 0 || report.ends || validation?.best) await save(report);
      // The loop may never wait for anything: let timers, signals and streams have their turn.
      await new Promise((resolve) => setImmediate(resolve));
      if (interrupt.requested) break;
    }
    if (last && savedStep !== last.step) await save(last);
  } catch (error) {
    if (error instanceof NonFiniteError) {
      const state = last ? { report: last, model: options.model(last) } : resume;
      throw await explainNonFinite(error, folder, await leaveReplay(error, state, options, context));
    }
    if (last && attempted !== last.step) await saveAfter(error, save, last, context);
    if (exitCodeOf(error) !== exitCodes.interrupted || !last) throw error;
  } finally {
    progress?.stop();
    await metrics.close();
    if (last) disposeTree(last.state.trees.filter(({ tree }) => tree !== last?.state.params));
  }
  const step = last?.step ?? begin;
  if (last && !last.ends) {
    terminal.info(
      `stopped at step ${step} of ${last.totalSteps}; saved as ${saved}; the same command goes on from there`,
    );
    terminal.event("interrupted", { step, checkpoint: saved });
    throw interruptedError();
  }
  if (!last) interrupt.check();
  const seconds = (host.now() - began) / 1000;
  const validation = last?.state.validation ?? resume?.manifest.validation;
  const early = last ? step < last.totalSteps : resume && resume.manifest.position.epoch < recipe.epochs;
  const without = early ? `; ${validation?.sinceBest} evaluations without an improvement ended it` : "";
  terminal.info(
    last
      ? `done: ${step} steps in ${formatDuration(seconds)}, saved as ${saved}${without}`
      : `nothing to do: the run has made its ${step} steps${without}`,
  );
  return {
    step,
    totalSteps: last?.totalSteps ?? runLength(recipe, options.images).totalSteps,
    checkpoint: saved as string,
    report: last,
    recorded,
    validation,
    seconds,
    steps: step - begin,
    identity,
  };
}

/** Facts of a run that do not decide whether it can go on: where it ran, on what, with which versions. */
export function runFacts({
  data,
  skipped,
  backend,
  ...others
}: {
  readonly data: string;
  readonly skipped: readonly ImageProblem[];
  readonly backend: BackendFacts;
} & Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return {
    dataPath: data,
    skippedImages: skipped.length,
    backend,
    versions: { beitjs: cliVersion(), node: process.version },
    environment: environment(),
    ...others,
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

// The state since the last checkpoint, before an error ends the run. The error is what is told in the end, whatever becomes of this.
async function saveAfter<Report extends { readonly step: number }>(
  error: unknown,
  save: (report: Report) => Promise<void>,
  report: Report,
  { terminal }: Context,
): Promise<void> {
  try {
    await save(report);
    if (exitCodeOf(error) !== exitCodes.interrupted)
      terminal.info(`step ${report.step} is saved: once the error below is mended, the same command goes on from there`);
  } catch (failure) {
    terminal.warn(messageOf(failure));
  }
}

async function explainNonFinite(error: NonFiniteError, folder: string, replay: boolean): Promise<Error> {
  const [newest] = await listCheckpoints(folder);
  const kept = newest ? `the last good checkpoint is ${newest.path}` : "no checkpoint had been saved yet";
  const advice = "lower learningRate.peak, lengthen learningRate.warmup or set adamW.clipNorm";
  const shown = replay ? `; beit replay ${folder} shows where it began` : "";
  return new Error(`${messageOf(error)}; ${kept}; ${advice}${shown}`, { cause: error });
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

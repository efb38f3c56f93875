// Drives a training loop from its folder: goes on from a checkpoint, saves on the way and at the end, and stops well on Ctrl-C and
// on a loss that is not finite.
import { disposeTree } from "@beitjs/tensor-core";
import {
  checkpointInfo,
  NonFiniteError,
  runLength,
  type Dataset,
  type DecodedCheckpoint,
  type Recipe,
  type StepReport,
  type ValidationState,
} from "@beitjs/trainers";
import { listCheckpoints, saveCheckpoint, type ImageProblem, type LoadedCheckpoint } from "@beitjs/trainers/node";
import type { BackendFacts } from "../backends/open.ts";
import type { Context } from "../program/command.ts";
import { environment } from "../program/environment.ts";
import { exitCodeOf, exitCodes, interruptedError, messageOf } from "../program/exit-codes.ts";
import { findCheckpoint, writeRecipe } from "./folder.ts";
import { beginFork, withOrigin, type Fork } from "./fork.ts";
import { leaveReplay } from "./leave-replay.ts";
import { compareRun } from "./other-run.ts";
import { recordSteps, type StepRecord } from "./record-steps.ts";
import { settleImages, withoutImages, type Identity, type RunImages } from "./same-images.ts";
import { formatDuration } from "../program/terminal.ts";
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
  /** What else is measured after a step, by the names of metrics.jsonl; nothing of the run may depend on it. */
  readonly aside?: ((report: Report) => Promise<Readonly<Record<string, number>>>) | undefined;
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
  const { host, interrupt } = context;
  const run = await beginRun(asked, context);
  const { options, resume } = run;
  const record = await recordSteps(options, run.begin, context);
  const began = host.elapsed();
  const saver = createSaver(run, record, context);
  let last: Report | undefined;
  try {
    for await (const report of options.train(resume)) {
      last = report;
      // The loop's next word is why; what it is about is saved then.
      if (report.unevaluated) continue;
      await record.step(report, await options.aside?.(report));
      const { step, ends, validation } = report;
      if (step % options.saveEvery === 0 || ends || validation?.best) await saver.save(report);
      // The loop may never wait for anything: let timers, signals and streams have their turn.
      await new Promise((resolve) => setImmediate(resolve));
      if (interrupt.requested) break;
    }
    if (last && saver.savedStep !== last.step) await saver.save(last);
  } catch (error) {
    await afterError(error, last, run, saver, context);
  } finally {
    await record.close();
    if (last) disposeTree(last.state.trees.filter(({ tree }) => tree !== last?.state.params));
  }
  const seconds = (host.elapsed() - began) / 1000;
  return endRun(run, { last, checkpoint: saver.path, recorded: record.last, seconds }, context);
}

type BegunRun<Report extends StepReport<unknown>> = {
  /** With what tells its origin, where it began as a fork. */
  readonly options: TrainingRunOptions<Report>;
  readonly resume: LoadedCheckpoint | undefined;
  /** That of the options, with the hash of the images. */
  readonly identity: Identity;
  /** Updates before this call. */
  readonly begin: number;
};

// Finds where to go on from, and refuses a folder of another run.
async function beginRun<Report extends StepReport<unknown>>(
  asked: TrainingRunOptions<Report>,
  context: Context,
): Promise<BegunRun<Report>> {
  const { folder, fork } = asked;
  const found = await findCheckpoint(folder, asked.resume, context);
  const resume = found ?? (fork && (await beginFork(fork, asked, context)));
  const options = { ...asked, identity: withOrigin(asked, resume) };
  if (resume) compareRun(withoutImages(resume, options), options, context);
  const identity = await settleImages(options, resume, context);
  await writeRecipe(folder, asked.recipe);
  return { options, resume, identity, begin: resume?.manifest.step ?? 0 };
}

type Saver<Report> = {
  /** Newest checkpoint, and its step. */
  readonly path: string | undefined;
  readonly savedStep: number;
  /** The step that was to be saved last, whether it could be or not. */
  readonly attempted: number;
  save(report: Report): Promise<void>;
};

function createSaver<Report extends StepReport<unknown>>(
  { options, resume, identity, begin }: BegunRun<Report>,
  record: StepRecord<Report>,
  { terminal }: Context,
): Saver<Report> {
  const { folder, recipe, keep = 2, facts } = options;
  let [path, savedStep, attempted] = [resume?.path, begin, begin];
  return {
    get path() {
      return path;
    },
    get savedStep() {
      return savedStep;
    },
    get attempted() {
      return attempted;
    },
    async save(report) {
      const { step, validation, state } = report;
      attempted = step;
      const run = { identity, ...facts };
      const info = checkpointInfo(report, { recipe, model: options.model(report), run });
      await record.flush();
      path = await saveCheckpoint(folder, state, info, { keep, best: validation?.best === true });
      savedStep = step;
      terminal.event("checkpoint", { step, path });
    },
  };
}

// What an error leaves: a replay of a loss that is not finite, else the state since the last checkpoint. An interruption ends well.
async function afterError<Report extends StepReport<unknown>>(
  error: unknown,
  last: Report | undefined,
  { options, resume }: BegunRun<Report>,
  saver: Saver<Report>,
  context: Context,
): Promise<void> {
  if (error instanceof NonFiniteError) {
    const state = last ? { report: last, model: options.model(last) } : resume;
    throw await explainNonFinite(error, options.folder, await leaveReplay(error, state, options, context));
  }
  if (last && saver.attempted !== last.step) await saveAfter(error, saver.save, last, context);
  if (exitCodeOf(error) !== exitCodes.interrupted || !last) throw error;
}

type Ended<Report> = {
  readonly last: Report | undefined;
  readonly checkpoint: string | undefined;
  readonly recorded: TrainingResult<Report>["recorded"];
  readonly seconds: number;
};

function endRun<Report extends StepReport<unknown>>(
  { options: { recipe, images }, resume, identity, begin }: BegunRun<Report>,
  { last, checkpoint, recorded, seconds }: Ended<Report>,
  { terminal, interrupt }: Context,
): TrainingResult<Report> {
  const step = last?.step ?? begin;
  if (last && !last.ends) {
    const where = `stopped at step ${step} of ${last.totalSteps}`;
    terminal.info(`${where}; saved as ${checkpoint}; the same command goes on from there`);
    terminal.event("interrupted", { step, checkpoint });
    throw interruptedError();
  }
  if (!last) interrupt.check();
  const validation = last?.state.validation ?? resume?.manifest.validation;
  const early = last ? step < last.totalSteps : resume && resume.manifest.position.epoch < recipe.epochs;
  const without = early ? `; ${validation?.sinceBest} evaluations without an improvement ended it` : "";
  terminal.info(
    last
      ? `done: ${step} steps in ${formatDuration(seconds)}, saved as ${checkpoint}${without}`
      : `nothing to do: the run has made its ${step} steps${without}`,
  );
  return {
    ...{ step, totalSteps: last?.totalSteps ?? runLength(recipe, images).totalSteps },
    ...{ checkpoint: checkpoint as string, report: last, recorded, validation, seconds, steps: step - begin, identity },
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

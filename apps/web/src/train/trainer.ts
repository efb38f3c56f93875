// The worker of training. A run is read from the browser's storage, trained from where it stands, and put back every few
// seconds; what continues it is the same code and the same state, so a resumed run is the run that never stopped.
import { strFromU8, strToU8, zipSync } from "fflate";
import { parameterCount } from "@beitjs/beit-encoder";
import { saveTokenizer, type Tokenizer } from "@beitjs/dvae-tokenizer";
import type { Backend } from "@beitjs/tensor-core";
import {
  checkpointInfo,
  decodeCheckpoint,
  encodeCheckpoint,
  pretrain,
  pretrainSmall,
  sha256,
  totalSteps,
  type CheckpointFiles,
  type Dataset,
  type PretrainRecipe,
  type TokenPretrainReport,
} from "@beitjs/trainers";
import { startFastest, startSimd } from "../engine/machine.ts";
import type { LoadedTokenizer } from "../engine/models.ts";
import { shippedTokenizer } from "../engine/shipped.ts";
import type {
  SavedRun,
  Trainer,
  TrainerOptions,
  TrainEvaluation,
  TrainReport,
  TrainSettings,
  TrainStep,
} from "../messages.ts";
import { photographFiles } from "../photographs.ts";
import { heldOutWords, partsOf } from "./held-out.ts";
import { datasetOf, readImages, runImages } from "./images.ts";
import { evaluateEvery, pageRecipe } from "./recipe.ts";
import { isSnapshotStep, picturesOf, snapshotOf, subjectOf } from "./snapshots.ts";
import { deleteRun, loadRun, saveRun, type StoredRun } from "./store.ts";

const SAVE_EVERY = 5000; // milliseconds
const REPORT_EVERY = 200;

// The tokenizer always runs on SIMD, beside the encoder's GPU where there is one.
let started: Promise<LoadedTokenizer> | undefined;
let pausing: AbortController | undefined;

export const trainer: Trainer = {
  async saved() {
    const run = await loadRun();
    return run && describe(run);
  },
  async create(files, settings) {
    const { run, notes } = await newRun(files, settings);
    await saveRun(run);
    return { run: await describe(run), notes };
  },
  run: (onReport, options) => alone(() => goOn(onReport, options)),
  async pause() {
    pausing?.abort();
  },
  async download() {
    const run = await loadRun();
    if (!run) throw new Error("[train] expected a run, got none");
    return zipSync(await folderOf(run), { level: 0 });
  },
  discard: deleteRun,
};

// Two tabs would write over each other's steps. Pages that are not secure have no locks.
async function alone<Result>(body: () => Promise<Result>): Promise<Result> {
  if (!("locks" in navigator)) return body();
  return navigator.locks.request("beitjs-run", { ifAvailable: true }, (lock) => {
    if (!lock) throw new Error("[train] expected to be the only tab that trains, got another");
    return body();
  });
}

async function goOn(
  onReport: (report: TrainReport) => void,
  { softwareGpu }: TrainerOptions,
): Promise<"finished" | "paused"> {
  const run = await loadRun();
  if (!run) throw new Error("[train] expected a run to go on with, got none");
  pausing = new AbortController();
  const { tokenizer } = await start();
  const { backend, machine } = await startFastest({ software: softwareGpu });
  onReport({ kind: "machine", machine });
  try {
    return await train(run, { backend, tokenizer, signal: pausing.signal, onReport });
  } finally {
    backend.dispose();
  }
}

function start(): Promise<LoadedTokenizer> {
  started ??= startSimd().then(({ backend }) => shippedTokenizer(backend));
  return started;
}

type TrainContext = {
  readonly backend: Backend;
  readonly tokenizer: Tokenizer;
  readonly signal: AbortSignal;
  readonly onReport: (report: TrainReport) => void;
};

async function train(from: StoredRun, context: TrainContext): Promise<"finished" | "paused"> {
  const { backend, tokenizer, signal, onReport } = context;
  const { recipe } = from;
  const { train: images, validation, first } = await runImages(from);
  const subject = await subjectOf(first, tokenizer, recipe);
  const resume = from.checkpoint.size > 0 ? await decodeCheckpoint(from.checkpoint) : undefined;
  const heldOut = validation && { validation: { images: validation, every: { epochs: evaluateEvery(recipe) } } };
  const run = resumable(from);
  const unsent: TrainStep[] = [];
  let [saved, told, begin] = [performance.now(), performance.now(), performance.now()];
  for await (const report of pretrain({ recipe, tokenizer, images, backend, ...heldOut, ...(resume && { resume }) })) {
    const { step, totalSteps, loss, accuracy, beit, ends } = report;
    const now = performance.now();
    const done = { step, totalSteps, loss, accuracy, imagesPerSecond: (1000 * recipe.batchSize) / (now - begin) };
    // A step whose evaluation failed is told again by the run that goes on.
    if (run.steps.at(-1)?.step !== step) {
      run.steps.push(done);
      unsent.push(done);
    }
    if (isSnapshotStep(step) || ends) {
      const snapshot = { step, picture: await snapshotOf(beit, subject) };
      run.snapshots.push(snapshot);
      onReport({ kind: "snapshot", snapshot });
    }
    const evaluation = evaluationOf(report);
    if (evaluation) {
      run.evaluations.push(evaluation);
      onReport({ kind: "evaluation", evaluation });
      if (evaluation.best) run.best = { step, checkpoint: await checkpointOf(report, recipe, images) };
    }
    const must = signal.aborted || ends || report.unevaluated === true;
    if (now - told > REPORT_EVERY || must) {
      onReport({ kind: "steps", steps: unsent.splice(0) });
      told = now;
    }
    if (now - saved > SAVE_EVERY || must) {
      await saveRun({ ...from, ...run, checkpoint: await checkpointOf(report, recipe, images) });
      onReport({ kind: "saved", step });
      saved = performance.now();
    }
    if (ends) return "finished";
    if (signal.aborted) break;
    // On SIMD a step never waits for anything: let messages in, `pause` among them.
    await new Promise((resolve) => setTimeout(resolve));
    begin = performance.now();
  }
  return "paused";
}

// What a run adds to as it goes on.
function resumable({ steps, snapshots, evaluations = [], best }: StoredRun) {
  return { steps: [...steps], snapshots: [...snapshots], evaluations: [...evaluations], best };
}

function evaluationOf({ step, validation }: TokenPretrainReport): TrainEvaluation | undefined {
  if (!validation) return undefined;
  const { loss, accuracy } = validation.scores;
  return { step, loss, accuracy, best: validation.best };
}

function checkpointOf(report: TokenPretrainReport, recipe: PretrainRecipe, images: Dataset): Promise<CheckpointFiles> {
  const { state, beit } = report;
  const run = { where: "apps/web", images: images.length };
  return encodeCheckpoint(state, checkpointInfo(report, { recipe, model: beit.config, run }));
}

// The layout of @beitjs/trainers/node, and beside it the tokenizer whose tokens the model predicts.
async function folderOf({ checkpoint, best, steps }: StoredRun): Promise<Record<string, Uint8Array>> {
  const manifest = checkpoint.get("manifest.json");
  if (!manifest || steps.length === 0) throw new Error("[train] expected a run with at least one step, got none");
  const { step: at } = JSON.parse(strFromU8(manifest)) as { readonly step: number };
  const { tokenizer } = await start();
  return {
    ...(await checkpointFolder(`step-${String(at).padStart(6, "0")}`, checkpoint)),
    ...(best && (await checkpointFolder("best", best.checkpoint))),
    "tokenizer.safetensors": await saveTokenizer(tokenizer),
  };
}

async function checkpointFolder(
  name: string,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<Record<string, Uint8Array>> {
  const hash = strToU8(`${await sha256(files.get("manifest.json") as Uint8Array)}\n`);
  const all = [...files, ["manifest.sha256", hash] as const];
  return Object.fromEntries(all.map(([file, bytes]) => [`beit-run/checkpoints/${name}/${file}`, bytes]));
}

async function newRun(
  files: Parameters<Trainer["create"]>[0],
  settings: TrainSettings,
): Promise<{ run: StoredRun; notes: readonly string[] }> {
  const given = files ?? (await photographFiles()).map((file) => ({ path: file.name, file }));
  const { colorProfile, heldOutShare: share } = settings;
  const { images, heldOut, notes } = await readImages(given, { colorProfile, share });
  const { tokenizer } = await start();
  const { train } = partsOf(datasetOf(images), heldOut, pretrainSmall.seed);
  const recipe = pageRecipe(train.length, tokenizer.config, settings);
  const run = { settings, recipe, images, heldOut, checkpoint: new Map(), steps: [], evaluations: [], snapshots: [] };
  return { run, notes };
}

async function describe(run: StoredRun): Promise<SavedRun> {
  const { recipe, steps, snapshots, evaluations = [] } = run;
  const { train, validation, count, first } = await runImages(run);
  const heldOutCount = validation?.length ?? 0;
  const parts = { train: count, validation: heldOutCount, every: evaluateEvery(recipe) };
  return {
    step: steps.at(-1)?.step ?? 0,
    totalSteps: totalSteps(recipe, train),
    images: count + heldOutCount,
    heldOut: { images: heldOutCount, words: heldOutWords(run.heldOut, parts) },
    parameters: parameterCount(recipe.model),
    steps,
    snapshots,
    evaluations,
    ...picturesOf(first, recipe),
  };
}

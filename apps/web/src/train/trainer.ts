// The worker of training. A run is read from the browser's storage, trained from where it stands, and put back every few
// seconds; what continues it is the same code and the same state, so a resumed run is the run that never stopped.
import { strFromU8, strToU8, zipSync } from "fflate";
import { parameterCount } from "@beitjs/beit-encoder";
import { saveTokenizer, type Tokenizer } from "@beitjs/dvae-tokenizer";
import type { Backend } from "@beitjs/tensor-core";
import { createImage, resize, type Image } from "@beitjs/tensor-core/image";
import {
  checkpointInfo,
  decodeCheckpoint,
  encodeCheckpoint,
  memoryDataset,
  pretrain,
  sha256,
  totalSteps,
  type CheckpointFiles,
  type Dataset,
  type PretrainRecipe,
  type PretrainReport,
} from "@beitjs/trainers";
import { startFastest, startSimd } from "../engine/machine.ts";
import type { LoadedTokenizer } from "../engine/models.ts";
import { readMiddle } from "../engine/pictures.ts";
import { shippedTokenizer } from "../engine/shipped.ts";
import type { ColorProfile, TrainerOptions, SavedRun, Trainer, TrainReport, TrainStep } from "../messages.ts";
import { photographFiles } from "../photographs.ts";
import { copies, KEPT_SIDE, pageRecipe } from "./recipe.ts";
import { isSnapshotStep, picturesOf, snapshotOf, subjectOf } from "./snapshots.ts";
import { deleteRun, loadRun, saveRun, type StoredImages, type StoredRun } from "./store.ts";

const SAVE_EVERY = 5000; // milliseconds
const REPORT_EVERY = 200;
const MOST_IMAGES = 500;

// The tokenizer always runs on SIMD, beside the encoder's GPU where there is one.
let started: Promise<LoadedTokenizer> | undefined;
let pausing: AbortController | undefined;

export const trainer: Trainer = {
  async saved() {
    const run = await loadRun();
    return run && describe(run);
  },
  async create(blobs, settings) {
    const { images, unreadable } = await readImages(blobs ?? (await photographFiles()), settings.colorProfile);
    const { tokenizer } = await start();
    const run: StoredRun = {
      settings,
      recipe: pageRecipe(images.names.length, tokenizer.config, settings),
      images,
      checkpoint: new Map(),
      steps: [],
      snapshots: [],
    };
    await saveRun(run);
    return { run: describe(run), unreadable };
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
  const subject = await subjectOf(imageAt(from.images, 0), tokenizer, recipe);
  const resume = from.checkpoint.size > 0 ? await decodeCheckpoint(from.checkpoint) : undefined;
  const images = datasetOf(from.images);
  const run = { steps: [...from.steps], snapshots: [...from.snapshots] };
  const unsent: TrainStep[] = [];
  let [saved, told, begin] = [performance.now(), performance.now(), performance.now()];
  for await (const report of pretrain({ recipe, tokenizer, images, backend, ...(resume && { resume }) })) {
    const { step, totalSteps, loss, accuracy, beit } = report;
    const now = performance.now();
    const done = { step, totalSteps, loss, accuracy, imagesPerSecond: (1000 * recipe.batchSize) / (now - begin) };
    run.steps.push(done);
    unsent.push(done);
    const last = step === totalSteps;
    if (isSnapshotStep(step) || last) {
      const snapshot = { step, picture: await snapshotOf(beit, subject) };
      run.snapshots.push(snapshot);
      onReport({ kind: "snapshot", snapshot });
    }
    if (now - told > REPORT_EVERY || signal.aborted || last) {
      onReport({ kind: "steps", steps: unsent.splice(0) });
      told = now;
    }
    if (now - saved > SAVE_EVERY || signal.aborted || last) {
      await saveRun({ ...from, ...run, checkpoint: await checkpointOf(report, recipe, images) });
      onReport({ kind: "saved", step });
      saved = performance.now();
    }
    if (last) return "finished";
    if (signal.aborted) break;
    // On SIMD a step never waits for anything: let messages in, `pause` among them.
    await new Promise((resolve) => setTimeout(resolve));
    begin = performance.now();
  }
  return "paused";
}

function checkpointOf(report: PretrainReport, recipe: PretrainRecipe, images: Dataset): Promise<CheckpointFiles> {
  const { state, beit } = report;
  const run = { where: "apps/web", images: images.length };
  return encodeCheckpoint(state, checkpointInfo(report, { recipe, model: beit.config, run }));
}

// The layout of @beitjs/trainers/node, and beside it the tokenizer whose tokens the model predicts.
async function folderOf({ checkpoint, steps }: StoredRun): Promise<Record<string, Uint8Array>> {
  const manifest = checkpoint.get("manifest.json");
  const step = steps.at(-1)?.step;
  if (!manifest || step === undefined) throw new Error("[train] expected a run with at least one step, got none");
  const { step: at } = JSON.parse(strFromU8(manifest)) as { readonly step: number };
  const folder = `beit-run/checkpoints/step-${String(at).padStart(6, "0")}`;
  const hash = strToU8(`${await sha256(manifest)}\n`);
  const files = [...checkpoint, ["manifest.sha256", hash] as const].map(
    ([name, bytes]) => [`${folder}/${name}`, bytes] as const,
  );
  const { tokenizer } = await start();
  return { ...Object.fromEntries(files), "tokenizer.safetensors": await saveTokenizer(tokenizer) };
}

function describe({ images, recipe, steps, snapshots }: StoredRun): SavedRun {
  return {
    step: steps.at(-1)?.step ?? 0,
    totalSteps: totalSteps(recipe, datasetOf(images)),
    images: images.names.length,
    parameters: parameterCount(recipe.model),
    steps,
    snapshots,
    ...picturesOf(imageAt(images, 0), recipe),
  };
}

// Files that are no images are left out, and named.
async function readImages(
  blobs: readonly Blob[],
  colorProfile: ColorProfile,
): Promise<{ images: StoredImages; unreadable: string[] }> {
  const [unreadable, names, data]: [string[], string[], Uint8Array[]] = [[], [], []];
  for (const [index, blob] of blobs.slice(0, MOST_IMAGES).entries()) {
    const name = blob instanceof File ? blob.name : `image ${index + 1}`;
    try {
      const square = await readMiddle(blob, KEPT_SIDE, colorProfile);
      data.push(resize(square, { width: KEPT_SIDE, height: KEPT_SIDE, filter: "lanczos" }).data);
      names.push(name);
    } catch {
      unreadable.push(name);
    }
  }
  if (data.length === 0) throw new Error(`[train] expected at least one image, got none among ${blobs.length} files`);
  const all = new Uint8Array(data.length * data[0].length);
  data.forEach((bytes, i) => all.set(bytes, i * bytes.length));
  return { images: { side: KEPT_SIDE, data: all, names }, unreadable };
}

function datasetOf({ side, data, names }: StoredImages): Dataset {
  const name = (index: number): string => names[index];
  const kept = memoryDataset({ width: side, height: side, channels: 3, data, name });
  const count = kept.length;
  return {
    length: count * copies(count),
    get: (index) => kept.get(index % count),
    label: () => undefined,
    name: (index) => name(index % count),
  };
}

function imageAt({ side, data }: StoredImages, index: number): Image {
  const size = side * side * 3;
  return createImage(side, side, 3, data.slice(index * size, (index + 1) * size));
}

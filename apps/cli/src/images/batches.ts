// Files to batches of what a model sees, in order. Each file is read once; the next batches are read, decoded and resized in
// other threads while the model works on this one.
import { evalView, type EvalViewOptions } from "@beitjs/trainers";
import { isImageError } from "@beitjs/trainers/node";
import pLimit from "p-limit";
import { imagesAtATime, mayOpenFewFiles } from "./at-a-time.ts";
import type { Context } from "../program/command.ts";
import { inOrder } from "./in-order.ts";
import type { ImageSources, SourcePart } from "./sources.ts";
import { openViewPool } from "./view-pool.ts";

export type ImageBatch = {
  readonly names: readonly string[];
  /** Places in the sources. */
  readonly indices: readonly number[];
  /** [H, W, channels] each */
  readonly views: readonly Float32Array[];
};

export type ImageBatchOptions = {
  readonly view: EvalViewOptions;
  readonly batch: number;
  /** Of what is shown while it runs. */
  readonly label: string;
  /** Images in work at a time; all processors by default. */
  readonly threads: number | undefined;
};

type Watch = Pick<Context, "terminal" | "interrupt">;
type Place = { readonly part: SourcePart; readonly index: number };

// For fewer files, starting threads takes longer than they save.
const worthThreads = 64;
// Batches in memory beside the one in work.
const batchesAhead = 2;

/**
 * Every image that can be read, once, in order; progress is told where there is more than one batch.
 *
 * @throws what the sources say of bad images, and an error if none can be read
 */
export async function* imageBatches(
  sources: ImageSources,
  options: ImageBatchOptions,
  context: Watch,
): AsyncGenerator<ImageBatch, void, void> {
  const { batch, label } = options;
  const many = sources.length > batch;
  const progress = many ? context.terminal.progress({ label, total: sources.length, unit: "images" }) : undefined;
  let entries: Entry[] = [];
  let found = 0;
  try {
    for await (const entry of goodViews(sources, options, context)) {
      entries.push(entry);
      found++;
      if (entries.length < batch) continue;
      yield batchOf(sources, entries);
      context.interrupt.check();
      progress?.update(entry.index + 1, "");
      entries = [];
    }
    if (found === 0) throw new Error(`none of the ${sources.length} images can be read`);
    if (entries.length > 0) yield batchOf(sources, entries);
    context.interrupt.check();
    progress?.update(sources.length, "");
  } finally {
    progress?.stop();
  }
}

type Entry = { readonly index: number; readonly pixels: Float32Array };

function batchOf({ names }: ImageSources, entries: readonly Entry[]): ImageBatch {
  const indices = entries.map(({ index }) => index);
  return { names: indices.map((index) => names[index]), indices, views: entries.map(({ pixels }) => pixels) };
}

async function* goodViews(
  { parts, length, decoding }: ImageSources,
  { view, batch, threads = imagesAtATime() }: ImageBatchOptions,
  { interrupt }: Watch,
): AsyncGenerator<Entry, void, void> {
  const places = parts.flatMap((part) => Array.from({ length: part.images.length }, (_, index) => ({ part, index })));
  const inFiles = parts.reduce((count, { path, images }) => count + (path ? images.length : 0), 0);
  const pool = inFiles >= worthThreads && !mayOpenFewFiles() ? openViewPool({ atATime: threads }) : undefined;
  try {
    const limit = pLimit(threads);
    const start = ({ part, index }: Place): Promise<Float32Array> =>
      pool && part.path
        ? pool.view({ path: part.path(index), view, decoding })
        : limit(() => viewHere(part, index, view, interrupt));
    let index = 0;
    let wanted = true;
    for await (const outcome of inOrder(length, (at) => start(places[at]), Math.max(threads, batchesAhead * batch))) {
      interrupt.check();
      const { part, index: place } = places[index];
      if ("error" in outcome) {
        if (!isImageError(outcome.error)) throw outcome.error;
        wanted = part.bad(place, outcome.error);
      } else if (wanted) yield { index, pixels: outcome.value };
      if (place === part.images.length - 1) part.end();
      index++;
    }
  } finally {
    await pool?.dispose();
  }
}

async function viewHere(
  { images }: SourcePart,
  index: number,
  view: EvalViewOptions,
  interrupt: Watch["interrupt"],
): Promise<Float32Array> {
  // Images in memory are there at once: without a pause no signal would be heard before the end.
  await new Promise((resolve) => setImmediate(resolve));
  interrupt.check();
  return evalView((await images.get(index)).image, view);
}

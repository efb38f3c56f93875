// The images of commands that only look at them: files and folders in the order given, batch after batch.
import { promises as files } from "node:fs";
import { batches, type Dataset, type Prepare } from "@beitjs/trainers";
import { datasetLayout, readImage, type DatasetSplit } from "@beitjs/trainers/node";
import { integer, list, toggle, type Context } from "./command.ts";
import { messageOf } from "./exit-codes.ts";
import { interruptible, openImages } from "./images.ts";

export const imageSourceFlags = {
  images: list("path", "image files, or folders as for training", { required: true }),
  batch: integer("count", "images at a time", 1, 8),
  skipBad: toggle("leave images out that cannot be read, instead of stopping"),
};

// Fewer are read in no time worth telling.
const manyFiles = 32;

/**
 * Opens files and folders (all their splits) as one collection without labels. Every image is read once, so that a bad one
 * is told before any work.
 *
 * @throws naming the image that cannot be read, unless `skipBad`; always if none can be
 */
export async function openImageSources(
  paths: readonly string[],
  { skipBad }: { readonly skipBad: boolean },
  context: Context,
): Promise<Dataset> {
  const parts: Dataset[] = [];
  let singles: string[] = [];
  const closeSingles = async () => {
    parts.push(await openFiles(singles, skipBad, context));
    singles = [];
  };
  for (const path of paths) {
    if (!(await isFolder(path))) {
      singles.push(path);
      continue;
    }
    await closeSingles();
    const splits = Object.keys((await datasetLayout(path)).splits) as DatasetSplit[];
    for (const split of splits) parts.push((await openImages(path, { split, skipBad }, context)).images);
  }
  await closeSingles();
  const images = joined(parts);
  if (images.length === 0) throw new Error(`none of the ${paths.length} images can be read`);
  return interruptible(images, context);
}

export type ImageBatch<T> = { readonly names: readonly string[]; readonly items: readonly T[] };

/** Every image once, in order, as `prepare` makes it; progress is told where there is more than one batch. */
export async function* imageBatches<T>(
  images: Dataset,
  prepare: (image: Parameters<Prepare<T>>[0]["image"]) => T,
  { batch, label }: { readonly batch: number; readonly label: string },
  { terminal, interrupt }: Pick<Context, "terminal" | "interrupt">,
): AsyncGenerator<ImageBatch<T>> {
  const options = {
    batchSize: Math.min(batch, images.length),
    seed: 0,
    epochs: 1,
    shuffle: false,
    dropLast: false,
  };
  const many = images.length > batch;
  const progress = many ? terminal.progress({ label, total: images.length, unit: "images" }) : undefined;
  let done = 0;
  try {
    for await (const { items, indices } of batches(images, ({ image }) => prepare(image), options)) {
      yield { names: indices.map((index) => images.name(index)), items };
      interrupt.check();
      progress?.update((done += items.length), "");
    }
  } finally {
    progress?.stop();
  }
}

async function isFolder(path: string): Promise<boolean> {
  return files.stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

async function openFiles(
  paths: readonly string[],
  skipBad: boolean,
  { terminal, interrupt }: Context,
): Promise<Dataset> {
  const good: string[] = [];
  const many = paths.length > manyFiles;
  const progress = many
    ? terminal.progress({ label: "reading images", total: paths.length, unit: "images" })
    : undefined;
  try {
    for (const [done, path] of paths.entries()) {
      interrupt.check();
      const problem = await readImage(path).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (problem === undefined) good.push(path);
      else if (!skipBad) throw problem;
      else terminal.warn(`left out: ${messageOf(problem)}`);
      progress?.update(done + 1, "");
    }
  } finally {
    progress?.stop();
  }
  return {
    length: good.length,
    get: async (index) => ({ image: await readImage(good[index]), name: good[index] }),
    label: () => undefined,
    name: (index) => good[index],
  };
}

// One after another. Classes of one folder mean nothing in the next, so labels are left behind.
function joined(parts: readonly Dataset[]): Dataset {
  const places = parts.flatMap((part) => Array.from({ length: part.length }, (_, index) => ({ part, index })));
  const at = (index: number) => places[index];
  return {
    length: places.length,
    async get(index) {
      const { image, name } = await at(index).part.get(at(index).index);
      return { image, name };
    },
    label: () => undefined,
    name: (index) => at(index).part.name(at(index).index),
  };
}

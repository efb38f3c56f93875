// The images of a demo: found, checked, read once, and hashed, so that a summary says what its figures are about.
import { createHash } from "node:crypto";
import { isAbsolute, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { requireLabels, requireSameClasses, split, takePerClass, type Dataset } from "@beitjs/trainers";
import { datasetLayout, type DatasetKind, type DatasetSplit } from "@beitjs/trainers/node";
import type { Context } from "../program/command.ts";
import { openImages, type ReadingFlags } from "../images/images.ts";
import { smallestClass, someOf } from "../images/parts.ts";
import { emojiFolder, readEmoji } from "./emoji.ts";
import { shrunkDataset } from "./shrunk-dataset.ts";

/** The images that come with this package, by the names that --data knows. (README.md of each) */
export const shippedSets = {
  fashion: fileURLToPath(new URL("../../data/fashion-mnist", import.meta.url)),
  emoji: emojiFolder,
} as const;
export type ShippedSet = keyof typeof shippedSets;

export type DataPart = { readonly images: Dataset; readonly sha256: string };

export type DemoData = {
  readonly path: string;
  readonly kind: DatasetKind | "sheets";
  /** Which of the sets that come along, where it is one. */
  readonly shipped?: ShippedSet;
  readonly channels: 1 | 3;
  readonly classes: readonly string[];
  /** For tokenizer and pre-training, which read no labels. */
  readonly train: DataPart;
  /** What the few labels are drawn from: `train` itself, but for the emoji. */
  readonly labeled: DataPart;
  readonly test: DataPart;
  /** The test images were set aside from the training images, as the data had none. */
  readonly heldOut: boolean;
  /** Unreadable images that were left out. */
  readonly skipped: number;
};

export type DataOptions = ReadingFlags & {
  readonly path: string;
  /** Longest side of the views: larger image files are kept in memory at twice that. */
  readonly imageSize: number;
  readonly labelsPerClass: number;
  readonly short: boolean;
};

const heldOutShare = 1 / 7; // as in the data shipped
const shortPerClass = { train: 40, test: 10 };

/**
 * Opens a data set for a demo: one that comes along by its name, any other by its folder. Without a test or val part one image in seven
 * is set aside.
 *
 * @throws if it cannot be read, has no labels, or too few of a class
 */
export async function prepareData(options: DataOptions, context: Context): Promise<DemoData> {
  const shipped = shippedSetOf(options.path);
  if (shipped === "emoji") return prepareEmoji(options, context);
  const path = shipped ? shippedSets[shipped] : resolve(options.path);
  const { kind, splits } = await datasetLayout(path, options);
  const train = await open(path, "train", options, context);
  requireLabels(train.images);
  const held = splits.test ? "test" : splits.val && "val";
  const test = held && (await open(path, held, options, context));
  const parts = test ? { train: train.images, test: test.images } : holdOut(train.images);
  requireSameClasses(parts.train, parts.test);
  takePerClass(parts.train, options.labelsPerClass, 0); // a class with too few is told before any work
  const chosen = options.short ? shorten(parts) : parts;
  const { signal } = context.interrupt;
  const trained = { images: chosen.train, sha256: await hashImages(chosen.train, signal) };
  return {
    path: nameOf(path),
    kind,
    ...(shipped && { shipped }),
    channels: (await chosen.train.get(0)).image.channels === 1 ? 1 : 3,
    classes: requireLabels(chosen.train),
    train: trained,
    labeled: trained,
    test: { images: chosen.test, sha256: await hashImages(chosen.test, signal) },
    heldOut: !test,
    skipped: train.skipped + (test?.skipped ?? 0),
  };
}

/** The set that a name or its own folder stands for; another folder of that name is `./emoji`. */
function shippedSetOf(path: string): ShippedSet | undefined {
  const names = Object.keys(shippedSets) as ShippedSet[];
  return names.find((name) => path === name || resolve(path) === shippedSets[name]);
}

async function prepareEmoji({ short }: DataOptions, { interrupt }: Context): Promise<DemoData> {
  const { unlabeled, labeled, test } = await readEmoji();
  const { signal } = interrupt;
  const hashed = async (images: Dataset): Promise<DataPart> => ({ images, sha256: await hashImages(images, signal) });
  return {
    path: nameOf(emojiFolder),
    kind: "sheets",
    shipped: "emoji",
    channels: 3,
    classes: requireLabels(labeled),
    train: await hashed(short ? someOf(unlabeled, shortPerClass.train * requireLabels(labeled).length) : unlabeled),
    labeled: await hashed(labeled),
    test: await hashed(short ? someOf(test, shortPerClass.test * requireLabels(test).length) : test),
    heldOut: false,
    skipped: 0,
  };
}

/** SHA-256 over label, size and pixels of every image in order; reads them all. */
export async function hashImages(images: Dataset, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for (let index = 0; index < images.length; index++) {
    signal?.throwIfAborted();
    const { image, label } = await images.get(index);
    hash.update(Int32Array.of(label ?? -1, image.width, image.height, image.channels));
    hash.update(image.data);
  }
  return hash.digest("hex");
}

// A summary that is passed on need not tell where on whose disk the run was made.
function nameOf(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere === "" || fromHere.startsWith("..") || isAbsolute(fromHere) ? path : fromHere;
}

type Opened = { readonly images: Dataset; readonly skipped: number };

async function open(
  path: string,
  split: DatasetSplit,
  { imageSize, ...reading }: DataOptions,
  context: Context,
): Promise<Opened> {
  const { images, kind, skipped } = await openImages(path, { ...reading, split }, context);
  return { images: kind === "folder" ? shrunkDataset(images, 2 * imageSize) : images, skipped: skipped.length };
}

function holdOut(images: Dataset): { train: Dataset; test: Dataset } {
  const { train, validation } = split(images, {
    validation: Math.max(1, Math.floor(images.length * heldOutShare)),
    seed: 0,
  });
  return { train, test: validation };
}

function shorten({ train, test }: { readonly train: Dataset; readonly test: Dataset }): {
  train: Dataset;
  test: Dataset;
} {
  return {
    train: takePerClass(train, Math.min(shortPerClass.train, smallestClass(train)), 0),
    test: someOf(test, shortPerClass.test * requireLabels(test).length),
  };
}

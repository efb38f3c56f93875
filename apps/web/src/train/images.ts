// The images of a run: read from files, kept as bytes of one size, given to the library as datasets.
import { createImage, resize, toBytes, type Image } from "@beitjs/tensor-core/image";
import { memoryDataset, type Dataset } from "@beitjs/trainers";
import { readMiddle } from "../engine/pictures.ts";
import type { ColorProfile, PlacedFile } from "../messages.ts";
import { partsOf, sortPlaces, type HeldOut } from "./held-out.ts";
import { copies, KEPT_SIDE } from "./recipe.ts";
import type { StoredImages, StoredRun } from "./store.ts";

const MOST_IMAGES = 500;
/** They are looked at every epoch, which a visitor waits for. */
const MOST_HELD_OUT = 100;

export type ReadImages = {
  readonly images: StoredImages;
  readonly heldOut: HeldOut;
  /** What was left out, and why. */
  readonly notes: readonly string[];
};

/**
 * Files that are no images are left out, and named.
 *
 * @param share of images to hold out where there is no folder `val`
 * @throws where nothing is left to learn from
 */
export async function readImages(
  files: readonly PlacedFile[],
  { colorProfile, share }: { readonly colorProfile: ColorProfile; readonly share: number },
): Promise<ReadImages> {
  const places = sortPlaces(files);
  const [learned, held] = [places.train.slice(0, MOST_IMAGES), places.val.slice(0, MOST_HELD_OUT)];
  const [train, val] = [await read(learned, colorProfile), await read(held, colorProfile)];
  if (train.data.length === 0) {
    const others = places.val.length > 0 ? ", beside those of the folder val" : "";
    throw new Error(`[train] expected at least one image, got none among ${places.train.length} files${others}`);
  }
  const all = [...train.data, ...val.data];
  const data = new Uint8Array(all.length * all[0].length);
  all.forEach((bytes, i) => data.set(bytes, i * bytes.length));
  return {
    images: { side: KEPT_SIDE, data, names: [...train.names, ...val.names] },
    heldOut: val.data.length > 0 ? { kind: "folder", from: train.data.length } : { kind: "share", share },
    notes: [
      ...leftOut("no images", [...train.unreadable, ...val.unreadable]),
      ...leftOut(`the folder test, which nothing is learned from`, namesOf(places.test)),
      ...leftOut(`more than ${MOST_IMAGES} images to learn from`, namesOf(places.train.slice(MOST_IMAGES))),
      ...leftOut(`more than ${MOST_HELD_OUT} held-out images`, namesOf(places.val.slice(MOST_HELD_OUT))),
    ],
  };
}

export type RunImages = {
  /** To learn from: few images come as often as fills a batch. */
  readonly train: Dataset;
  readonly validation: Dataset | undefined;
  /** How many there are to learn from. */
  readonly count: number;
  /** The first that is learned from: what snapshots show. */
  readonly first: Image;
};

export async function runImages({
  images,
  heldOut,
  recipe: { seed },
}: Pick<StoredRun, "images" | "heldOut" | "recipe">): Promise<RunImages> {
  const { train, validation } = partsOf(datasetOf(images), heldOut, seed);
  const { width, height, channels, data } = (await train.get(0)).image;
  const first = createImage(width, height, channels, data.slice());
  return { train: repeated(train, copies(train.length)), validation, count: train.length, first };
}

/** All images of a run, one after another. */
export function datasetOf({ side, data, names }: StoredImages): Dataset {
  return memoryDataset({ width: side, height: side, channels: 3, data, name: (index) => names[index] });
}

function repeated(images: Dataset, times: number): Dataset {
  const { length } = images;
  return {
    length: length * times,
    get: (index) => images.get(index % length),
    label: () => undefined,
    name: (index) => images.name(index % length),
  };
}

async function read(files: readonly PlacedFile[], colorProfile: ColorProfile) {
  const [unreadable, names, data]: [string[], string[], Uint8Array[]] = [[], [], []];
  for (const { file } of files) {
    try {
      const square = await readMiddle(file, KEPT_SIDE, colorProfile);
      data.push(toBytes(resize(square, { width: KEPT_SIDE, height: KEPT_SIDE, filter: "lanczos" })).data);
      names.push(file.name);
    } catch {
      unreadable.push(file.name);
    }
  }
  return { unreadable, names, data };
}

const namesOf = (files: readonly PlacedFile[]): string[] => files.map(({ file }) => file.name);

function leftOut(why: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
  return [`Left out, ${why}: ${names.slice(0, 5).join(", ")}${more}`];
}

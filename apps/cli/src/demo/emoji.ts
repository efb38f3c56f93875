// The emoji that come with this package: two styles of drawing, so that what is learnt of one can be measured on the other. Who is where is
// told in data/emoji/README.md.
import { promises as files } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { memoryDataset, subset, type Dataset } from "@beitjs/trainers";
import { readImage } from "@beitjs/trainers/node";
import * as v from "valibot";

export const emojiFolder = fileURLToPath(new URL("../../data/emoji", import.meta.url));

export type EmojiData = {
  /** Without labels: all of Google's drawings, and Twitter's of the emoji at even places of their groups. */
  readonly unlabeled: Dataset;
  /** Google's drawings of the emoji at even places. */
  readonly labeled: Dataset;
  /** Twitter's drawings of the emoji at odd places: in neither of the others. */
  readonly test: Dataset;
};

const indexSchema = v.object({
  size: v.pipe(v.number(), v.integer(), v.minValue(1)),
  columns: v.pipe(v.number(), v.integer(), v.minValue(1)),
  groups: v.array(v.string()),
  emoji: v.array(v.tuple([v.string(), v.pipe(v.number(), v.integer(), v.minValue(0))])),
});
type Index = v.InferOutput<typeof indexSchema>;

/**
 * Reads both sheets.
 *
 * @throws if a sheet is not as large as the index says, or a file is missing or damaged
 */
export async function readEmoji(folder = emojiFolder): Promise<EmojiData> {
  const index = v.parse(indexSchema, JSON.parse(await files.readFile(join(folder, "emoji.json"), "utf8")));
  const [google, twitter] = await Promise.all(["google", "twitter"].map((style) => readSheet(folder, style, index)));
  const places = placesInGroups(index);
  const at = (parity: number) => Array.from(places.keys()).filter((i) => places[i] % 2 === parity);
  return {
    unlabeled: withoutLabels([google, subset(twitter, at(0))]),
    labeled: subset(google, at(0)),
    test: subset(twitter, at(1)),
  };
}

async function readSheet(folder: string, style: string, { size, columns, groups, emoji }: Index): Promise<Dataset> {
  const path = join(folder, `${style}.png`);
  const { width, height, channels, data } = await readImage(path);
  const expected = { width: columns * size, height: Math.ceil(emoji.length / columns) * size };
  if (width !== expected.width || height !== expected.height) {
    const sizes = [expected, { width, height }].map((one) => `${one.width} x ${one.height}`);
    throw new Error(`[readEmoji] ${path}: expected ${sizes[0]} pixels, got ${sizes[1]}`);
  }
  const cells = new Uint8Array(emoji.length * size * size * channels);
  const row = size * channels;
  for (let i = 0; i < emoji.length; i++) {
    const [top, left] = [Math.floor(i / columns) * size, (i % columns) * row];
    for (let y = 0; y < size; y++) {
      const from = (top + y) * width * channels + left;
      cells.set(data.subarray(from, from + row) as Uint8Array, (i * size + y) * row);
    }
  }
  return memoryDataset({
    ...{ width: size, height: size, channels, data: cells, classes: groups },
    labels: Uint8Array.from(emoji, ([, group]) => group),
    name: (i) => `${style}.png: ${emoji[i][0]}`,
  });
}

// How many of its group come before each.
function placesInGroups({ emoji, groups }: Index): readonly number[] {
  const counts = new Array<number>(groups.length).fill(0);
  return emoji.map(([, group]) => counts[group]++);
}

// One after the other, with nothing of their classes.
function withoutLabels(parts: readonly Dataset[]): Dataset {
  const at = parts.flatMap((part) => Array.from({ length: part.length }, (_, index) => ({ part, index })));
  return {
    length: at.length,
    unlabeled: "the drawings to pre-train on have no labels",
    get: async (place) => {
      const { image, name } = await at[place].part.get(at[place].index);
      return { image, name };
    },
    label: () => undefined,
    name: (place) => at[place].part.name(at[place].index),
  };
}

// Whether the images of a run that goes on are those it was trained on, and what is done where they are not.
import { dirname } from "node:path";
import { firstDifference, type Recipe } from "@beitjs/trainers";
import type { LoadedCheckpoint } from "@beitjs/trainers/node";
import type { Context } from "../program/command.ts";
import { usageError } from "../program/exit-codes.ts";
import { changesInWords, imageChanges, type ImageChanges } from "./image-changes.ts";
import { encodeList, keepList, listName, readList, type ImageList } from "./image-list.ts";

/** The images of a run as it remembers them, and whether it may go on with others. */
export type RunImages = { readonly list: ImageList; readonly acceptChanged: boolean };

export type Identity = Readonly<Record<string, unknown>>;

/** What is said of images in a run's identity. */
type DataFacts = {
  readonly images?: number;
  readonly classes?: readonly string[] | null;
  /** SHA-256 of the run's list of images; runs of before there were such lists have none. */
  readonly digest?: string;
};

type Settled = {
  readonly folder: string;
  readonly recipe: Pick<Recipe, "stage">;
  readonly identity: Identity;
  readonly runImages?: RunImages | undefined;
};

/** The checkpoint as of a run on the images at hand: what they have to do with its own is asked by `settleImages`. */
export function withoutImages(checkpoint: LoadedCheckpoint, { identity, runImages }: Settled): LoadedCheckpoint {
  if (!runImages) return checkpoint;
  const { manifest } = checkpoint;
  const { images, classes } = dataOf(identity);
  const theirs = identityOf(checkpoint);
  const { digest: _, ...data } = { ...dataOf(theirs), images, classes };
  return { ...checkpoint, manifest: { ...manifest, run: { ...manifest.run, identity: { ...theirs, data } } } };
}

/**
 * Keeps the list of a run's images in its folder, compared with that of the checkpoint it goes on from.
 *
 * @returns the identity with the hash of the list
 * @throws a usage error that names the images that are others, unless told to accept them
 */
export async function settleImages(
  { folder, recipe, identity, runImages }: Settled,
  checkpoint: LoadedCheckpoint | undefined,
  context: Context,
): Promise<Identity> {
  if (!runImages) return identity;
  const { list } = runImages;
  const here = encodeList(list);
  const before = checkpoint && dataOf(identityOf(checkpoint));
  let kept = here;
  if (checkpoint && before?.digest === undefined) compareNumbers(checkpoint, identity, runImages, context);
  else if (checkpoint && before?.digest !== undefined && before.digest !== here.digest) {
    const theirs = await findList(folder, checkpoint, before.digest);
    const changes = theirs && imageChanges(theirs, list);
    if (!changes || changesInWords(changes).length > 0) {
      const { acceptChanged } = runImages;
      const other = { checkpoint, changes, digest: before.digest };
      if (recipe.stage === "fine-tune") refuseOtherHead(before, list);
      tellChanges(other, acceptChanged, context);
    } else {
      if (changes.unread > 0) context.terminal.warn(notCompared(changes.unread, list));
      // What was found out about pictures is not given up for names alone.
      if (unreadOf(theirs) <= unreadOf(list)) kept = encodeList(theirs);
    }
  }
  await keepList(folder, kept);
  return { ...identity, data: { ...dataOf(identity), digest: kept.digest } };
}

function dataOf(identity: Identity): DataFacts {
  return (identity["data"] ?? {}) as DataFacts;
}

function identityOf({ manifest }: Pick<LoadedCheckpoint, "manifest">): Identity {
  return (manifest.run?.["identity"] ?? {}) as Identity;
}

// In the folder at hand, or in that of the run whose checkpoint was named.
async function findList(folder: string, { path }: LoadedCheckpoint, digest: string): Promise<ImageList | undefined> {
  return (await readList(folder, digest)) ?? (await readList(dirname(dirname(path)), digest));
}

// Of a run that kept no list only number and classes are known.
function compareNumbers(
  checkpoint: LoadedCheckpoint,
  identity: Identity,
  { acceptChanged }: RunImages,
  { terminal }: Context,
): void {
  const facts = ({ images, classes }: DataFacts) => ({ data: { images, classes } });
  const other = firstDifference(facts(dataOf(identity)), facts(dataOf(identityOf(checkpoint))));
  if (other === undefined) {
    terminal.warn(
      `${checkpoint.path} was saved before runs remembered their images: their number is the same, more cannot be compared; from now on they are remembered`,
    );
  } else if (acceptChanged) terminal.warn(`going on with other images than before, as told: ${other}`);
  else {
    throw usageError(
      `${checkpoint.path} is of another run: ${other} (there: the checkpoint); take the same data, another --out, ` +
        "or go on with these images by --accept-changed-data",
    );
  }
}

function refuseOtherHead({ classes }: DataFacts, list: ImageList): void {
  const [before, now] = [classes?.length ?? 0, list.classes?.length ?? 0];
  if (before !== now) throw usageError(`the run's classifier has ${before} classes, the images have ${now}; take another --out`);
}

type OtherImages = {
  readonly checkpoint: LoadedCheckpoint;
  readonly changes: ImageChanges | undefined;
  readonly digest: string;
};

function tellChanges({ checkpoint, changes, digest }: OtherImages, accepted: boolean, { terminal }: Context): void {
  const lines = changes ? changesInWords(changes) : [];
  terminal.event("changed-images", { accepted, changes: changes ?? null });
  for (const line of lines) terminal.info(`  ${line}`);
  const summary = changes
    ? changesInWords(changes, 1).join("; ")
    : `which ones cannot be told, as ${listName(digest)} is missing in its folder, or damaged`;
  if (accepted) return terminal.warn(`going on with other images than before, as told: ${summary}`);
  throw usageError(
    `the images are not those that ${checkpoint.path} was trained on: ${summary}; ` +
      "take those, another --out, or go on with these by --accept-changed-data",
  );
}

function unreadOf({ images }: ImageList): number {
  return images.filter(({ sha256 }) => sha256 === null).length;
}

function notCompared(count: number, { images }: ImageList): string {
  return `${count} of ${images.length} images were compared by name only with those the run was trained on, as they were not read`;
}

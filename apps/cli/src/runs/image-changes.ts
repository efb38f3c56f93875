// What became of the images of a run: which were written over, exchanged, renamed, put into another class, removed or added.
import type { ListedImage } from "../images/read-images.ts";
import { printable } from "../program/printable.ts";
import type { ImageList } from "./image-list.ts";

export type ImageChanges = {
  /** Other pictures under the same names. */
  readonly overwritten: readonly string[];
  /** The same, where the picture had another of these names before. */
  readonly exchanged: readonly string[];
  /** The same pictures under other names, before and now. */
  readonly renamed: readonly (readonly [string, string])[];
  /** Labels that are others under the same names. */
  readonly relabeled: readonly string[];
  readonly removed: readonly string[];
  readonly added: readonly string[];
  /** Classes that are called otherwise: number, name before and now. */
  readonly classes: readonly (readonly [number, string | undefined, string | undefined])[];
  /** The same images in another order. */
  readonly reordered: boolean;
  /** Images whose pictures could not be compared, as they were not read. */
  readonly unread: number;
};

/** What differs between the images of before and those of now. */
export function imageChanges(before: ImageList, now: ImageList): ImageChanges {
  const old = byName(before);
  const fresh = byName(now);
  const common = now.images.flatMap((is) => {
    const was = old.get(is.name);
    return was ? [[was, is] as const] : [];
  });
  const changed = common.filter(([was, is]) => was.sha256 !== null && is.sha256 !== null && was.sha256 !== is.sha256);
  const moved = new Set(changed.map(([{ sha256 }]) => sha256));
  const exchanged = changed.filter(([, { sha256 }]) => moved.has(sha256));
  const { renamed, removed, added } = renames(
    before.images.filter(({ name }) => !fresh.has(name)),
    now.images.filter(({ name }) => !old.has(name)),
  );
  const namesNow = common.map(([, { name }]) => name);
  const namesBefore = before.images.map(({ name }) => name).filter((name) => fresh.has(name));
  return {
    overwritten: namesOf(changed.filter(([, { sha256 }]) => !moved.has(sha256))),
    exchanged: namesOf(exchanged),
    renamed,
    // Where only a number or only a name is another, the class is.
    relabeled: namesOf(common.filter(([was, is]) => was.label !== is.label && classOf(before, was) !== classOf(now, is))),
    removed,
    added,
    classes: classChanges(before.classes ?? [], now.classes ?? []),
    reordered: namesNow.some((name, at) => name !== namesBefore[at]),
    unread: common.filter(([was, is]) => was.sha256 === null || is.sha256 === null).length,
  };
}

/** Changes in words, a line for each kind with its first names; none if all that could be compared is as it was. */
export function changesInWords(changes: ImageChanges, mostNamed = 10): readonly string[] {
  const { overwritten, exchanged, renamed, relabeled, removed, added, classes, reordered } = changes;
  const pairs = renamed.map(([from, to]) => `${printable(from)} is now ${printable(to)}`);
  const calls = classes.map(([label, was, is]) => `${label} was ${called(was)} and is ${called(is)}`);
  const kind = (what: string, names: readonly string[]) => {
    const more = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : "";
    return names.length === 0 ? [] : [`${names.length} ${what}: ${names.slice(0, mostNamed).join(", ")}${more}`];
  };
  const printed = (names: readonly string[]) => names.map((name) => printable(name));
  return [
    ...kind("overwritten", printed(overwritten)),
    ...kind("exchanged with one another", printed(exchanged)),
    ...kind("renamed", pairs),
    ...kind("in another class", printed(relabeled)),
    ...kind("missing", printed(removed)),
    ...kind("new", printed(added)),
    ...kind(classes.length === 1 ? "class called otherwise" : "classes called otherwise", calls),
    ...(reordered ? ["in another order"] : []),
  ];
}

function byName({ images }: ImageList): ReadonlyMap<string, ListedImage> {
  return new Map(images.map((image) => [image.name, image]));
}

function classOf({ classes }: ImageList, { label }: ListedImage): string | number | null {
  if (typeof label === "object") return label && label.map((one) => classes?.[one] ?? one).join(", ");
  return classes?.[label] ?? label;
}

function namesOf(pairs: readonly (readonly [unknown, ListedImage])[]): readonly string[] {
  return pairs.map(([, { name }]) => name);
}

// Pairs of a picture that is gone under one name and there under another; of several alike the first ones.
function renames(gone: readonly ListedImage[], come: readonly ListedImage[]) {
  const places = new Map<string, string[]>();
  for (const { sha256, name } of come) if (sha256 !== null) places.set(sha256, [...(places.get(sha256) ?? []), name]);
  const renamed: (readonly [string, string])[] = [];
  const removed: string[] = [];
  for (const { name, sha256 } of gone) {
    const to = sha256 === null ? undefined : places.get(sha256)?.shift();
    if (to === undefined) removed.push(name);
    else renamed.push([name, to]);
  }
  const taken = new Set(renamed.map(([, to]) => to));
  return { renamed, removed, added: come.map(({ name }) => name).filter((name) => !taken.has(name)) };
}

function classChanges(before: readonly string[], now: readonly string[]): ImageChanges["classes"] {
  const labels = Array.from({ length: Math.max(before.length, now.length) }, (_, label) => label);
  return labels
    .filter((label) => before[label] !== now[label])
    .map((label) => [label, before[label], now[label]] as const);
}

function called(name: string | undefined): string {
  return name === undefined ? "not there" : JSON.stringify(name);
}

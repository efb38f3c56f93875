// Which class of a data set is which of a classifier's: by their names where both have names for them, else by their order.
import { labelsAt, requireLabels, type Dataset } from "@beitjs/trainers";
import type { Context } from "../program/command.ts";
import { usageError } from "../program/exit-codes.ts";
import { printable } from "../program/printable.ts";
import type { OpenedEncoder } from "./open-beit.ts";

type Classifier = {
  readonly name: string;
  readonly classes: number;
  readonly labels?: readonly string[] | undefined;
  /** Whether an image may have any number of its classes. */
  readonly several?: boolean;
};

export type MatchedClasses = {
  /** The images, labeled as the classifier counts; its classes are the classifier's. */
  readonly images: Dataset;
  readonly by: "name" | "order";
  /** What was assumed or is missing; undefined where all names are the same. */
  readonly note?: string;
};

/**
 * Matches the classes of images to those of a classifier.
 *
 * @param classifier its name, its number of classes, and their names where they are known
 * @throws for another number of classes, unless their names are all the classifier's (a part of ImageNet's), and where names say that the order is another one
 */
export function matchClasses(
  images: Dataset,
  data: string,
  { name, classes, labels, several = false }: Classifier,
): MatchedClasses {
  const found = requireLabels(images, several ? "multi" : "single");
  const named = hasNames(labels) ? labels : undefined;
  const places = found.map((own) => named && placeOf(own, named));
  if (named && places.every((place) => place !== undefined) && new Set(places).size === found.length) {
    const part = found.length < classes && {
      note: `classes: ${found.length} of the ${classes} of ${name} have images`,
    };
    return { images: relabeled(images, places, named), by: "name", ...part };
  }
  if (found.length !== classes) {
    const [own, theirs] = [labels ? ` (${listed(labels)})` : "", listed(found)];
    throw usageError(
      `expected images of the ${classes} classes of ${name}${own}, got ${found.length} in ${data} (${theirs})`,
    );
  }
  if (!named) return { images, by: "order", note: `classes: by their order, as ${name} has no names for them` };
  const moved = places.findIndex((place, label) => place !== undefined && place !== label);
  if (moved >= 0) {
    const unknown = found.find((_, label) => places[label] === undefined);
    const other = unknown === undefined ? "" : `, and "${printable(unknown)}" is none of its names`;
    throw usageError(
      `expected the classes of ${name} in ${data}, but "${printable(found[moved])}" is class ${moved} there and ${places[moved]} of the model${other}; --labels gives it other names`,
    );
  }
  const example = `${printable(found[0])}: ${printable(named[0])}`;
  return {
    images,
    by: "order",
    note: `classes: by their order, as their names are not those of ${name} (${example}; …)`,
  };
}

/**
 * The head of a classifier for the classes of images: its rows in their order where they have the same names, the head as it is where
 * the model has no names for as many, else a new one. Which it is, is told.
 */
export function headFor(
  { beit: { config }, labels }: Pick<OpenedEncoder, "beit" | "labels">,
  classes: readonly string[],
  { terminal }: Pick<Context, "terminal">,
): readonly number[] | "new" | undefined {
  const count = config.classes;
  if (count === 0) return undefined;
  const named = hasNames(labels) ? labels : undefined;
  const places = classes.flatMap((name) => placeOf(name, named ?? []) ?? []);
  const same = classes.length === count && new Set(places).size === count;
  const unnamed = !named && classes.length === count;
  terminal.event("head", { kept: same || unnamed, classes, labels: named ?? null });
  if (same) {
    const moved = places.some((place, label) => place !== label) ? "; its rows take their order" : "";
    terminal.info(`head: kept, as the model's ${count} classes are those of the images${moved}`);
    return places;
  }
  if (unnamed) {
    terminal.info(`head: kept, its ${count} classes by their order, as the model has no names for them`);
    return undefined;
  }
  const theirs = named ? ` (${listed(named)})` : "";
  terminal.info(
    `head: new, as the model's ${count} classes${theirs} are not the ${classes.length} of the images (${listed(classes)})`,
  );
  return "new";
}

// What transformers writes where nobody gave names is none.
function hasNames(labels: readonly string[] | undefined): labels is readonly string[] {
  return labels !== undefined && !labels.every((label) => /^LABEL_\d+$/.test(label));
}

// The label of this name, if it is one label's alone. ImageNet's have synonyms behind commas; folders have no spaces.
function placeOf(name: string, labels: readonly string[]): number | undefined {
  const wanted = plain(name);
  for (const form of [plain, (label: string) => plain(label.split(",")[0])]) {
    const places = labels.flatMap((label, place) => (form(label) === wanted ? [place] : []));
    if (places.length === 1) return places[0];
  }
  return undefined;
}

function plain(name: string): string {
  return name
    .normalize("NFC")
    .toLowerCase()
    .replace(/[\s_-]+/g, " ")
    .trim();
}

function relabeled(images: Dataset, places: readonly (number | undefined)[], classes: readonly string[]): Dataset {
  const labelOf = (index: number) => places[images.label(index) as number] as number;
  const labelsOf = (index: number) => labelsAt(images, index).map((label) => places[label] as number);
  const several = images.labels !== undefined;
  const own = (index: number) => (several ? { labels: labelsOf(index) } : { label: labelOf(index) });
  return {
    ...images,
    classes,
    ...(several ? { labels: labelsOf } : { label: labelOf }),
    get: async (index) => ({ ...(await images.get(index)), ...own(index) }),
  };
}

function listed(names: readonly string[]): string {
  const first = names.slice(0, 5).map((name) => printable(name));
  return first.join(", ") + (names.length > first.length ? ", …" : "");
}

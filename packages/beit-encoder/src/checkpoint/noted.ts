// What our own files note in their metadata of classes and of how images are prepared.
import { fieldsOf, parseJson } from "./json.ts";
import type { Preprocessing } from "./preprocessing.ts";

type Metadata = Readonly<Record<string, string>>;

/** @throws `[openBeit] expected beitjs.labels …, got …` */
export function notedLabels(metadata: Metadata): readonly string[] | undefined {
  const name = "beitjs.labels";
  if (metadata[name] === undefined) return undefined;
  const labels: unknown = parseJson(metadata[name], name);
  if (Array.isArray(labels) && labels.every((label) => typeof label === "string")) return labels;
  throw new Error(`[openBeit] expected ${name} in the file's metadata to be a list of texts, got others`);
}

/** Whether a file says that an image may have any number of classes. */
export function notedMultiLabel(metadata: Metadata): boolean {
  return metadata["beitjs.multiLabel"] === "true";
}

/** @throws `[openBeit] expected beitjs.preprocessing …, got …` */
export function notedPreprocessing(metadata: Metadata): Preprocessing | undefined {
  return noted<Preprocessing>(metadata, "beitjs.preprocessing");
}

/** @throws `[openBeit] expected beitjs.normalization …, got …` */
export function notedNormalization(metadata: Metadata): Pick<Preprocessing, "mean" | "std"> | undefined {
  return noted(metadata, "beitjs.normalization");
}

function noted<Noted extends Pick<Preprocessing, "mean" | "std">>(metadata: Metadata, name: string): Noted | undefined {
  if (metadata[name] === undefined) return undefined;
  const json = parseJson(metadata[name], name);
  const fields = fieldsOf("openBeit", json);
  const [mean, std] = [fields.value("mean", undefined), fields.value("std", undefined)];
  const numbers = (value: unknown): value is readonly number[] =>
    Array.isArray(value) && value.length > 0 && value.every((entry) => Number.isFinite(entry));
  if (!numbers(mean)) return fields.refuse(`${name}: mean to be numbers`, mean);
  const fits = numbers(std) && std.length === mean.length && std.every((value) => value > 0);
  fields.check(fits, `${name}: std to be ${mean.length} numbers above 0`, std);
  return json as Noted;
}

// What our own files note in their metadata of how images are prepared.
import { isImageSize } from "@beitjs/tensor-core/grid";
import { fieldsOf, parseJson, type JsonFields } from "./json.ts";
import type { Preprocessing } from "./preprocessing.ts";

type Metadata = Readonly<Record<string, string>>;

/** @throws `[openBeit] expected beitjs.preprocessing …, got …` */
export function notedPreprocessing(metadata: Metadata): Preprocessing | undefined {
  const noted = fieldsIn(metadata, "beitjs.preprocessing");
  if (!noted) return undefined;
  const { fields, json } = noted;
  const oneOf = (name: string, ...values: readonly string[]) => {
    const value = fields.value(name, undefined);
    fields.check(values.includes(value as string), `beitjs.preprocessing: ${name} of ${values.join(", ")}`, value);
  };
  oneOf("filter", "bilinear", "bicubic", "lanczos");
  oneOf("fit", "square", "shortSide");
  if (fields.value("margins", undefined) !== undefined) oneOf("margins", "even", "down");
  for (const name of ["size", "crop"]) {
    const value = fields.value(name, undefined);
    const valid = isImageSize(value) || (name === "crop" && value === 0);
    fields.check(valid, `beitjs.preprocessing: ${name} to be the size of an image`, value);
  }
  checkStatistics(fields, "beitjs.preprocessing");
  return json as Preprocessing;
}

/** @throws `[openBeit] expected beitjs.normalization …, got …` */
export function notedNormalization(metadata: Metadata): Pick<Preprocessing, "mean" | "std"> | undefined {
  const noted = fieldsIn(metadata, "beitjs.normalization");
  if (!noted) return undefined;
  checkStatistics(noted.fields, "beitjs.normalization");
  return noted.json as Preprocessing;
}

function fieldsIn(
  metadata: Metadata,
  name: string,
): { readonly fields: JsonFields; readonly json: object } | undefined {
  if (metadata[name] === undefined) return undefined;
  const json = parseJson(metadata[name], name);
  return { fields: fieldsOf("openBeit", json), json };
}

function checkStatistics(fields: JsonFields, name: string): void {
  const [mean, std] = [fields.value("mean", undefined), fields.value("std", undefined)];
  const numbers = (value: unknown): value is readonly number[] =>
    Array.isArray(value) && value.length > 0 && value.every((entry) => Number.isFinite(entry));
  if (!numbers(mean)) return fields.refuse(`${name}: mean to be numbers`, mean);
  const fits = numbers(std) && std.length === mean.length && std.every((value) => value > 0);
  fields.check(fits, `${name}: std to be ${mean.length} numbers above 0`, std);
}

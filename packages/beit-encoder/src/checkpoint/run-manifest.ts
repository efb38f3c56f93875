// What the manifest of a checkpoint of ours says beside the weights: the classes it was trained on, whether an image may have several, and how its images were prepared.
// Written by trainers and the command; read leniently, since a manifest without them is as good.
import { CHECKPOINT_FORMAT } from "@beitjs/tensor-core/files";
import { isImageSize } from "@beitjs/tensor-core/grid";
import { isChannelCount, type EvalView } from "@beitjs/tensor-core/image";
import { preprocessingFromView, type Preprocessing } from "./preprocessing.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Names of the classes of a fine-tuning; undefined where there are not as many. */
export function labelsOfRun(manifest: object | undefined, classes: number): readonly string[] | undefined {
  const run = field(fieldsIn(manifest), "run");
  const labels = field(field(run, "identity"), "data")["classes"] ?? run["classes"];
  const texts = Array.isArray(labels) && labels.every((label) => typeof label === "string");
  return texts && labels.length === classes && classes > 0 ? (labels as readonly string[]) : undefined;
}

/** Whether a fine-tuning was of any number of labels an image. */
export function isMultiLabelRun(manifest: object | undefined): boolean {
  return (field(fieldsIn(manifest), "recipe")["labels"] as unknown) === "multi";
}

/** The view that the run was evaluated with; undefined where its recipe has none that we know. */
export function preprocessingOfRun(manifest: object | undefined): Preprocessing | undefined {
  const recipe = field(fieldsIn(manifest), "recipe");
  const view = Object.hasOwn(recipe, "evalView") ? field(recipe, "evalView") : centerOf(field(recipe, "views"));
  return isView(view) ? preprocessingFromView(view) : undefined;
}

// The views of pre-training are random; evaluated is the center, as the stage says in the command, too.
function centerOf({ channels, pixelSize, mean, std }: Fields): Fields {
  const fit = { kind: "centerCrop", cropRatio: 1 };
  return { channels, size: pixelSize, filter: "bicubic", fit, normalization: { mean, std } };
}

function fieldsIn(manifest: object | undefined): Fields {
  const fields = (manifest ?? {}) as Fields;
  return fields["format"] === CHECKPOINT_FORMAT ? fields : {};
}

function field(fields: Fields, name: string): Fields {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function isView(fields: Fields): fields is EvalView & Fields {
  const { channels, size, filter, normalization } = fields;
  const { kind, cropRatio, margins = "even" } = field(fields, "fit");
  const { mean, std } = field(fields, "normalization");
  const crops = (kind === "centerCrop" || kind === "squareCrop") && isShare(cropRatio);
  return (
    isChannelCount(channels) &&
    isImageSize(size) &&
    ["bilinear", "bicubic", "lanczos"].includes(filter as string) &&
    (kind === "direct" || crops) &&
    (margins === "even" || margins === "down") &&
    (normalization === "unit" ||
      normalization === "mapPixels" ||
      (isNumbers(mean, channels) && isNumbers(std, channels)))
  );
}

function isNumbers(value: unknown, count: number): boolean {
  return Array.isArray(value) && value.length === count && value.every((entry) => typeof entry === "number");
}

function isShare(value: unknown): boolean {
  return typeof value === "number" && value > 0 && value <= 1;
}

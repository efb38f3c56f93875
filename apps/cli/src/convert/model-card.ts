// The README.md beside a written model: what it is, where it comes from, how it was trained, how images are prepared, how
// it is used. Everything in it is read from the model or its run; what is not known is left out.
import type { BeitConfig, Preprocessing } from "@beitjs/beit-encoder";
import type { DvaeConfig } from "@beitjs/dvae-tokenizer";
import { isAddress, shownAddress } from "@beitjs/tensor-core/address";
import { heightWidth, sameSize, type ImageSize } from "@beitjs/tensor-core/grid";
import { isColor } from "@beitjs/tensor-core/image";
import type { Manifest, Recipe } from "@beitjs/trainers";
import type { Snippet } from "./usage.ts";

export type ModelCard = {
  readonly title: string;
  /** One sentence. */
  readonly summary: string;
  /** Hugging Face's front matter. */
  readonly metadata: Readonly<Record<string, string | readonly string[]>>;
  readonly source: { readonly origin: string; readonly path: string; readonly sha256: string };
  readonly config: BeitConfig | DvaeConfig;
  readonly parameters: number;
  readonly labels?: readonly string[] | undefined;
  /** A classifier of images with any number of labels. */
  readonly multiLabel?: boolean | undefined;
  readonly preprocessing?: Preprocessing | undefined;
  /** Where the format's own code prepares images another way. */
  readonly preprocessingNote?: string | undefined;
  /** Of our own checkpoints. */
  readonly manifest?: Manifest | undefined;
  /** Figures of the run, from its summary.json. */
  readonly figures?: Readonly<Record<string, unknown>> | undefined;
  readonly usage: Snippet;
};

export function modelCard(card: ModelCard): string {
  const sections = [
    frontMatter(card.metadata),
    `# ${card.title}\n\n${card.summary}`,
    section("Use", `\`\`\`${card.usage.language}\n${card.usage.code}\n\`\`\``),
    card.preprocessing && section("Images", imagesSection(card.preprocessing, card.preprocessingNote)),
    card.labels && section(`Classes (${card.labels.length})`, card.labels.map(escape).join(", ")),
    section("Model", table([["parameters", card.parameters], ...problemRows(card), ...Object.entries(card.config)])),
    section("Source", table(Object.entries({ ...card.source, path: endOf(card.source.path) }))),
    card.manifest && trainingSection(card.manifest),
    card.figures && section("Figures at the end of training", table(Object.entries(card.figures))),
  ];
  return `${sections.filter((text) => text !== undefined).join("\n\n")}\n`;
}

// As transformers calls it, and what makes probabilities of the logits.
function problemRows({ multiLabel }: ModelCard): readonly (readonly [string, unknown])[] {
  if (!multiLabel) return [];
  return [
    ["problem type", "multi_label_classification"],
    ["activation", "sigmoid, of every class by itself; above 0.5 an image has the class"],
  ];
}

function trainingSection({ step, recipe, run = {} }: Manifest): string {
  const { seed, epochs, batchSize, learningRate, adamW } = recipe as Recipe;
  const identity = (run["identity"] ?? {}) as { readonly data?: { readonly images?: number } };
  const versions = (run["versions"] ?? {}) as Readonly<Record<string, string>>;
  const rows: [string, unknown][] = [
    ["updates", step],
    ["images", identity.data?.images],
    ["data", endOf(run["dataPath"])],
    ["seed", seed],
    ["epochs", epochs],
    ["batch size", batchSize],
    ["learning rate", learningRate],
    ["AdamW", adamW],
    ["started from", endOf(run["from"])],
    ["tokenizer", endOf(run["tokenizer"])],
    ["backend", (run["backend"] as { readonly name?: string } | undefined)?.name],
    ...Object.entries(versions),
  ];
  const full = `<details><summary>The whole recipe</summary>\n\n\`\`\`json\n${JSON.stringify(recipe, null, 2)}\n\`\`\`\n\n</details>`;
  return section("Training", `${table(rows)}\n\n${full}`);
}

function imagesSection(preprocessing: Preprocessing, note: string | undefined): string {
  const description = describePreprocessing(preprocessing);
  return note === undefined ? description : `${description}\n\n${note}`;
}

function describePreprocessing({ filter, size, fit, crop, mean, std }: Preprocessing): string {
  const resize =
    fit === "square"
      ? `resized to ${sides(size)} pixels`
      : typeof size === "number"
        ? `resized until the short side has ${size} pixels`
        : `resized, in its own shape, until it covers ${sides(size)} pixels`;
  const cut = crop !== 0 && !sameSize(crop, size) ? `, cut to the ${sides(crop)} in the center` : "";
  const values = `(x - mean) / std of values in [0, 1], mean ${mean.join(", ")}, std ${std.join(", ")}`;
  const channels = mean.length === 1 ? "Grey" : mean.length === 3 ? "RGB" : `${mean.length} channels`;
  // Pictures of colors have 8 bits nearly always, bands have not.
  const white = isColor({ channels: mean.length })
    ? ""
    : " Samples of 8 bits are divided by 255, those of 16 bits by 65535.";
  return `${channels}, ${resize} (${filter}, as Pillow does)${cut}; ${values}.${white}`;
}

/** Height x width in pixels, of squares too. */
export function sides(size: ImageSize): string {
  const { height, width } = heightWidth(size);
  return `${height} x ${width}`;
}

function frontMatter(fields: ModelCard["metadata"]): string {
  const lines = Object.entries(fields).map(([key, value]) =>
    typeof value === "string" ? `${key}: ${value}` : `${key}:\n${value.map((entry) => `  - ${entry}`).join("\n")}`,
  );
  return `---\n${lines.join("\n")}\n---`;
}

function section(title: string, body: string): string {
  return `## ${title}\n\n${body}`;
}

function table(rows: readonly (readonly [string, unknown])[]): string {
  const known = rows.filter(([, value]) => value !== undefined && value !== null);
  const lines = known.map(([name, value]) => `| ${escape(name)} | ${format(value)} |`);
  return ["| | |", "|---|---|", ...lines].join("\n");
}

function format(value: unknown): string {
  return typeof value === "object" ? `\`${JSON.stringify(value).replaceAll("|", "\\|")}\`` : escape(String(value));
}

// A card is made to be published: of a path on somebody's machine, its end is enough.
function endOf(path: unknown): unknown {
  if (typeof path !== "string") return path;
  if (isAddress(path)) return shownAddress(path);
  const parts = path.split(/[\\/]/).filter((part) => part !== "");
  return parts.slice(-3).join("/");
}

// What could end a cell or begin a tag or an emphasis.
function escape(text: string): string {
  return text.replace(/[\\`*_{}[\]<>|#]/g, (character) => `\\${character}`).replace(/\s+/g, " ");
}

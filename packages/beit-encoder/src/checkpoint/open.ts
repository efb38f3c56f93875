// A model from the files of whoever made it: ours, BEiT's own checkpoints, timm's, Hugging Face's.
import { tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import type { FileSource } from "@beitjs/tensor-core/files";
import { isKind } from "@beitjs/tensor-core/pickle";
import { validateBeitConfig, type BeitConfig } from "../config.ts";
import { beitConfigFromHuggingFace } from "./hugging-face-config.ts";
import { parameterShapes, treeFromPaths, type Beit } from "../parameters.ts";
import { preprocessingFromHuggingFace, type Preprocessing } from "./preprocessing.ts";
import { fitGrid, type AdaptOptions } from "../values.ts";
import { conventionalPreprocessing, originalResizing, type Origin } from "./conventions.ts";
import { openFiles, type Contents } from "./files.ts";
import { inferConfig } from "./infer-config.ts";
import { parseJson } from "./json.ts";
import { findParameters, matchParameters, officialView, type NamedTensors } from "./names.ts";
import type { StoredTensor } from "./stored.ts";
import { isTimmConfig, timmConfig } from "./timm-config.ts";

export type OpenBeitOptions = AdaptOptions & {
  /** Side of the images, if it is not the checkpoint's: positions and tables are resized, by default as the origin does. */
  readonly imageSize?: number | undefined;
  /** What the files do not say, or say wrongly. */
  readonly config?: Partial<Omit<BeitConfig, "imageSize">> | undefined;
  /** Tensors that BEiT does not have (a segmentation head, say) are left aside instead of being an error. */
  readonly allowUnexpected?: boolean | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
};

/** What checkpoint files say, before any parameter is read. */
export type BeitFiles = {
  readonly origin: Origin;
  /** The config of the parameters as they are stored. */
  readonly config: BeitConfig;
  /** Names of the classes, where the files have them. */
  readonly labels?: readonly string[];
  /** From the files, or by the origin's convention. */
  readonly preprocessing: Preprocessing;
  /** Names in the files that belong to BEiT but not to this model: another head's, its norm, a mask token. */
  readonly unused: readonly string[];
  /** Every parameter by path, in our layout; nothing is read yet. */
  readonly parameters: ReadonlyMap<string, StoredTensor>;
};

export type OpenedBeit = Omit<BeitFiles, "parameters" | "config"> & {
  readonly beit: Beit;
  /** How the origin brings parameters to another image size, or how the options say; for `toClassifier`. */
  readonly resizing: AdaptOptions;
};

/**
 * Opens a model, in float32: a file of weights (`.safetensors`, or any file of `torch.save`), or the files of a folder,
 * in any order, among them config.json where there is one. Files are told apart by what is in them. Parameters are read
 * one by one, so that the peak of memory is the model and its largest tensor.
 *
 * A model keeps the heads its file has. For other classes, or for classes on a pre-trained model, `toClassifier` takes it
 * from there, with a fresh head as in the original code.
 *
 * ```ts
 * const { beit, labels } = await openBeit([bytesSource(bytes, "model.safetensors"), bytesSource(json, "config.json")], cpu);
 * ```
 *
 * @throws `[openBeit] expected …, got …`: no BEiT, a config that we cannot compute, and in one message all tensors that are
 * missing, unexpected, of another shape; what `openTensors` throws for damaged files
 */
export async function openBeit(
  files: FileSource | readonly FileSource[],
  backend: Backend,
  options: OpenBeitOptions = {},
): Promise<OpenedBeit> {
  const { parameters, config: storedConfig, ...facts } = await readBeitFiles(files, options);
  const config = { ...storedConfig, imageSize: options.imageSize ?? storedConfig.imageSize };
  validateBeitConfig(config, "openBeit");
  const resizing = resizingOf(facts.origin, options);
  const beit = await buildBeit(parameters, config, { backend, resizing, onProgress: options.onProgress });
  return { ...facts, preprocessing: sized(facts.preprocessing, storedConfig, config), beit, resizing };
}

/** What the files of a model say, without reading any parameter; errors as `openBeit`. */
export async function readBeitFiles(
  files: FileSource | readonly FileSource[],
  options: Pick<OpenBeitOptions, "config" | "allowUnexpected"> = {},
): Promise<BeitFiles> {
  const contents = await openFiles("read" in files ? [files] : files);
  const named = findParameters(contents.tensors);
  const known = describe(contents, named, options.config);
  const { parameters, unused } = matchParameters(named, known.config, {
    allowUnexpected: options.allowUnexpected ?? false,
  });
  return { ...known, parameters, unused };
}

type Known = Omit<BeitFiles, "parameters" | "unused">;

function describe(contents: Contents, named: NamedTensors, given: OpenBeitOptions["config"]): Known {
  if (named.naming === "beitjs") return describeOurs(contents, given);
  if (named.naming === "hugging-face") return describeHuggingFace(contents, named, given);
  const timm = contents.config && isTimmConfig(contents.config) ? timmConfig(contents.config) : undefined;
  const origin = timm || looksLikeTimm(contents, named) ? "timm" : "unilm";
  const config = inferConfig(officialView(named), given);
  return {
    origin,
    config,
    ...(timm?.labels?.length === config.classes && config.classes > 0 && { labels: timm.labels }),
    preprocessing: timm?.preprocessing ?? conventionalPreprocessing(origin, config),
  };
}

function describeHuggingFace(contents: Contents, named: NamedTensors, given: OpenBeitOptions["config"]): Known {
  const origin = "hugging-face";
  const read = contents.config ? beitConfigFromHuggingFace(contents.config) : undefined;
  const config: BeitConfig = read
    ? { ...read.config, ...given }
    : inferConfig(officialView(named), { epsilon: 1e-12, ...given });
  validateBeitConfig(config, "openBeit");
  const preprocessing = contents.preprocessor
    ? preprocessingFromHuggingFace(contents.preprocessor)
    : conventionalPreprocessing(origin, config);
  return { origin, config, ...(read?.labels && { labels: read.labels }), preprocessing };
}

function describeOurs({ metadata }: Contents, given: OpenBeitOptions["config"]): Known {
  const origin = "beitjs";
  const text = metadata["beitjs.config"];
  if (text === undefined) throw new Error(`[openBeit] expected beitjs.config in the file's metadata, got none`);
  const config = { ...(parseJson(text, "beitjs.config") as BeitConfig), ...given };
  validateBeitConfig(config, "openBeit");
  const field = <Value>(name: string): Value | undefined =>
    metadata[name] === undefined ? undefined : (parseJson(metadata[name], name) as Value);
  const labels = field<readonly string[]>("beitjs.labels");
  const preprocessing = field<Preprocessing>("beitjs.preprocessing") ?? conventionalPreprocessing(origin, config);
  return { origin, config, ...(labels && { labels }), preprocessing };
}

// timm names parameters as the official code does, but never stores indices; its training script notes the architecture.
function looksLikeTimm({ root, metadata }: Contents, { tensors }: NamedTensors): boolean {
  // Ours, written for either: no other resizing than that of the model it was.
  if (metadata["beitjs.origin"] === "unilm") return false;
  const architecture = root !== undefined && isKind(root, "dict") ? root.entries.get("arch") : undefined;
  if (typeof architecture === "string" && architecture.startsWith("beit")) return true;
  const names = [...tensors.keys()];
  const own = names.some((name) => /^blocks\.\d+\.attn\.relative_position_bias_table$/.test(name));
  return own && !names.some((name) => name.endsWith("relative_position_index"));
}

function resizingOf(origin: Origin, { tableResizing, positionResizing }: AdaptOptions): AdaptOptions {
  const original = originalResizing[origin];
  return {
    tableResizing: tableResizing ?? original.tableResizing,
    positionResizing: positionResizing ?? original.positionResizing,
  };
}

type BuildOptions = Pick<OpenBeitOptions, "onProgress"> & {
  readonly backend: Backend;
  readonly resizing: AdaptOptions;
};

async function buildBeit(
  parameters: ReadonlyMap<string, StoredTensor>,
  config: BeitConfig,
  { backend, resizing, onProgress }: BuildOptions,
): Promise<Beit> {
  const leaves: [path: string, leaf: Tensor][] = [];
  const shapes = parameterShapes(config);
  try {
    for (const [path, shape] of shapes) {
      const value = await (parameters.get(path) as StoredTensor).read();
      leaves.push([path, tensor(fitGrid(path, value, config, resizing).data, shape, backend)]);
      onProgress?.(leaves.length, shapes.size);
    }
  } catch (error) {
    for (const [, leaf] of leaves) leaf.dispose();
    throw error;
  }
  return { config, params: treeFromPaths(leaves) };
}

// Images of another size are prepared in the same proportions.
function sized(preprocessing: Preprocessing, from: BeitConfig, to: BeitConfig): Preprocessing {
  if (from.imageSize === to.imageSize) return preprocessing;
  const scale = (side: number) => Math.floor((side * to.imageSize) / from.imageSize);
  return { ...preprocessing, size: scale(preprocessing.size), crop: scale(preprocessing.crop) };
}

// A tokenizer from the files of whoever made it: look at what is there, ask who wrote it, hear what that origin says of it,
// match all names, read the parameters one by one.
import {
  disposeSymbol,
  disposeTree,
  leaves,
  requireFinite,
  type Backend,
  type Shape,
  type Tensor,
} from "@beitjs/tensor-core";
import {
  firstOf,
  openTensors,
  withSources,
  type FileSource,
  type LazyTensor,
  type ModelInput,
  type SourceOptions,
} from "@beitjs/tensor-core/files";
import type { ImageSize } from "@beitjs/tensor-core/grid";
import { toFloat32 } from "@beitjs/tensor-core/safetensors";
import type { DvaeConfig } from "../config.ts";
import { fromOfficialLayout, officialShape } from "../layout.ts";
import { blankTokenizer, tokenizerShapes } from "../from-tensors.ts";
import { blankEncoder } from "../load.ts";
import type { OfficialLayout } from "../names.ts";
import { prepareTokenizer, type Tokenizer, type TokenizerEncoder } from "../tokenizer.ts";
import { originOf, type TokenizerOrigin } from "./origins/index.ts";
import type { Description, ModelFile, ModelTensors } from "./origins/origin.ts";

export type OpenTokenizerOptions = SourceOptions & {
  /** Size of the images; the network takes any that its grid divides. Default: the file's, or the original's. */
  readonly imageSize?: ImageSize | undefined;
  /** What the files do not say, or say wrongly. */
  readonly config?: Partial<DvaeConfig> | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
};

/** A tokenizer and what its files say. `using opened = await openTokenizer(…)` frees its parameters at the end of the block. */
export type OpenedTokenizer<Model> = Disposable & {
  readonly tokenizer: Model;
  readonly origin: TokenizerOrigin;
  /** Names in the files that the model does not use. */
  readonly unused: readonly string[];
};

/** What checkpoint files say, before any parameter is read. */
export type TokenizerFiles = Description & { readonly origin: TokenizerOrigin };

/**
 * Opens a whole tokenizer in float32: OpenAI's `encoder.pkl` and `decoder.pkl`, one file of unilm or DALLE-pytorch, or one
 * of ours, or a run; as paths (in Node), addresses, a `URL`, `Blob`s, bytes or sources, of files or of the folder they are in (see
 * `ModelInput`). Files are told apart by what is in them, and read tensor by tensor.
 *
 * ```ts
 * const { tokenizer } = await openTokenizer(["encoder.pkl", "decoder.pkl"], cpu);
 * ```
 *
 * @throws `[openTokenizer] expected …, got …`: no dVAE, only one half of it, and in one message all tensors that are
 * missing, unexpected, of another shape; a parameter that is not finite; what `openTensors` throws for damaged files, and
 * `openSources` for what is not there
 */
export async function openTokenizer(
  model: ModelInput,
  backend: Backend,
  options: OpenTokenizerOptions = {},
): Promise<OpenedTokenizer<Tokenizer>> {
  return withSources(model, options, ({ sources }) => openWhole(sources, backend, options));
}

async function openWhole(
  files: readonly FileSource[],
  backend: Backend,
  options: OpenTokenizerOptions,
): Promise<OpenedTokenizer<Tokenizer>> {
  const { origin, ...found } = await readTokenizerFiles(files, options);
  const half = ["encoder", "decoder"].find(
    (name) => ![...found.tensors.keys()].some((key) => key.startsWith(`${name}.`)),
  );
  if (half) throw new Error(`[openTokenizer] expected encoder and decoder, got no ${half}`);
  const targets = matched(found, tokenizerShapes(found.config, backend));
  const tokenizer = blankTokenizer(found.config, backend);
  return opened(tokenizer, origin, await fill(tokenizer, targets, found, options));
}

/**
 * Opens what it takes to tokenize, prepared for its first call, and reads no more of the files: for OpenAI's, `encoder.pkl`
 * is enough.
 *
 * @throws as `openTokenizer`
 */
export async function openTokenizerEncoder(
  model: ModelInput,
  backend: Backend,
  options: OpenTokenizerOptions = {},
): Promise<OpenedTokenizer<TokenizerEncoder>> {
  return withSources(model, options, ({ sources }) => openEncoder(sources, backend, options));
}

async function openEncoder(
  files: readonly FileSource[],
  backend: Backend,
  options: OpenTokenizerOptions,
): Promise<OpenedTokenizer<TokenizerEncoder>> {
  const { origin, ...found } = await readTokenizerFiles(files, options);
  const ofEncoder = <Value>(all: ReadonlyMap<string, Value>) =>
    new Map([...all].filter(([name]) => name.startsWith("encoder.")));
  const half = { ...found, tensors: ofEncoder(found.tensors) };
  const targets = matched(half, ofEncoder(tokenizerShapes(found.config, backend)));
  const tokenizer = blankEncoder(found.config, backend);
  const unused = await fill(tokenizer, targets, half, options);
  prepareTokenizer(tokenizer);
  return opened(tokenizer, origin, unused);
}

function opened<Model extends TokenizerEncoder>(
  tokenizer: Model,
  origin: TokenizerOrigin,
  unused: readonly string[],
): OpenedTokenizer<Model> {
  return { tokenizer, origin, unused, [disposeSymbol]: () => disposeTree(tokenizer.params) };
}

/**
 * What the files of a tokenizer say, without reading any parameter; errors as `openTokenizer`. `openSources` opens them.
 * Descriptions beside the weights (a folder's config.json, a checkpoint's manifest.json) say nothing of a tokenizer.
 */
export async function readTokenizerFiles(
  files: FileSource | readonly FileSource[],
  { imageSize, config: given }: Pick<OpenTokenizerOptions, "imageSize" | "config"> = {},
): Promise<TokenizerFiles> {
  const opened: ModelFile[] = [];
  const all = "read" in files ? [files] : files;
  for (const source of weightsAmong(all)) {
    opened.push({ ...(await openTensors(source)), name: source.name });
  }
  const { origin, files: own } = originOf(opened);
  const description = origin.describe(own, { ...given, ...(imageSize !== undefined && { imageSize }) });
  return { origin: origin.name, ...description };
}

// Of a checkpoint of ours with both, the running mean: by it the run's best was chosen.
function weightsAmong(files: readonly FileSource[]): readonly FileSource[] {
  const called = (name: string) => files.filter((file) => file.name.split(/[\\/]/).at(-1) === name);
  const [average, raw] = [called("ema.safetensors"), called("model.safetensors")];
  if (average.length > 0 && raw.length > 0) return average;
  const weights = files.filter(({ name }) => !/\.json$/i.test(name));
  return weights.length > 0 ? weights : files;
}

type Target = {
  readonly name: string;
  readonly path: string;
  readonly shape: Shape;
  /** Absent: the file has our own layout. */
  readonly layout?: OfficialLayout;
};

// What is read to where; that everything is there, and of its shape, is known before anything of a config's size is made.
function matched({ tensors, names, spare }: Description, shapes: ReadonlyMap<string, Shape>): readonly Target[] {
  const targets = names
    ? names.flatMap(({ official, path, layout }) => {
        const shape = shapes.get(path);
        return shape ? [{ name: official, path, shape, layout }] : [];
      })
    : [...shapes].map(([path, shape]) => ({ name: path, path, shape }));
  checkTensors(targets, tensors, spare);
  return targets;
}

async function fill(
  { params }: TokenizerEncoder,
  targets: readonly Target[],
  { tensors }: Description,
  { onProgress }: OpenTokenizerOptions,
): Promise<readonly string[]> {
  const byPath = new Map(leaves<Tensor>(params));
  try {
    for (const [done, { name, path, layout }] of targets.entries()) {
      const leaf = byPath.get(path) as Tensor;
      const stored = await (tensors.get(name) as LazyTensor).read();
      const values = toFloat32(stored);
      requireFinite(values, name, "openTokenizer");
      const ours = layout ? toFloat32(fromOfficialLayout(values, stored.shape, layout)) : values;
      leaf.backend.write(leaf.storage.handle, ours);
      leaf.storage.version++;
      onProgress?.(done + 1, targets.length);
    }
  } catch (error) {
    disposeTree(params);
    throw error;
  }
  const used = new Set(targets.map(({ name }) => name));
  return [...tensors.keys()].filter((name) => !used.has(name));
}

function checkTensors(targets: readonly Target[], tensors: ModelTensors, spare?: RegExp): void {
  const problems = targets.flatMap(({ name, shape: ours, layout }) => {
    const found = tensors.get(name);
    if (!found) return [`no ${name}`];
    const shape = layout ? officialShape(ours, layout) : ours;
    if (found.shape.join() !== shape.join()) {
      return [`${name} [${found.shape.join(", ")}] where it should be [${shape.join(", ")}]`];
    }
    return /^(F64|F32|F16|BF16)$/.test(found.dtype) ? [] : [`${name} of ${found.dtype}`];
  });
  const known = new Set(targets.map(({ name }) => name));
  for (const name of tensors.keys()) if (!known.has(name) && !spare?.test(name)) problems.push(`unexpected ${name}`);
  if (problems.length > 0) {
    throw new Error(`[openTokenizer] expected the tensors of a dVAE, got ${firstOf(problems, "; ")}`);
  }
}

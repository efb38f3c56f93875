// A tokenizer from the files of whoever made it: ours, OpenAI's, unilm's, DALLE-pytorch's.
import { disposeTree, leaves, type Backend, type Tensor } from "@beitjs/tensor-core";
import type { FileSource, LazyTensor } from "@beitjs/tensor-core/files";
import { toFloat32 } from "@beitjs/tensor-core/safetensors";
import { validateDvaeConfig, type DvaeConfig } from "../config.ts";
import { fromOfficialLayout, officialShape } from "../layout.ts";
import { blankEncoder, blankTokenizer, storedConfig } from "../load.ts";
import { officialNames, type OfficialLayout } from "../names.ts";
import { prepareTokenizer, type Tokenizer, type TokenizerEncoder } from "../tokenizer.ts";
import { openFiles, type Contents, type TokenizerOrigin } from "./files.ts";
import { inferDvaeConfig } from "./infer-config.ts";

export type OpenTokenizerOptions = {
  /** Side of the images; the network takes any that its grid divides. Default: the file's, or the original's. */
  readonly imageSize?: number | undefined;
  /** What the files do not say, or say wrongly. */
  readonly config?: Partial<DvaeConfig> | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
};

export type OpenedTokenizer<Model> = {
  readonly tokenizer: Model;
  readonly origin: TokenizerOrigin;
  /** Names in the files that the model does not use. */
  readonly unused: readonly string[];
};

/**
 * Opens a whole tokenizer in float32: OpenAI's `encoder.pkl` and `decoder.pkl`, one file of unilm or DALLE-pytorch, or one
 * of ours. Files are told apart by what is in them, and read tensor by tensor.
 *
 * ```ts
 * const { tokenizer } = await openTokenizer([blobSource(encoderFile), blobSource(decoderFile)], cpu);
 * ```
 *
 * @throws `[openTokenizer] expected …, got …`: no dVAE, only one half of it, and in one message all tensors that are
 * missing, unexpected, of another shape; what `openTensors` throws for damaged files
 */
export async function openTokenizer(
  files: FileSource | readonly FileSource[],
  backend: Backend,
  options: OpenTokenizerOptions = {},
): Promise<OpenedTokenizer<Tokenizer>> {
  const { contents, config } = await readTokenizerFiles(files, options);
  const half = contents.origin === "dall-e" && ["encoder", "decoder"].find((name) => !has(contents, `${name}.`));
  if (half) throw new Error(`[openTokenizer] expected encoder and decoder, got no ${half}`);
  const tokenizer = blankTokenizer(config, backend);
  return { tokenizer, origin: contents.origin, unused: await fill(tokenizer, contents, options) };
}

/**
 * Opens what it takes to tokenize, prepared for its first call, and reads no more of the files: for OpenAI's, `encoder.pkl`
 * is enough.
 *
 * @throws as `openTokenizer`
 */
export async function openTokenizerEncoder(
  files: FileSource | readonly FileSource[],
  backend: Backend,
  options: OpenTokenizerOptions = {},
): Promise<OpenedTokenizer<TokenizerEncoder>> {
  const { contents, config } = await readTokenizerFiles(files, options);
  const tokenizer = blankEncoder(config, backend);
  const rest = [...contents.tensors].filter(([name]) => name.startsWith("encoder."));
  const unused = await fill(tokenizer, { ...contents, tensors: new Map(rest) }, options);
  prepareTokenizer(tokenizer);
  return { tokenizer, origin: contents.origin, unused };
}

/** What the files of a tokenizer say, without reading any parameter; errors as `openTokenizer`. */
export async function readTokenizerFiles(
  files: FileSource | readonly FileSource[],
  { imageSize, config: given }: Pick<OpenTokenizerOptions, "imageSize" | "config"> = {},
): Promise<{ readonly contents: Contents; readonly config: DvaeConfig }> {
  const contents = await openFiles("read" in files ? [files] : files);
  const sized = { ...given, ...(imageSize !== undefined && { imageSize }) };
  if (contents.origin === "beitjs") {
    const config = { ...storedConfig(contents.metadata), ...sized } as DvaeConfig;
    validateDvaeConfig(config);
    return { contents, config };
  }
  if (contents.origin === "dall-e" && !has(contents, "encoder.")) {
    throw new Error("[openTokenizer] expected encoder and decoder, got no encoder");
  }
  const shapes = new Map([...contents.tensors].map(([name, { shape }]) => [name, shape]));
  const stored = contents.imageSize !== undefined ? { imageSize: contents.imageSize } : {};
  return { contents, config: inferDvaeConfig(shapes, { ...stored, ...sized }) };
}

type Target = {
  readonly name: string;
  readonly leaf: Tensor;
  /** Absent: the file has our own layout. */
  readonly layout?: OfficialLayout;
};

async function fill(
  { config, params }: TokenizerEncoder,
  { origin, tensors }: Contents,
  { onProgress }: OpenTokenizerOptions,
): Promise<readonly string[]> {
  const targets = origin === "beitjs" ? ourTargets(params) : officialTargets(config, params);
  try {
    checkTensors(targets, tensors);
    for (const [done, { name, leaf, layout }] of targets.entries()) {
      const stored = await (tensors.get(name) as LazyTensor).read();
      const values = toFloat32(stored);
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

function ourTargets(params: object): readonly Target[] {
  return leaves<Tensor>(params).map(([name, leaf]) => ({ name, leaf }));
}

function officialTargets(config: DvaeConfig, params: object): readonly Target[] {
  const byPath = new Map(leaves<Tensor>(params));
  return officialNames(config).flatMap(({ official, path, layout }) => {
    const leaf = byPath.get(path);
    return leaf ? [{ name: official, leaf, layout }] : [];
  });
}

function checkTensors(targets: readonly Target[], tensors: ReadonlyMap<string, LazyTensor>): void {
  const problems = targets.flatMap(({ name, leaf, layout }) => {
    const found = tensors.get(name);
    if (!found) return [`no ${name}`];
    const shape = layout ? officialShape(leaf.shape, layout) : leaf.shape;
    if (found.shape.join() !== shape.join()) {
      return [`${name} [${found.shape.join(", ")}] where it should be [${shape.join(", ")}]`];
    }
    return /^(F64|F32|F16|BF16)$/.test(found.dtype) ? [] : [`${name} of ${found.dtype}`];
  });
  const known = new Set(targets.map(({ name }) => name));
  for (const name of tensors.keys()) if (!known.has(name) && !spare.test(name)) problems.push(`unexpected ${name}`);
  if (problems.length > 0) {
    throw new Error(`[openTokenizer] expected the tensors of a dVAE, got ${problems.join("; ")}`);
  }
}

// unilm's wrapper and DALLE-pytorch keep constants of their own beside the parameters.
const spare = /(^|\.)(mean|std|temperature|kl_div_loss_weight)$/;

function has({ tensors }: Contents, prefix: string): boolean {
  return [...tensors.keys()].some((name) => name.startsWith(prefix));
}

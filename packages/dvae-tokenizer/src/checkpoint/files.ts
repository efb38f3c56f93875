// Files to the tensors of one dVAE under its official names, wherever in a checkpoint's tree they are.
import { openTensors, type FileSource, type LazyTensor, type TensorFile } from "@beitjs/tensor-core/files";
import { isKind } from "@beitjs/tensor-core/pickle";

/** Whose code wrote a checkpoint: ours, openai/DALL-E, or one of the strided dVAEs (unilm, DALLE-pytorch). */
export type TokenizerOrigin = "beitjs" | "dall-e" | "strided";

export type Contents = {
  readonly origin: TokenizerOrigin;
  readonly tensors: ReadonlyMap<string, LazyTensor>;
  readonly metadata: Readonly<Record<string, string>>;
  /** What DALLE-pytorch stores beside its weights. */
  readonly imageSize?: number;
};

// A parameter that every checkpoint of its kind has, and whose name tells the kind.
const probes: readonly (readonly [name: string, origin: TokenizerOrigin])[] = [
  ["encoder.input.filter", "beitjs"],
  ["encoder.stages.0.down.filter", "beitjs"],
  ["encoder.blocks.input.w", "dall-e"],
  ["blocks.input.w", "dall-e"],
  ["encoder.0.0.weight", "strided"],
];

/** Whether tensors of these names are, among others, those of a dVAE in a naming that `openTokenizer` knows. */
export function hasTokenizerNames(names: Iterable<string>): boolean {
  return [...names].some((name) => probes.some(([probe]) => name === probe || name.endsWith(`.${probe}`)));
}

/**
 * Opens one file, or OpenAI's two (`encoder.pkl`, `decoder.pkl`, in any order).
 *
 * @throws `[openTokenizer] expected …, got …`, and what `openTensors` throws
 */
export async function openFiles(files: readonly FileSource[]): Promise<Contents> {
  const opened: Contents[] = [];
  for (const source of files) opened.push(contentsOf(await openTensors(source), source.name));
  const [first, ...rest] = opened;
  if (!first) throw new Error("[openTokenizer] expected a file of weights, got none");
  if (rest.length > 0 && opened.some(({ origin }) => origin !== "dall-e")) {
    throw new Error(`[openTokenizer] expected one file, got ${files.map(({ name }) => name).join(", ")}`);
  }
  const tensors = new Map<string, LazyTensor>();
  for (const part of opened) {
    for (const [name, tensor] of part.tensors) {
      if (tensors.has(name)) throw new Error(`[openTokenizer] expected every tensor once, got two named ${name}`);
      tensors.set(name, tensor);
    }
  }
  return { ...first, tensors };
}

function contentsOf(file: TensorFile, fileName: string): Contents {
  const names = [...file.tensors.keys()];
  for (const [probe, origin] of probes) {
    const found = names.filter((name) => name === probe || name.endsWith(`.${probe}`)).sort(byLength)[0];
    if (found === undefined) continue;
    const prefix = found.slice(0, -probe.length);
    const half = probe === "blocks.input.w" ? halfOf(file.tensors.get(found) as LazyTensor) : "";
    const tensors = new Map(
      [...file.tensors]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, tensor]) => [half + name.slice(prefix.length), tensor]),
    );
    const imageSize = storedImageSize(file);
    return { origin, tensors, metadata: file.metadata, ...(imageSize !== undefined && { imageSize }) };
  }
  throw new Error(
    `[openTokenizer] expected the parameters of a dVAE in ${fileName}, got ${names.slice(0, 5).join(", ") || "no tensors"}`,
  );
}

// OpenAI's two files use the same names: the encoder begins with a 7x7 convolution of pixels, the decoder with a 1x1.
function halfOf({ shape }: LazyTensor): "encoder." | "decoder." {
  return shape[2] > 1 ? "encoder." : "decoder.";
}

function storedImageSize({ root }: TensorFile): number | undefined {
  if (root === undefined || !isKind(root, "dict")) return undefined;
  const settings = root.entries.get("hparams");
  if (settings === undefined || !isKind(settings, "dict")) return undefined;
  const size = settings.entries.get("image_size");
  return typeof size === "number" && Number.isSafeInteger(size) && size > 0 ? size : undefined;
}

function byLength(a: string, b: string): number {
  return a.length - b.length;
}

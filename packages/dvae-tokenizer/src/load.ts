// Weight files in memory to tokenizers: our own safetensors (the config is in their metadata) and those with the parameter
// names of the originals. Files of other kinds, or too large for memory, are for `openTokenizer`.
import { leaves, type Backend, type Tensor } from "@beitjs/tensor-core";
import { readSafetensors, toFloat32, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import { validateDvaeConfig, type DvaeConfig } from "./config.ts";
import { initDallEEncoder, initStridedEncoder } from "./encoder.ts";
import { blankConvs, checkConfig, tokenizerFromTensors } from "./from-tensors.ts";
import { fromOfficialLayout, toOfficialLayout } from "./layout.ts";
import { officialNamesOf, type OfficialName } from "./names.ts";
import { prepareTokenizer, type Tokenizer, type TokenizerEncoder } from "./tokenizer.ts";

export type LoadTokenizerOptions = { readonly config?: DvaeConfig };

/**
 * The tokenizer that comes with this package: 56 x 56 color images to 14 x 14 of 1024 visual tokens, trained on photographs by
 * the recipe `tokenizer-small`. Half a million parameters, in a module of its own that is loaded only here; where `import()` is
 * forbidden, as in service workers, give the bytes that `@beitjs/dvae-tokenizer/small` has.
 */
export function loadTokenizer(name: "small", backend: Backend): Promise<Tokenizer>;
/**
 * A tokenizer from a safetensors file: one of ours, or one with official names if `config` says which network it is.
 *
 * @throws if neither the file nor the options hold a config, or if tensors are missing, unexpected, misshapen or not finite
 */
export function loadTokenizer(bytes: Uint8Array, backend: Backend, options?: LoadTokenizerOptions): Tokenizer;
export function loadTokenizer(
  model: "small" | Uint8Array,
  backend: Backend,
  options: LoadTokenizerOptions = {},
): Tokenizer | Promise<Tokenizer> {
  if (model !== "small") return fromBytes(model, backend, options);
  return import("./small.ts").then(
    ({ smallTokenizerBytes }) => {
      const tokenizer = fromBytes(smallTokenizerBytes(), backend, {});
      prepareTokenizer(tokenizer);
      return tokenizer;
    },
    (cause: unknown) => {
      throw new Error(
        `[loadTokenizer] expected a host that loads modules at run time for "small", got ${String(cause)}; where import() is forbidden, ` +
          "as in service workers, pass smallTokenizerBytes() of @beitjs/dvae-tokenizer/small",
        { cause },
      );
    },
  );
}

function fromBytes(bytes: Uint8Array, backend: Backend, options: LoadTokenizerOptions): Tokenizer {
  if (!(bytes instanceof Uint8Array)) {
    throw new Error(`[loadTokenizer] expected "small" or the bytes of a file, got ${String(bytes)}`);
  }
  const { tensors, metadata } = readSafetensors(bytes);
  const config = options.config ?? storedConfig(metadata, tensors.size);
  const names = officialNamesOf(config);
  const foreign = names.some(({ official }) => tensors.has(official));
  const stored = foreign ? fromOfficial(tensors, names) : tensors;
  return tokenizerFromTensors(config, stored, backend, { user: "loadTokenizer" });
}

/** The tensors of a tokenizer under their official names and in PyTorch's layout. */
export async function tokenizerToOfficial({ config, params }: Tokenizer): Promise<Map<string, SafeTensor>> {
  const byPath = new Map(leaves<Tensor>(params));
  const out = new Map<string, SafeTensor>();
  for (const { official, path, layout } of officialNamesOf(config)) {
    const tensor = byPath.get(path) as Tensor;
    out.set(official, toOfficialLayout(Float32Array.from(await tensor.read()), tensor.shape, layout));
  }
  return out;
}

function fromOfficial(
  tensors: ReadonlyMap<string, SafeTensor>,
  names: readonly OfficialName[],
): Map<string, SafeTensor> {
  const byOfficial = new Map(names.map((name) => [name.official, name]));
  const renamed = new Map<string, SafeTensor>();
  for (const [official, tensor] of tensors) {
    const name = byOfficial.get(official);
    if (!name) renamed.set(official, tensor);
    else renamed.set(name.path, fromOfficialLayout(toFloat32(tensor), tensor.shape, name.layout));
  }
  return renamed;
}

/** @internal The half that tokenizes, of zeros. */
export function blankEncoder(config: DvaeConfig, backend: Backend): TokenizerEncoder {
  validateDvaeConfig(config);
  const { conv } = blankConvs(backend);
  const encoder = config.architecture === "dall-e" ? initDallEEncoder(config, conv) : initStridedEncoder(config, conv);
  return { config, params: { encoder } };
}

/** @internal The config in the metadata of one of our own files, which has this many tensors. */
export function storedConfig(metadata: Readonly<Record<string, string>>, tensors: number): DvaeConfig {
  const text = metadata["beitjs.config"];
  if (text === undefined)
    throw new Error("[loadTokenizer] expected a config in the file's metadata or in the options, got none");
  const config = JSON.parse(text) as DvaeConfig;
  checkConfig(config, tensors, "loadTokenizer");
  return config;
}

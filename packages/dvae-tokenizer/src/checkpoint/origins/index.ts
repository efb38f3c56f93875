// All origins. Another one is a module in this folder and a line in this list.
import { firstOf } from "@beitjs/tensor-core/files";
import { dallE } from "./dall-e.ts";
import { dallePytorch } from "./dalle-pytorch.ts";
import { modelIn, placeOf, refuseSeveral, type ModelFile, type Origin } from "./origin.ts";
import { ours } from "./ours.ts";
import { unilm } from "./unilm.ts";

// The first that recognizes a file takes it, so those that look closer stand in front.
const origins = [ours, dallE, unilm, dallePytorch] as const;

/** Whose code wrote a tokenizer's weights: ours, openai/DALL-E, BEiT's own (microsoft/unilm), or DALLE-pytorch. */
export type TokenizerOrigin = (typeof origins)[number]["name"];

type KnownOrigin = Origin & { readonly name: TokenizerOrigin };

/** What each origin is called. */
export const tokenizerOrigins = Object.fromEntries(origins.map(({ name, title }) => [name, { title }])) as Readonly<
  Record<TokenizerOrigin, { readonly title: string }>
>;

/** Whether tensors of these names are, among others, those of a dVAE in a naming that `openTokenizer` knows. */
export function hasTokenizerNames(names: Iterable<string>): boolean {
  const all = [...names];
  return origins.some(({ probes }) => placeOf(all, probes) !== undefined);
}

/**
 * The origin of a model's files, and the files with the tensors of the model alone.
 *
 * @throws `[openTokenizer] expected …, got …` for no dVAE, and for files of several origins
 */
export function originOf(files: readonly ModelFile[]): {
  readonly origin: KnownOrigin;
  readonly files: readonly ModelFile[];
} {
  const found = files.map(recognized);
  if (found.length === 0) throw new Error("[openTokenizer] expected a file of weights, got none");
  const [{ origin }] = found;
  if (found.some((other) => other.origin !== origin)) refuseSeveral(files);
  return { origin, files: found.map(({ file }) => file) };
}

function recognized(file: ModelFile): { readonly origin: KnownOrigin; readonly file: ModelFile } {
  for (const origin of origins) {
    const tensors = modelIn(file.tensors, origin.probes);
    if (tensors && origin.recognizes(tensors)) return { origin, file: { ...file, tensors } };
  }
  if (isVqKd(file)) {
    throw new Error(
      `[openTokenizer] expected the parameters of a dVAE in ${file.name}, got BEiT v2's tokenizer (VQ-KD), which is another ` +
        "network; OpenAI's encoder.pkl and decoder.pkl are those that BEiT was trained with",
    );
  }
  const names = firstOf([...file.tensors.keys()].slice(0, 5));
  throw new Error(`[openTokenizer] expected the parameters of a dVAE in ${file.name}, got ${names || "no tensors"}`);
}

// Two transformers with a codebook between. (microsoft/unilm, beit2/modeling_vqkd.py)
function isVqKd({ tensors }: ModelFile): boolean {
  const names = [...tensors.keys()];
  return ["quantize.embedding.weight", "encode_task_layer.0.weight"].every((own) =>
    names.some((name) => name === own || name.endsWith(`.${own}`)),
  );
}

// A tokenizer as one file: ours, with the config in its metadata, or with the official names.
import { leaves, type Tensor } from "@beitjs/tensor-core";
import { fromFloat32, parameterToHalf, writeSafetensors, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import { tokenizerToOfficial } from "../load.ts";
import type { Tokenizer } from "../tokenizer.ts";

/**
 * The bytes of a safetensors file that `openTokenizer` and `loadTokenizer` read; with `half` in 16 bits a parameter.
 *
 * @throws `[saveTokenizer] expected …, got …` for values that 16 bits cannot hold
 */
export async function saveTokenizer(
  { config, params }: Tokenizer,
  { half = false }: { readonly half?: boolean } = {},
): Promise<Uint8Array> {
  const tensors = new Map<string, SafeTensor>();
  for (const [name, leaf] of leaves<Tensor>(params)) {
    const values = Float32Array.from(await leaf.read());
    const { shape } = leaf;
    tensors.set(
      name,
      half ? parameterToHalf(values, shape, { user: "saveTokenizer", name }) : fromFloat32(values, shape),
    );
  }
  return writeSafetensors(tensors, { "beitjs.config": JSON.stringify(config) });
}

/** The bytes of a safetensors file with the names and layouts of the original of its architecture. */
export async function saveOfficialTokenizer(tokenizer: Tokenizer): Promise<Uint8Array> {
  return writeSafetensors(await tokenizerToOfficial(tokenizer), { format: "pt" });
}

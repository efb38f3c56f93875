// A tokenizer as one file: ours, with the config in its metadata, or with the official names.
import { leaves, type Tensor } from "@beitjs/tensor-core";
import { fromFloat32, fromFloat32ToHalf, writeSafetensors, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import { tokenizerToOfficial } from "../load.ts";
import type { Tokenizer } from "../tokenizer.ts";

/** The bytes of a safetensors file that `openTokenizer` and `loadTokenizer` read; with `half` in 16 bits a parameter. */
export async function saveTokenizer(
  { config, params }: Tokenizer,
  { half = false }: { readonly half?: boolean } = {},
): Promise<Uint8Array> {
  const wrap = half ? fromFloat32ToHalf : fromFloat32;
  const tensors = new Map<string, SafeTensor>();
  for (const [path, leaf] of leaves<Tensor>(params)) {
    tensors.set(path, wrap(Float32Array.from(await leaf.read()), leaf.shape));
  }
  return writeSafetensors(tensors, { "beitjs.config": JSON.stringify(config) });
}

/** The bytes of a safetensors file with the names and layouts of the original of its architecture. */
export async function saveOfficialTokenizer(tokenizer: Tokenizer): Promise<Uint8Array> {
  return writeSafetensors(await tokenizerToOfficial(tokenizer), { format: "pt" });
}

// The small models that came with the page; tools/small-models has their recipe.
import type { Backend } from "@beitjs/tensor-core";
import { bytesSource } from "@beitjs/tensor-core/files";
import tokenizerUrl from "@beitjs/dvae-tokenizer/models/small.safetensors?url";
import encoderUrl from "../../models/small-beit.safetensors?url";
import { ownFile } from "../own-file.ts";
import { openWeights, type Loaded, type LoadedEncoder, type LoadedTokenizer } from "./models.ts";

export async function shippedModels(backend: Backend): Promise<Loaded> {
  const [tokenizer, encoder] = await Promise.all([
    openShipped(tokenizerUrl, "small tokenizer", backend),
    openShipped(encoderUrl, "small BEiT", backend),
  ]);
  return { tokenizer: tokenizer as LoadedTokenizer, encoder: encoder as LoadedEncoder };
}

export async function shippedTokenizer(backend: Backend): Promise<LoadedTokenizer> {
  return (await openShipped(tokenizerUrl, "small tokenizer", backend)) as LoadedTokenizer;
}

async function openShipped(url: string, name: string, backend: Backend): Promise<LoadedTokenizer | LoadedEncoder> {
  const response = await ownFile(url);
  const file = bytesSource(new Uint8Array(await response.arrayBuffer()), url);
  const { model } = await openWeights([file], backend, () => {});
  return { ...model, name };
}

// What our own models give for the inputs of an exported graph, by the names of its outputs.
import {
  classLogits,
  encode,
  openBeit,
  pooledFeatures,
  saveBeit,
  visualTokenLogits,
  type Beit,
} from "@beitjs/beit-encoder";
import { openTokenizer, saveTokenizer, tokenize, type DvaeConfig, type Tokenizer } from "@beitjs/dvae-tokenizer";
import { scope, tensor, type Tensor } from "@beitjs/tensor-core";
import { bytesSource } from "@beitjs/tensor-core/files";
import type { ImageSize } from "@beitjs/tensor-core/grid";
import { channelsFirstShape, channelsLast, configAt, maskFor, pixelsFor, type BeitCase, type Case } from "./models.ts";

export type Outputs = Readonly<Record<string, Tensor>>;

/** The model that a file should agree with on images of a size: written as the file was, opened for them. */
export async function beitAt(beit: Beit, { half, sizes, resizing }: BeitCase, size?: ImageSize): Promise<Beit> {
  if (half === undefined && sizes === undefined) return beit;
  const { imageSize } = configAt(beit.config, size);
  const source = bytesSource(await saveBeit(beit, { half }));
  const opened = await openBeit(source, beit.params.classToken.backend, { imageSize, ...resizing });
  return opened.beit;
}

/** The same of a tokenizer; its parameters know no size. */
export async function tokenizerAt(
  tokenizer: Tokenizer,
  { half }: Case<DvaeConfig>,
  size?: ImageSize,
): Promise<Tokenizer> {
  const source = bytesSource(await saveTokenizer(tokenizer, { half: half ?? false }));
  const { tokenizer: opened } = await openTokenizer(source, tokenizer.params.codebook.table.backend);
  return { config: configAt(opened.config, size), params: opened.params };
}

/** @param size of the images, of which the model may see a corner */
export function expectedOfBeit(
  beit: Beit,
  output: "features" | "logits",
  batch: number,
  size: ImageSize = beit.config.imageSize,
): Outputs {
  const { config, params } = beit;
  const { backend } = params.classToken;
  const seen = { ...config, imageSize: size };
  const pixels = channelsLast(
    pixelsFor(seen, batch, "signed"),
    channelsFirstShape(batch, seen),
    backend,
    config.imageSize,
  );
  if (output === "logits" && config.vocabSize > 0) {
    const cells = maskFor(config, batch);
    const mask = tensor(cells, [batch, cells.length / batch], backend, "int32");
    return { logits: scope(backend, () => visualTokenLogits(beit, encode(beit, pixels, { mask }))) };
  }
  const encoded = encode(beit, pixels);
  return output === "logits"
    ? { logits: classLogits(beit, encoded) }
    : { last_hidden_state: encoded, pooled: pooledFeatures(beit, encoded) };
}

export function expectedOfTokenizer(tokenizer: Tokenizer, batch: number): Outputs {
  const { config, params } = tokenizer;
  const shape = channelsFirstShape(batch, config);
  const pixels = pixelsFor(config, batch, "unit");
  return { ids: tokenize(tokenizer, channelsLast(pixels, shape, params.codebook.table.backend)) };
}

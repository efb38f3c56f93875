// What our own models give for the inputs of an exported graph, by the names of its outputs.
import { classLogits, encode, pooledFeatures, visualTokenLogits, type Beit } from "@beitjs/beit-encoder";
import { tokenize, type Tokenizer } from "@beitjs/dvae-tokenizer";
import { scope, tensor, type Tensor } from "@beitjs/tensor-core";
import { channelsFirstShape, channelsLast, maskFor, pixelsFor } from "./models.ts";

export type Outputs = Readonly<Record<string, Tensor>>;

export function expectedOfBeit(beit: Beit, output: "features" | "logits", batch: number): Outputs {
  const { config, params } = beit;
  const { backend } = params.classToken;
  const shape = channelsFirstShape(batch, config);
  const pixels = channelsLast(pixelsFor(config, batch, "signed"), shape, backend);
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

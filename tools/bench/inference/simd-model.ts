// Our side of a network: opened from its file as users do, called with pixels on the host, answering with values on the
// host.
import { encode, openBeit, prepareBeit } from "@beitjs/beit-encoder";
import { openTokenizerEncoder, tokenize } from "@beitjs/dvae-tokenizer";
import { scope, tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { openFile } from "@beitjs/tensor-core/files/node";
import type { NetworkName } from "./settings.ts";

export type OpenSimdModel = {
  readonly network: NetworkName;
  readonly weights: string;
  /** Side of the images, if it is not the file's. */
  readonly imageSize?: number;
};

/** `run` takes a batch [B, size, size, 3]. */
export type SimdModel = { run(pixels: Float32Array, batch: number): Promise<Float32Array | Int32Array> };

export async function openSimdModel(
  { network, weights, imageSize }: OpenSimdModel,
  backend: Backend,
): Promise<SimdModel> {
  const file = await openFile(weights);
  const { forward, size, channels } = await openForward();
  await file.close();
  return {
    async run(pixels, batch) {
      const output = scope(backend, () => forward(tensor(pixels, [batch, size, size, channels], backend)));
      const values = (await output.read()) as Float32Array | Int32Array;
      output.dispose();
      return values;
    },
  };

  async function openForward() {
    if (network === "encoder") {
      const { beit } = await openBeit(file, backend, { imageSize });
      prepareBeit(beit);
      const { imageSize: size, channels } = beit.config;
      return { forward: (images: Tensor) => encode(beit, images), size, channels };
    }
    const { tokenizer } = await openTokenizerEncoder(file, backend, { imageSize });
    const { imageSize: size, channels } = tokenizer.config;
    return { forward: (images: Tensor) => tokenize(tokenizer, images), size, channels };
  }
}

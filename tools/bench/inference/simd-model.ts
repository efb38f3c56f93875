// Our side of a network: opened from its file as users do, called with pixels on the host, answering with values on the
// host.
import { encode, openBeit, prepareBeit } from "@beitjs/beit-encoder";
import { openTokenizerEncoder, tokenize } from "@beitjs/dvae-tokenizer";
import { scope, tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { imageShape } from "@beitjs/tensor-core/grid";
import { openFile } from "@beitjs/tensor-core/files/node";
import type { NetworkName } from "./settings.ts";

export type OpenSimdModel = {
  readonly network: NetworkName;
  readonly weights: string;
  /** Side of the images, if it is not the file's. */
  readonly imageSize?: number;
};

/** `run` takes a batch [B, H, W, 3]. */
export type SimdModel = { run(pixels: Float32Array, batch: number): Promise<Float32Array | Int32Array> };

export async function openSimdModel(
  { network, weights, imageSize }: OpenSimdModel,
  backend: Backend,
): Promise<SimdModel> {
  const file = await openFile(weights);
  const { forward, config } = await openForward();
  await file.close();
  return {
    async run(pixels, batch) {
      const output = scope(backend, () => forward(tensor(pixels, imageShape(batch, config), backend)));
      const values = (await output.read()) as Float32Array | Int32Array;
      output.dispose();
      return values;
    },
  };

  async function openForward() {
    if (network === "encoder") {
      const { beit } = await openBeit(file, backend, { imageSize });
      prepareBeit(beit);
      return { forward: (images: Tensor) => encode(beit, images), config: beit.config };
    }
    const { tokenizer } = await openTokenizerEncoder(file, backend, { imageSize });
    return { forward: (images: Tensor) => tokenize(tokenizer, images), config: tokenizer.config };
  }
}

// What a model says of prepared images, read to the host.
import { scope, type Tensor } from "@beitjs/tensor-core";
import { viewBatch } from "@beitjs/tensor-core/image";
import type { Beit } from "../parameters.ts";

/**
 * The values that `compute` makes of views, [H, W, channels] each.
 *
 * @throws `[caller] expected finite numbers …` where they are not
 */
export async function readOutputs(
  caller: string,
  { config, params }: Beit,
  views: readonly Float32Array[],
  compute: (pixels: Tensor) => Tensor,
): Promise<Float32Array> {
  const { backend } = params.classToken;
  const result = scope(backend, () => compute(viewBatch(views, config, backend)));
  const values = await result.read("float32").finally(() => result.dispose());
  if (values.every(Number.isFinite)) return values;
  throw new Error(`[${caller}] expected finite numbers from the model, got others: its weights may be damaged`);
}

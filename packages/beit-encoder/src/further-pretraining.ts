// From any trained model back to pre-training, to go on with it on other images: the encoder is kept, a head for visual tokens too where
// it has as many. (domain adaptation: masked image modeling on one's own images before fine-tuning)
import type { Backend } from "@beitjs/tensor-core";
import type { Rng } from "@beitjs/tensor-core/random";
import { gridOf, predictionOf, validateBeitConfig, type BeitConfig, type DecoderConfig } from "./config.ts";
import { pretrainingValues, type InitOptions } from "./init.ts";
import { headPaths, parameterShapes, type Beit } from "./parameters.ts";
import { adaptValues, beitFromValues, readParameters, type ResizingOptions } from "./values.ts";

/** Where the model lives, by default where the other does; and what is fresh, as `initBeit` makes it. */
export type FurtherPretrainingOptions = ResizingOptions & InitOptions & { readonly backend?: Backend };

/**
 * A model to pre-train that starts from another one's encoder. The parameters are copies. Fresh are what the model lacks of a head for
 * visual tokens (norm, mask token), and that head unless it has `config.vocabSize` tokens; a decoder unless it is of the same sizes. Positions of another image size are resized,
 * a table that all layers share becomes one a layer where the config says so.
 *
 * @throws `[toPretraining] expected <path> …` for a config of another encoder than the model's
 */
export async function toPretraining(
  beit: Beit,
  config: BeitConfig,
  options: FurtherPretrainingOptions,
  rng: Rng,
): Promise<Beit> {
  validateBeitConfig(config, "toPretraining");
  if (predictionOf(config) === "nothing") throw new Error("[toPretraining] expected vocabSize above 0, got 0");
  const { tableResizing, positionResizing, std, backend = beit.params.classToken.backend } = options;
  const resizing = { tableResizing, positionResizing, from: gridOf(beit.config) };
  const values = adaptValues(await readParameters(beit), config, resizing);
  if (!keepsTokenHead(beit.config, config))
    for (const path of ["visualTokenHead.weight", "visualTokenHead.bias"]) values.delete(path);
  if (!isSameDecoder(beit.config.decoder, config.decoder))
    for (const path of values.keys()) if (path.startsWith("decoder.")) values.delete(path);
  const expected = parameterShapes(config);
  const missing = [...expected.keys()].find((path) => !values.has(path) && !headPaths.test(path));
  const extra = [...values.keys()].find((path) => !expected.has(path) && !headPaths.test(path));
  if (missing ?? extra) {
    const [what, got] = missing === undefined ? [`no ${extra}`, "one"] : [missing, "none"];
    throw new Error(`[toPretraining] expected ${what} of the model, as the config says, got ${got}`);
  }
  const fresh = pretrainingValues(config, rng, std === undefined ? {} : { std });
  return beitFromValues("toPretraining", config, values, { backend, fresh });
}

function isSameDecoder(from: DecoderConfig | undefined, to: DecoderConfig | undefined): boolean {
  return (["width", "depth", "heads", "vocabSize"] as const).every((field) => from?.[field] === to?.[field]);
}

/** Whether a model's head for visual tokens is kept: it has as many. */
export function keepsTokenHead(from: BeitConfig, { vocabSize }: Pick<BeitConfig, "vocabSize">): boolean {
  return from.vocabSize === vocabSize;
}

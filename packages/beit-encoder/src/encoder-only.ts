// Of a model that was pre-trained in another way than BEiT's, what others have a name for.
import { encoderConfig, type BeitConfig } from "./config.ts";
import type { Beit } from "./parameters.ts";

/**
 * The encoder of a model without its decoder, or without its mask token and head for pixels; other models as they are. Parameters are
 * shared with it.
 */
export function encoderOnly(beit: Beit): Beit {
  const { config, params } = beit;
  if (!hasOwnPrediction(config)) return beit;
  const { decoder: _, pixelHead: __, maskToken: ___, ...kept } = params;
  return { config: encoderConfig(config), params: kept };
}

/** Whether a model predicts hidden patches by a decoder or a head for pixels, which no other code has. */
export function hasOwnPrediction({ decoder, pixelHead }: BeitConfig): boolean {
  return decoder !== undefined || pixelHead !== undefined;
}

import { casesOf } from "./cases.ts";
import { gumbelNoiseOp } from "./gumbel-noise.ts";

const address = { seed: 7, stream: 6, epoch: 0, index: 0 };

export const gumbelNoiseCases = casesOf(gumbelNoiseOp, [
  { inputs: {}, attributes: { ...address, shape: [1] } },
  { inputs: {}, attributes: { ...address, shape: [2, 7, 11], epoch: 3, index: 12345 } },
  // Seeds above 2^32 use the upper half of the key, parts from 2^31 on are negative as int32.
  {
    inputs: {},
    attributes: { shape: [3, 41], seed: 2 ** 45 + 5, stream: 2 ** 31, epoch: 2 ** 32 - 1, index: 2 ** 31 + 7 },
  },
  { inputs: {}, attributes: { ...address, shape: [3, 20001] } },
]);

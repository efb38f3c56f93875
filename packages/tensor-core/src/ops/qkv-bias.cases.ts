import { casesOf } from "./cases.ts";
import { qkvBiasOp } from "./qkv-bias.ts";

export const qkvBiasCases = casesOf(
  qkvBiasOp,
  [1, 6, 771].map((width) => ({
    inputs: { query: { shape: [width] }, value: { shape: [width] } },
    attributes: {},
    skipFiniteDifference: width > 100,
  })),
);

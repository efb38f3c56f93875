import { casesOf } from "./cases.ts";
import { sliceChannelsOp } from "./slice-channels.ts";

export const sliceChannelsCases = casesOf(sliceChannelsOp, [
  { inputs: { x: { shape: [1] } }, attributes: { start: 0, length: 1 } },
  { inputs: { x: { shape: [2, 3, 5, 6] } }, attributes: { start: 0, length: 3 } },
  { inputs: { x: { shape: [7, 9] } }, attributes: { start: 4, length: 5 } },
  { inputs: { x: { shape: [3001, 7] } }, attributes: { start: 2, length: 3 } },
]);

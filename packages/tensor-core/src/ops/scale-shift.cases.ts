import { casesOf } from "./cases.ts";
import { scaleShiftOp } from "./scale-shift.ts";

const free = { min: -Infinity, max: Infinity };

// Random values stay further from the clamping bounds than the step of the finite differences.
export const scaleShiftCases = casesOf(scaleShiftOp, [
  { inputs: { x: { shape: [1] } }, attributes: { scale: 0.8, shift: 0.1, ...free } },
  { inputs: { x: { shape: [3, 5, 7] } }, attributes: { scale: -2.5, shift: 0.25, ...free } },
  { inputs: { x: { shape: [3, 5, 7] } }, attributes: { scale: 1.25, shift: -0.125, min: 0, max: 1 } },
  { inputs: { x: { shape: [3, 5, 7] } }, attributes: { scale: 1, shift: 0, min: -0.5, max: Infinity } },
  { inputs: { x: { shape: [3, 31, 43, 17] } }, attributes: { scale: 1.25, shift: -0.125, min: -0.5, max: 0.25 } },
]);

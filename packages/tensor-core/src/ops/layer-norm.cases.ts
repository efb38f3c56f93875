import { casesOf } from "./cases.ts";
import { layerNormOp } from "./layer-norm.ts";

const shapes = [
  [3, 5],
  [2, 7, 12],
  [1, 1],
  [33, 31],
  [4, 65, 192],
];

export const layerNormCases = casesOf(
  layerNormOp,
  shapes.map((shape) => {
    const width = shape[shape.length - 1];
    return {
      inputs: { x: { shape }, gamma: { shape: [width] }, beta: { shape: [width] } },
      attributes: { epsilon: 1e-6 },
      // A width of 1 has no variance: its gradient is a difference of equal numbers times 1000.
      gradientTolerance: width === 1 ? 1e-3 : undefined,
    };
  }),
);

import { casesOf } from "./cases.ts";
import { crossEntropyOp } from "./cross-entropy.ts";

const sizes = [
  { rows: 1, width: 1, labelSmoothing: 0 },
  { rows: 3, width: 5, labelSmoothing: 0 },
  { rows: 6, width: 11, labelSmoothing: 0.1 },
  { rows: 2, width: 8, labelSmoothing: 1 },
  // Without subtracting the largest logit exp would overflow at 89.
  { rows: 4, width: 7, labelSmoothing: 0.1, range: [-120, 120] as const },
  { rows: 75, width: 1003, labelSmoothing: 0, range: [-5, 5] as const },
  { rows: 33, width: 514, labelSmoothing: 0.1, range: [-5, 5] as const },
];

// A common offset changes nothing: logits that float32 has exactly, a few sixteenths apart.
const offsets = [1e4, 1e6, -1e6, 3e6].flatMap((offset) =>
  [0, 0.1].map((labelSmoothing) => ({
    inputs: {
      logits: {
        shape: [5, 19],
        values: Array.from({ length: 95 }, (_, i) => offset + ((i * 29) % 83) / 16 - 2 * (i % 5 === 0 ? 1 : 0)),
      },
      targets: { shape: [5], range: [0, 19] as const },
    },
    attributes: { labelSmoothing },
    // The numeric step grows with the value; cross-entropy.test.ts has one that does not.
    skipFiniteDifference: true,
  })),
);

export const crossEntropyCases = casesOf(crossEntropyOp, [
  ...offsets,
  ...sizes.map(({ rows, width, labelSmoothing, range }) => ({
    inputs: {
      logits: { shape: [rows, width], ...(range && { range }) },
      targets: { shape: [rows], range: [0, width] as const },
    },
    attributes: { labelSmoothing },
    // The numeric gradient of a loss near 100 loses two digits to the subtraction.
    ...(range && { finiteDifferenceTolerance: 1e-5 }),
  })),
]);

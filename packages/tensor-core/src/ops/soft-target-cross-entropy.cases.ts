import { casesOf } from "./cases.ts";
import { softTargetCrossEntropyOp } from "./soft-target-cross-entropy.ts";

const sizes = [
  { rows: 1, width: 1 },
  { rows: 3, width: 5 },
  { rows: 6, width: 11 },
  { rows: 2, width: 8 },
  // Without subtracting the largest logit exp would overflow at 89.
  { rows: 4, width: 7, range: [-120, 120] as const },
  { rows: 75, width: 1003, range: [-5, 5] as const },
  { rows: 33, width: 514, range: [-5, 5] as const },
];

// A common offset changes nothing: logits that float32 has exactly, a few sixteenths apart.
const offsets = [1e4, -1e6, 3e6].map((offset) => ({
  inputs: {
    logits: {
      shape: [5, 19],
      values: Array.from({ length: 95 }, (_, i) => offset + ((i * 29) % 83) / 16 - 2 * (i % 5 === 0 ? 1 : 0)),
    },
    targets: { shape: [5, 19], range: [0, 0.1] as const },
  },
  attributes: {},
  // The numeric step grows with the value.
  skipFiniteDifference: true,
}));

export const softTargetCrossEntropyCases = casesOf(softTargetCrossEntropyOp, [
  ...offsets,
  ...sizes.map(({ rows, width, range }) => ({
    inputs: {
      logits: { shape: [rows, width], ...(range && { range }) },
      // Rows of about the weight that labels have.
      targets: { shape: [rows, width], range: [0, 2 / width] as const },
    },
    attributes: {},
    // The numeric gradient of a loss near 100 loses two digits to the subtraction.
    ...(range && { finiteDifferenceTolerance: 1e-5 }),
    skipFiniteDifference: rows * width > 10_000,
  })),
]);

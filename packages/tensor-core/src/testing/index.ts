// For people who write a backend or an op: the same suite that ours must pass.
export { hashSigned, hashUniform } from "./hash.ts";
export { compareWithReference, compareWithReferenceAsync, elementsOf, missingKernels, titleOf } from "./compare.ts";
export {
  fillInputs,
  finiteDifferenceError,
  largestDifference,
  runCase,
  runCaseAsync,
  type Results,
} from "./conformance.ts";
export type { InputCase, OpCase } from "../ops/cases.ts";

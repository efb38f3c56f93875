// What the conformance suite and the benchmarks run: shapes (tails included), how inputs are filled, tolerances.
import type { AnyOp } from "./define-op.ts";

export type InputCase = {
  readonly shape: readonly number[];
  /** Values are uniform in this range; default [-1, 1]. Integer slots draw integers in [low, high). */
  readonly range?: readonly [low: number, high: number];
  /** Exact values instead of random ones. */
  readonly values?: readonly number[];
};

export type OpCase = {
  readonly op: AnyOp;
  readonly inputs: Readonly<Record<string, InputCase | readonly InputCase[] | undefined>>;
  readonly attributes: object;
  /** Largest |kernel - reference| allowed, relative to 1 + |reference|; default 1e-5. A reason stands beside every override. */
  readonly tolerance?: number;
  readonly gradientTolerance?: number | undefined;
  /** What stands for the 1 where outputs are far below it; default 1. */
  readonly unit?: number;
  /** Largest |analytic - numeric| in the float64 finite-difference check; default 1e-6. */
  readonly finiteDifferenceTolerance?: number;
  /** Big cases are compared with the reference but left out of the finite-difference check (one evaluation per input). */
  readonly skipFiniteDifference?: boolean;
};

/** Cases of one op, typed loosely: the suite treats all ops alike. */
export function casesOf(op: unknown, cases: readonly Omit<OpCase, "op">[]): readonly OpCase[] {
  return cases.map((opCase) => ({ op: op as AnyOp, ...opCase }));
}

// The refusal of an operand, in the words that all constructors share.
import { PickleError } from "./error.ts";
import { describe } from "./value.ts";
import type { PickleValue } from "./value.ts";

export function operand(expected: string, got: PickleValue | undefined, offset: number): PickleError {
  return new PickleError("Operand", `expected ${expected}, got ${describe(got)}`, offset);
}

export function isCount(value: PickleValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

// Checks at the edge of an op: the message names the op, what was expected and what came.
import type { Shape } from "../tensor.ts";

export function expectShape(op: string, name: string, shape: Shape, expected: readonly (number | string)[]): void {
  const matches =
    shape.length === expected.length && expected.every((size, i) => typeof size === "string" || size === shape[i]);
  if (!matches) throw new Error(`[${op}] expected ${name} [${expected.join(", ")}], got [${shape.join(", ")}]`);
}

export function expectRank(op: string, name: string, shape: Shape, rank: number, letters: string): void {
  if (shape.length !== rank) throw new Error(`[${op}] expected ${name} [${letters}], got [${shape.join(", ")}]`);
}

export function expect(op: string, condition: boolean, expected: string, got: string): void {
  if (!condition) throw new Error(`[${op}] expected ${expected}, got ${got}`);
}

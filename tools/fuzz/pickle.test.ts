// The short run of the fuzzer; the long one is the command in pickle.ts.
import { expect, it } from "vitest";
import { fuzzPickle } from "./pickle.ts";

it("reads 20,000 damaged checkpoints without a crash, a hang or other tensors", () => {
  const { inputs, refused, accepted, slowestMilliseconds } = fuzzPickle({ count: 20_000, seed: 1 });
  const total = Object.values(refused).reduce((sum, count) => sum + count, 0);
  expect(total + accepted.raw + accepted.repaired + accepted.legacy).toBe(20_000);
  for (const count of Object.values(inputs)) expect(count).toBeGreaterThan(4000);
  // Both halves must happen: damage found at every layer, and mutants that get far enough to be read.
  for (const code of ["Archive", "Checksum", "Opcode", "Global", "Operand", "Stack", "Storage", "Truncated"]) {
    expect(refused[code], code).toBeGreaterThan(10);
  }
  expect(accepted.repaired).toBeGreaterThan(100);
  expect(slowestMilliseconds).toBeLessThan(50);
});

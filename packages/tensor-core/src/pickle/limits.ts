// Bounds on the work and memory that a file can ask for. The defaults hold for checkpoints of several billion parameters.
import { PickleError } from "./error.ts";

export type PickleLimits = {
  /** Nesting of containers and modules. */
  readonly maxDepth: number;
  /** Opcodes executed (those that make a container count four times), plus items copied, over all pickles of the file. */
  readonly maxSteps: number;
  /** Values on the stack at one time. */
  readonly maxStack: number;
  /** Values in the memo at one time. */
  readonly maxMemo: number;
  /** Bytes of one string. */
  readonly maxString: number;
  /** Named tensors. */
  readonly maxTensors: number;
  /** Records in a zip archive. */
  readonly maxRecords: number;
  /** Bytes that making tensors contiguous may take beyond the length of the file. */
  readonly maxExtraBytes: number;
  /** Bytes of one part that is held while reading in ranges: a zip archive's directory or pickle, the old container's pickles. */
  readonly maxHeldBytes: number;
};

export const defaultLimits: PickleLimits = {
  maxDepth: 100,
  maxSteps: 4_000_000,
  maxStack: 1_000_000,
  maxMemo: 1_000_000,
  maxString: 1 << 28,
  maxTensors: 100_000,
  maxRecords: 200_000,
  maxExtraBytes: 1 << 20,
  maxHeldBytes: 1 << 28,
};

/** The defaults with some of them replaced; every one must be a positive integer. */
export function resolveLimits(options: Partial<PickleLimits>): PickleLimits {
  const limits = { ...defaultLimits, ...options };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`[readTorchFile] expected ${name} to be a positive integer, got ${value}`);
    }
  }
  return limits;
}

/** What is left of `maxSteps`, shared by all pickles of a file. */
export type StepBudget = { used: number; readonly limit: number };

export function spend(budget: StepBudget, steps: number, offset: number): void {
  budget.used += steps;
  if (budget.used > budget.limit)
    throw new PickleError("Limit", `expected at most ${budget.limit} steps, got more`, offset);
}

export function checkHeld(limits: PickleLimits, what: string, bytes: number, offset: number): void {
  if (bytes <= limits.maxHeldBytes) return;
  throw new PickleError("Limit", `expected ${what} of at most ${limits.maxHeldBytes} bytes, got ${bytes}`, offset);
}

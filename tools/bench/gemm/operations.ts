// What one count of `multiplyAdd` in assembly/ceiling.ts computes: twelve chains of four lanes, two operations each.
export const operationsPerCount = 12 * 4 * 2;

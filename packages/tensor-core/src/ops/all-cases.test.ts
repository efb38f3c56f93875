// Nothing of ops/ is left out: every op is exported and has cases, every file of cases is found.
import { describe, expect, it } from "vitest";
import { allCases, allOps, casesByFile, isOp } from "./all-cases.ts";
import type { AnyOp } from "./define-op.ts";

const sources = import.meta.glob<Readonly<Record<string, unknown>>>(
  ["./*.ts", "!./*.test.ts", "!./*.cases.ts", "!./all-cases.ts", "!./index.ts"],
  { eager: true },
);
const declared = Object.entries(sources).flatMap(([file, module]) =>
  Object.values(module)
    .filter(isOp)
    .map((op) => [op.name, file, op] as const),
);

describe("every op", () => {
  it.each(allOps.map((op) => [op.name, op] as const))("%s has cases", (name, op) => {
    const cases = allCases.filter((opCase) => opCase.op === op);
    expect(cases.length, `cases of ${name} in a file *.cases.ts`).toBeGreaterThan(0);
  });

  it.each(declared)("%s of %s is exported by ops/index.ts", (_, _file, op) => {
    expect(allOps).toContain(op);
  });

  it("has a name of its own", () => {
    const names = allOps.map(({ name }: AnyOp) => name);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
    expect(names.length).toBeGreaterThan(40);
  });
});

describe("every file of cases", () => {
  it.each([...casesByFile])("%s exports some as `…Cases`", (_, cases) => {
    expect(cases.length).toBeGreaterThan(0);
    for (const { op } of cases) expect(isOp(op)).toBe(true);
  });
});

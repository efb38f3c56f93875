// Every op, and every case of every op, for the conformance suite, browsers and a machine with a GPU: what the files *.cases.ts of this folder
// export as `…Cases`. Vite finds them, which runs the tests and bundles the other programs; no file of a package reads this one.
import type { OpCase } from "./cases.ts";
import type { AnyOp } from "./define-op.ts";
import * as exported from "./index.ts";

declare global {
  interface ImportMeta {
    /** Vite's: modules by their paths. */
    glob<Module>(
      pattern: string | readonly string[],
      options: { readonly eager: true },
    ): Readonly<Record<string, Module>>;
  }
}

const files = import.meta.glob<Readonly<Record<string, unknown>>>("./*.cases.ts", { eager: true });

/** The ops that the package exports. */
export const allOps: readonly AnyOp[] = Object.values<unknown>(exported).filter(isOp);

/** Cases by the file that has them, such as `./relu.cases.ts`. */
export const casesByFile: ReadonlyMap<string, readonly OpCase[]> = new Map(
  Object.entries(files).map(([file, module]) => {
    const lists = Object.entries(module).filter(([name]) => name.endsWith("Cases"));
    return [file, lists.flatMap(([, cases]) => cases as readonly OpCase[])];
  }),
);

export const allCases: readonly OpCase[] = [...casesByFile.values()].flat();

/** Those of ops that every backend has a kernel for: fused ops have one where it gains something. */
export const unfusedCases: readonly OpCase[] = allCases.filter(({ op }) => !op.fused);

/** Whether a value is what `defineOp` gives, rather than a function that applies it. */
export function isOp(value: unknown): value is AnyOp {
  return typeof value === "object" && value !== null && "shape" in value && "forward" in value;
}

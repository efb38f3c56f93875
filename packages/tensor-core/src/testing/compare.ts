// A case on a backend against the same case on the reference, as the conformance suites of all backends do it.
import { createReferenceBackend } from "../backends/reference/index.ts";
import type { Backend } from "../backend.ts";
import type { InputCase, OpCase } from "../ops/cases.ts";
import type { AnyOp } from "../ops/define-op.ts";
import { sizeOf, type Shape } from "../tensor.ts";
import { largestDifference, runCase, runCaseAsync, type Results } from "./conformance.ts";

type Difference = ReturnType<typeof largestDifference>;

const expected = new Map<OpCase, Results>();

export type Comparison = { readonly values: Difference; readonly gradients: Difference };

/** Largest differences of a case's outputs and of its gradients from the reference's, with where they are. */
export function compareWithReference(backend: Backend, opCase: OpCase): Comparison {
  return compare(runCase(backend, opCase), opCase);
}

/** `compareWithReference` on a backend that cannot be read at once. */
export async function compareWithReferenceAsync(backend: Backend, opCase: OpCase): Promise<Comparison> {
  return compare(await runCaseAsync(backend, opCase), opCase);
}

function compare(results: Results, opCase: OpCase): Comparison {
  const wanted = expected.get(opCase) ?? runCase(createReferenceBackend(), opCase);
  expected.set(opCase, wanted);
  const isGradient = (name: string): boolean =>
    opCase.op.backward !== undefined && name.startsWith("d") && Object.hasOwn(opCase.inputs, name.slice(1));
  const names = Object.keys(wanted);
  return {
    values: largestDifference(
      results,
      wanted,
      names.filter((name) => !isGradient(name)),
      opCase.unit,
    ),
    gradients: largestDifference(results, wanted, names.filter(isGradient)),
  };
}

/** Kernels of an op that a backend does not have: `Relu`, `ReluGrad`. It runs them as references. */
export function missingKernels({ kernels }: Pick<Backend, "kernels">, { name, backward }: AnyOp): string[] {
  return [name, ...(backward ? [`${name}Grad`] : [])].filter((kernel) => !kernels.has(kernel));
}

/** What a case runs, as the title of a test. */
export function titleOf({ op, inputs, attributes }: OpCase): string {
  const shapes = Object.entries(inputs).map(
    ([name, input]) =>
      `${name}${JSON.stringify(Array.isArray(input) ? input.map((i) => i.shape) : (input as { shape: Shape } | undefined)?.shape)}`,
  );
  return `${op.name} ${shapes.join(" ")} ${JSON.stringify(attributes)}`;
}

/** How many values all inputs of a case have together. */
export function elementsOf({ inputs }: OpCase): number {
  const all = Object.values(inputs).flatMap((input) => (input === undefined ? [] : ([input].flat() as InputCase[])));
  return all.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

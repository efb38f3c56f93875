// Memory belongs to a scope: what a step makes it frees, in the same order every time, so a repeated step gets the
// same buffers again. Scopes are per backend; there is no process-wide one.
import type { Backend } from "./backend.ts";
import { Tensor } from "./tensor.ts";
import { leaves } from "./tree.ts";

export type Scope = { readonly tensors: Set<Tensor> };

/**
 * Runs `body` and disposes every tensor made in it, except those in its result, which move to the enclosing scope.
 * `body` must be synchronous.
 *
 * @example
 * const y = scope(backend, () => add(linear(params, x), x)); // only y survives
 */
export function scope<Result>(backend: Backend, body: () => Result): Result {
  const inner: Scope = { tensors: new Set() };
  backend.scopes.push(inner);
  let kept = new Set<Tensor>();
  try {
    const result = body();
    if (result instanceof Promise) throw new Error("[scope] expected a synchronous body, got a promise");
    kept = new Set(tensorsIn(result));
    return result;
  } finally {
    backend.scopes.pop();
    const outer = backend.scopes.at(-1);
    for (const tensor of [...inner.tensors]) {
      if (!kept.has(tensor)) tensor.dispose();
      else {
        tensor.scope = outer;
        outer?.tensors.add(tensor);
      }
    }
  }
}

/** Disposes every tensor of a tree. */
export function disposeTree(tree: unknown): void {
  for (const tensor of tensorsIn(tree)) tensor.dispose();
}

function tensorsIn(value: unknown): Tensor[] {
  return leaves<unknown>(value)
    .map(([, leaf]) => leaf)
    .filter((leaf) => leaf instanceof Tensor);
}

// Stored values into the tensors of a parameter tree, by path: how checkpoints and weight files become models.
import { firstOf } from "./files/first-of.ts";
import type { SafeTensor } from "./safetensors.ts";
import { toFloat32 } from "./safetensors.ts";
import type { Shape, Tensor } from "./tensor.ts";
import { leaves } from "./tree.ts";

type FillOptions = { readonly user?: string; readonly prefix?: string };

export type FillTreeOptions = FillOptions & {
  /** Refuse values that are NaN or infinite. */
  readonly finite?: boolean;
};

/**
 * Checks stored tensors against the shapes of a tree's leaves, before there is a tree: every leaf must be there under
 * `prefix` + its path, with its shape, and nothing else may stand under `prefix`.
 *
 * @throws listing missing, unexpected and misshapen tensors
 */
export function checkTree(
  shapes: Iterable<readonly [path: string, shape: Shape]>,
  stored: ReadonlyMap<string, { readonly shape: Shape }>,
  { user = "checkTree", prefix = "" }: FillOptions = {},
): void {
  const targets = [...shapes].map(([path, shape]) => [prefix + path, shape] as const);
  const expected = new Set(targets.map(([path]) => path));
  const problems = targets.flatMap(([path, shape]) => {
    const found = stored.get(path);
    if (!found) return [`missing ${path}`];
    const same = found.shape.length === shape.length && found.shape.every((size, i) => size === shape[i]);
    return same ? [] : [`${path}: expected [${shape.join(", ")}], got [${found.shape.join(", ")}]`];
  });
  for (const path of stored.keys())
    if (path.startsWith(prefix) && !expected.has(path)) problems.push(`unexpected ${path}`);
  if (problems.length > 0) {
    throw new Error(`[${user}] the tensors do not fit the model: ${firstOf(problems, "; ")}`);
  }
}

/**
 * Writes stored tensors into `tree`, in place.
 *
 * @throws as `checkTree`, and with `finite` as `requireFinite`; nothing is written then
 */
export function fillTree(
  tree: unknown,
  stored: ReadonlyMap<string, SafeTensor>,
  { user = "fillTree", prefix = "", finite = false }: FillTreeOptions = {},
): void {
  const targets = leaves<Tensor>(tree);
  checkTree(
    targets.map(([path, { shape }]) => [path, shape]),
    stored,
    { user, prefix },
  );
  if (finite) {
    for (const [path] of targets) requireFinite(toFloat32(stored.get(prefix + path) as SafeTensor), path, user);
  }
  for (const [path, leaf] of targets) {
    leaf.backend.write(leaf.storage.handle, toFloat32(stored.get(prefix + path) as SafeTensor));
    leaf.storage.version++;
  }
}

/**
 * A parameter that is no number makes nonsense of every result, and of indices (visual tokens) nonsense that looks sound.
 * @throws naming the parameter, and the place of its first value that is NaN or infinite
 */
export function requireFinite(values: ArrayLike<number>, name: string, user: string): void {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    throw new Error(
      `[${user}] expected finite parameters, got ${values[i]} in ${name} (value ${i} of ${values.length}): ` +
        "the file is damaged, or the training that wrote it diverged",
    );
  }
}

// Stored values into the tensors of a parameter tree, by path: how checkpoints and weight files become models.
import type { SafeTensor } from "./safetensors.ts";
import { toFloat32 } from "./safetensors.ts";
import type { Tensor } from "./tensor.ts";
import { leaves } from "./tree.ts";

/**
 * Writes stored tensors into `tree`, in place; every leaf must be there under `prefix` + its path, with its shape, and
 * nothing else may stand under `prefix`.
 *
 * @throws listing missing, unexpected and misshapen tensors; nothing is written then
 */
export function fillTree(
  tree: unknown,
  stored: ReadonlyMap<string, SafeTensor>,
  { user = "fillTree", prefix = "" }: { readonly user?: string; readonly prefix?: string } = {},
): void {
  const targets = leaves<Tensor>(tree).map(([path, leaf]) => [prefix + path, leaf] as const);
  const expected = new Set(targets.map(([path]) => path));
  const problems = targets.flatMap(([path, leaf]) => {
    const found = stored.get(path);
    if (!found) return [`missing ${path}`];
    const same = found.shape.length === leaf.shape.length && found.shape.every((size, i) => size === leaf.shape[i]);
    return same ? [] : [`${path}: expected [${leaf.shape.join(", ")}], got [${found.shape.join(", ")}]`];
  });
  for (const path of stored.keys())
    if (path.startsWith(prefix) && !expected.has(path)) problems.push(`unexpected ${path}`);
  if (problems.length > 0) {
    const more = problems.length > 10 ? ` and ${problems.length - 10} more` : "";
    throw new Error(`[${user}] the tensors do not fit the model: ${problems.slice(0, 10).join("; ")}${more}`);
  }
  for (const [path, leaf] of targets) {
    leaf.backend.write(leaf.storage.handle, toFloat32(stored.get(path) as SafeTensor));
    leaf.storage.version++;
  }
}

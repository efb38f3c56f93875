// Trees of parameters: plain nested objects and arrays with leaves of one kind. A leaf's path (`blocks.3.norm1.gamma`)
// is its checkpoint key, the subject of optimizer rules and the address of its gradient.
import type { Tensor } from "./tensor.ts";

/** All `[path, leaf]` of a tree, in order of definition. `undefined` leaves are left out. */
export function leaves<Leaf>(tree: unknown, prefix = ""): [path: string, leaf: Leaf][] {
  if (tree === undefined) return [];
  if (!isBranch(tree)) return [[prefix, tree as Leaf]];
  return Object.entries(tree).flatMap(([key, value]) => leaves<Leaf>(value, prefix ? `${prefix}.${key}` : key));
}

/** Number of values in all tensors of a tree. */
export function valueCount(tree: unknown): number {
  return leaves<Tensor>(tree).reduce((count, [, leaf]) => count + leaf.size, 0);
}

/** The same tree with every leaf replaced. */
export function mapTree<From, To, Tree>(tree: Tree, change: (leaf: From, path: string) => To, prefix = ""): Tree {
  if (tree === undefined) return tree;
  if (!isBranch(tree)) return change(tree as From, prefix) as unknown as Tree;
  const child = (key: string | number, value: unknown) =>
    mapTree(value, change, prefix ? `${prefix}.${key}` : `${key}`);
  if (Array.isArray(tree)) return tree.map((value, i) => child(i, value)) as Tree;
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, child(key, value)])) as Tree;
}

/** The leaf at a path, or undefined. */
export function leafAt<Leaf>(tree: unknown, path: string): Leaf | undefined {
  let node = tree;
  for (const key of path.split(".")) {
    if (!isBranch(node) || !Object.hasOwn(node, key)) return undefined;
    node = (node as Readonly<Record<string, unknown>>)[key];
  }
  return isBranch(node) ? undefined : (node as Leaf | undefined);
}

// Branches are arrays and plain objects; anything with a class (a tensor, a typed array) is a leaf.
function isBranch(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}

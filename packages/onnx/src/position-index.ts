// The rows of a table of relative positions for every pair of tokens, computed in the graph from rows and columns.
import type { GraphBuilder, Value } from "./graph.ts";
import type { OpenGrid } from "./open-grid.ts";

/**
 * What `relativePositionIndex` gives for a grid. -> int64 [T, T]
 *
 * With u = r (2 cols - 1) + c, the row of patches q and k is u_q - u_k + the largest u.
 */
export function addPositionIndex(graph: GraphBuilder, { rows, cols, patches }: OpenGrid): Value {
  const at = (name: string) => `relative_position_index/${name}`;
  const wide = addOffsets(graph, at("cols"), cols);
  const count = graph.node("Mul", at("count"), [addOffsets(graph, at("rows"), rows), wide]);
  const down = graph.node("Mul", at("down"), [addRange(graph, at("row"), rows), wide]);
  const column = graph.node("Reshape", at("column"), [down, graph.integers(-1, 1)]);
  const places = graph.node("Add", at("grid"), [column, addRange(graph, at("col"), cols)]); // [rows, cols]
  const keys = graph.node("Reshape", at("keys"), [places, graph.integers(-1)]); // [N]
  const queries = graph.node("Reshape", at("queries"), [places, graph.integers(-1, 1)]);
  const twice = graph.node("Sub", at("largest/twice"), [count, graph.integers(1)]);
  const largest = graph.node("Div", at("largest"), [twice, graph.integers(2)]);
  const differences = graph.node("Sub", at("differences"), [queries, keys]);
  const pairs = graph.node("Add", at("pairs"), [differences, largest]); // [N, N]
  return addClassToken(graph, pairs, { count, patches });
}

// Below the offsets a table has the class token's three: to patches, of patches, to itself.
function addClassToken(
  graph: GraphBuilder,
  pairs: Value,
  { count, patches }: { readonly count: Value; readonly patches: Value },
): Value {
  const at = (name: string) => `relative_position_index/class/${name}`;
  const [of, itself] = [1, 2].map((more) => graph.node("Add", at(`row_${more}`), [count, graph.integers(more)]));
  const column = graph.node("Concat", at("column"), [patches, graph.integers(1)], { axis: 0 });
  const left = graph.node("Expand", at("of_patches"), [of, column]); // [N, 1]
  const to = graph.node("Expand", at("to_patches"), [count, patches]); // [N]
  const first = graph.node("Concat", at("first"), [itself, to], { axis: 0 });
  const top = graph.node("Reshape", at("top"), [first, graph.integers(1, -1)]); // [1, T]
  const rest = graph.node("Concat", at("rest"), [left, pairs], { axis: 1 }); // [N, T]
  return graph.node("Concat", "relative_position_index", [top, rest], { axis: 0 });
}

// 2 side - 1
function addOffsets(graph: GraphBuilder, name: string, side: Value): Value {
  const twice = graph.node("Mul", `${name}/twice`, [side, graph.integers(2)]);
  return graph.node("Sub", `${name}/offsets`, [twice, graph.integers(1)]);
}

// 0, 1, 2 … below a size [1]
function addRange(graph: GraphBuilder, name: string, size: Value): Value {
  const [start, step] = [0, 1].map((value) => graph.table(`whole/${value}`, [], [value]));
  const end = graph.node("Squeeze", `${name}/end`, [size]);
  return graph.node("Range", `${name}/range`, [start, end, step]);
}

// Positions for images of any size. Every way of resizing is linear along each side, so a graph has the weights for all sides
// that there may be, takes those of the image's rows and columns, and multiplies.
import { gridOf, type ResizingOptions } from "@beitjs/beit-encoder";
import type { BeitParts, BeitPositions } from "./beit-context.ts";
import type { GraphBuilder, Value } from "./graph.ts";
import { addOpenGrid } from "./open-grid.ts";
import { addPositionIndex } from "./position-index.ts";
import { addPositionWeights, addTableWeights, type SideWeights } from "./side-weights.ts";

export function openPositions(parts: BeitParts, resizing: ResizingOptions): BeitPositions {
  const { config, graph, parameter } = parts;
  const grid = addOpenGrid(parts);
  const { tableResizing = "geometric-cubic", positionResizing = "bicubic" } = resizing;
  const own = gridOf(config);
  let tableWeights: SideWeights | undefined;
  let index: Value | undefined;
  return {
    patches: grid.patches,
    tokens: grid.tokens,
    positions() {
      const weights = addPositionWeights(graph, { own, grid, method: positionResizing });
      const stored = parameter("positions", [1, own.rows * own.cols + 1, config.width]);
      const [classToken, patches] = addParts(graph, "positions", stored, { axis: 1, at: 1 });
      const sizes = { cols: own.cols, channels: config.width };
      const map = addResized(graph, "positions", patches, { ...sizes, weights });
      const placed = graph.node("Reshape", "positions/placed", [map, graph.integers(1, -1, config.width)]);
      return graph.node("Concat", "positions", [classToken, placed], { axis: 1 });
    },
    positionTable(path, name) {
      tableWeights ??= addTableWeights(graph, { own, grid, method: tableResizing });
      const [offsets, ends] = addParts(graph, `${name}/table`, parameter(path), { axis: 0, at: -3 });
      const sizes = { cols: 2 * own.cols - 1, channels: config.heads };
      const map = addResized(graph, `${name}/table`, offsets, { ...sizes, weights: tableWeights });
      const rows = graph.node("Reshape", `${name}/table/placed`, [map, graph.integers(-1, config.heads)]);
      return graph.node("Concat", `${name}/table`, [rows, ends], { axis: 0 }); // [R, H]
    },
    positionIndex: () => (index ??= addPositionIndex(graph, grid)),
  };
}

const END = 2 ** 31 - 1;

// What lies before a place and from it on; one of the two is the class token's.
function addParts(
  graph: GraphBuilder,
  name: string,
  x: Value,
  { axis, at }: { readonly axis: number; readonly at: number },
): readonly [before: Value, after: Value] {
  const part = (which: string, start: number, end: number) =>
    graph.node("Slice", `${name}/${which}`, [x, ...[start, end, axis].map((value) => graph.integers(value))]);
  return [part("before", 0, at), part("after", at, END)];
}

type ResizedOptions = {
  /** Of the map as it is stored. */
  readonly cols: number;
  readonly channels: number;
  readonly weights: SideWeights;
};

// A map [rows cols, C], in whatever shape, along both sides. -> [rows', cols', C]
function addResized(graph: GraphBuilder, name: string, map: Value, options: ResizedOptions): Value {
  const { cols, channels, weights } = options;
  const wide = graph.node("Reshape", `${name}/wide`, [map, graph.integers(-1, cols * channels)]);
  const high = graph.node("MatMul", `${name}/high`, [weights.rows, wide]); // [rows', cols C]
  const split = graph.node("Reshape", `${name}/split`, [high, graph.integers(-1, cols, channels)]);
  return graph.node("MatMul", `${name}/resized`, [weights.cols, split]);
}

// The patch grid of an image of any size as values of a graph. Where positions depend on it, it is held to the sides that the
// graph has weights for, so that a larger image ends as an error.
import type { BeitConfig } from "@beitjs/beit-encoder";
import type { BeitParts } from "./beit-context.ts";
import type { GraphBuilder, Value } from "./graph.ts";

/** Patches along a side, at most, that positions are resized to. */
export const LARGEST_SIDE = 128;

/** All of them [1]. */
export type OpenGrid = {
  readonly rows: Value;
  readonly cols: Value;
  /** rows cols */
  readonly patches: Value;
  /** rows cols + 1 */
  readonly tokens: Value;
};

export function addOpenGrid({ config, graph, grid }: BeitParts): OpenGrid {
  const [rows, cols] = ["rows", "cols"].map((name, i) => {
    const side = graph.node("Shape", `grid/${name}`, [grid], { start: i + 2, end: i + 3 });
    return hasPositions(config) ? addLimit(graph, `grid/${name}`, side) : side;
  });
  const patches = graph.node("Mul", "grid/patches", [rows, cols]);
  return { rows, cols, patches, tokens: graph.node("Add", "grid/tokens", [patches, graph.integers(1)]) };
}

function hasPositions({ absolutePositions, relativePositions }: BeitConfig): boolean {
  return absolutePositions || relativePositions !== "none";
}

// A slice ends with what it is taken from, and a list that is too short has not the shape asked for: so every runtime stops,
// with the name of the node.
function addLimit(graph: GraphBuilder, name: string, side: Value): Value {
  const list = graph.constant("grid/sides", [LARGEST_SIDE], () => new Float32Array(LARGEST_SIDE));
  const taken = graph.node("Slice", `${name}/taken`, [list, graph.integers(0), side]);
  const whole = graph.node("Reshape", `${name}/at most ${LARGEST_SIDE} patches a side`, [taken, side]);
  return graph.node("Shape", `${name}/checked`, [whole], { start: 0, end: 1 });
}

// Weights of resizing along the sides of a grid. An initializer has them for one patch, two, three and so on, one matrix under
// another, so that those of an image are a slice of it.
import {
  positionWeights,
  tableWeights,
  type AxisWeights,
  type PositionResizing,
  type TableResizing,
} from "@beitjs/beit-encoder";
import type { Grid } from "@beitjs/tensor-core/grid";
import type { GraphBuilder, Value } from "./graph.ts";
import { LARGEST_SIDE, type OpenGrid } from "./open-grid.ts";
import { dataTypes } from "./proto.ts";

/** For rows and columns, what is wanted by what is stored. [wanted, stored] */
export type SideWeights = Readonly<Record<"rows" | "cols", Value>>;

export type SideOptions<Method> = { readonly own: Grid; readonly grid: OpenGrid; readonly method: Method };

/** Of absolute positions: `side` rows for every side. */
export function addPositionWeights(
  graph: GraphBuilder,
  { own, grid, method }: SideOptions<PositionResizing>,
): SideWeights {
  return bothSides((axis) => {
    const [name, side] = [`positions/${axis}`, grid[axis]];
    const before = graph.node("Sub", `${name}/before`, [side, graph.integers(1)]);
    const twice = graph.node("Mul", `${name}/twice`, [side, before]);
    const start = graph.node("Div", `${name}/start`, [twice, graph.integers(2)]); // 1 + 2 + … + (side - 1)
    const end = graph.node("Add", `${name}/end`, [start, side]);
    // Where nothing is to be resized nothing is shifted: exact, but for a rectangle that keeps one side of the model's own.
    const kept = (to: number) => (method === "shifted-bicubic" && to === own[axis] ? "bicubic" : method);
    const all = addAll(graph, "positions", own[axis], [(to) => positionWeights(own[axis], to, kept(to))]);
    return graph.node("Slice", `${name}/weights`, [all, start, end]);
  });
}

/** Of tables of relative positions: `2 side - 1` rows for every side. */
export function addTableWeights(graph: GraphBuilder, options: SideOptions<TableResizing>): SideWeights {
  const { own, grid } = options;
  const special = addSpecialCase(graph, options);
  return bothSides((axis) => {
    const [name, side] = [`relative_position_bias/${axis}`, grid[axis]];
    const before = graph.node("Sub", `${name}/before`, [side, graph.integers(1)]);
    let start = graph.node("Mul", `${name}/start`, [before, before]); // 1 + 3 + … + (2 side - 3)
    let end = graph.node("Mul", `${name}/end`, [side, side]);
    if (special) [start, end] = [start, end].map((at) => graph.node("Add", `${at}/of_case`, [at, special]));
    const all = addAll(graph, "tables", own[axis], tableCases(own[axis], options));
    return graph.node("Slice", `${name}/weights`, [all, start, end]);
  });
}

type SideWeigher = (to: number) => AxisWeights;

// Splines are for squares alone, and elsewhere lines take their place, which are not exact where nothing is to be resized: so the
// weights for the special case, a square or the model's own grid, are stored under the usual ones.
function tableCases(from: number, { own, method }: SideOptions<TableResizing>): readonly SideWeigher[] {
  if (method === "bilinear") return [(to) => tableWeights(from, to, method)];
  const lines: SideWeigher = (to) => tableWeights(from, to, "geometric-linear");
  if (splined(own, method)) return [lines, (to) => tableWeights(from, to, method)];
  return [lines, (to) => (to === from ? tableWeights(from, to, "bilinear") : lines(to))];
}

// Rows to skip for the case of an image. [1]
function addSpecialCase(
  graph: GraphBuilder,
  { own, grid: { rows, cols }, method }: SideOptions<TableResizing>,
): Value | undefined {
  if (method === "bilinear") return undefined;
  const name = "relative_position_bias/case";
  const sides = graph.node("Concat", `${name}/sides`, [rows, cols], { axis: 0 });
  const special = splined(own, method)
    ? graph.node("Concat", `${name}/square`, [cols, rows], { axis: 0 })
    : graph.integers(own.rows, own.cols);
  const equal = graph.node("Equal", `${name}/equal`, [sides, special]);
  const ones = graph.node("Cast", `${name}/ones`, [equal], { to: dataTypes.int64 });
  const both = graph.node("ReduceMin", `${name}/both`, [ones], { axes: [0], keepdims: 1 });
  return graph.node("Mul", name, [both, graph.integers(LARGEST_SIDE ** 2)]);
}

/** Whether squares are resized by splines. */
function splined({ rows, cols }: Grid, method: TableResizing): boolean {
  return method === "geometric-cubic" && rows === cols;
}

function addAll(graph: GraphBuilder, kind: string, from: number, cases: readonly SideWeigher[]): Value {
  const width = kind === "tables" ? 2 * from - 1 : from;
  const height = kind === "tables" ? LARGEST_SIDE ** 2 : (LARGEST_SIDE * (LARGEST_SIDE + 1)) / 2;
  return graph.constant(`weights/${kind}/${from}`, [cases.length * height, width], () => {
    const all = new Float32Array(cases.length * height * width);
    let at = 0;
    for (const weigh of cases) {
      for (let to = 1; to <= LARGEST_SIDE; to++) {
        for (const weights of weigh(to)) {
          all.set(weights, at);
          at += width;
        }
      }
    }
    return all;
  });
}

function bothSides(add: (axis: keyof SideWeights) => Value): SideWeights {
  return { rows: add("rows"), cols: add("cols") };
}

// What the parts of BEiT's graph share: the model's parameters as initializers, the builder, sizes, and the norm.
import { leafAt, type Shape, type Tensor } from "@beitjs/tensor-core";
import { heightWidth } from "@beitjs/tensor-core/grid";
import {
  gridOf,
  officialNames,
  patchCount,
  relativePositionIndex,
  type Beit,
  type BeitConfig,
  type ResizingOptions,
} from "@beitjs/beit-encoder";
import type { GraphBuilder, Value } from "./graph.ts";
import { openPositions } from "./open-positions.ts";
import { addFilter, addParameter } from "./parameter-values.ts";

/** A size: known, or a value [1] that the image gives. */
export type Size = number | Value;

/** What depends on the size of the images. */
export type BeitPositions = {
  /** Patches, and the class token. */
  readonly patches: Size;
  readonly tokens: Size;
  /** [1, T, D] */
  positions(): Value;
  /** A table of relative positions. [R, H] */
  positionTable(path: string, name: string): Value;
  /** Rows of such tables. [T, T] */
  positionIndex(): Value;
};

export type BeitContext = BeitPositions & {
  readonly config: BeitConfig;
  readonly graph: GraphBuilder;
  /** Embedded patches. [B, D, rows, cols] */
  readonly grid: Value;
  has(path: string): boolean;
  /** The parameter at a path, under its official name. */
  parameter(path: string, shape?: Shape): Value;
  /** A shape, or another list of sizes. */
  shape(...sizes: readonly Size[]): Value;
};

/** @param resizing how positions meet images of another size; absent: all images have the model's */
export function beitContext(
  { config, params }: Beit,
  graph: GraphBuilder,
  resizing: ResizingOptions | undefined,
): BeitContext {
  const leaf = (path: string) => leafAt<Tensor>(params, path) as Tensor;
  const { patchSize: size, channels, imageSize } = config;
  const { height, width } = heightWidth(imageSize);
  const pixels = graph.input("pixel_values", "float32", [
    "batch",
    channels,
    ...(resizing ? ["height", "width"] : [height, width]),
  ]);
  const parameter = (path: string, shape?: Shape) => addParameter(graph, officialName(path), leaf(path), shape);
  const path = "patchEmbedding.weight";
  const filter = addFilter(graph, officialName(path), leaf(path), { size, channels });
  const inputs = [pixels, filter, parameter("patchEmbedding.bias")];
  const square = { kernel_shape: [size, size], strides: [size, size] };
  const parts: BeitParts = {
    config,
    graph,
    grid: graph.node("Conv", "embedding/grid", inputs, square),
    has: (path) => leafAt<Tensor>(params, path) !== undefined,
    parameter,
    shape: shapesOf(graph),
  };
  return { ...parts, ...(resizing ? openPositions(parts, resizing) : fixedPositions(parts)) };
}

/** What a graph has before its positions. */
export type BeitParts = Omit<BeitContext, keyof BeitPositions>;

function fixedPositions({ config, graph, parameter }: BeitParts): BeitPositions {
  const patches = patchCount(config);
  const tokens = patches + 1;
  return {
    patches,
    tokens,
    positions: () => parameter("positions", [1, tokens, config.width]),
    positionTable: (path) => parameter(path),
    positionIndex: () =>
      graph.table("relative_position_index", [tokens, tokens], relativePositionIndex(gridOf(config))),
  };
}

function shapesOf(graph: GraphBuilder): BeitContext["shape"] {
  const made = new Map<string, Value>();
  return (...sizes) => {
    if (sizes.length === 1 && typeof sizes[0] === "string") return sizes[0];
    const known = sizes.filter((size) => typeof size === "number");
    if (known.length === sizes.length) return graph.integers(...known);
    const name = `shape/${sizes.join(",")}`;
    const list = sizes.map((size) => (typeof size === "number" ? graph.integers(size) : size));
    const shape = made.get(name) ?? graph.node("Concat", name, list, { axis: 0 });
    made.set(name, shape);
    return shape;
  };
}

/** Layer normalization with the parameters at a path. [..., D] -> [..., D] */
export function addNorm({ config, graph, parameter }: BeitContext, name: string, x: Value, path: string): Value {
  const inputs = [x, parameter(`${path}.gamma`), parameter(`${path}.beta`)];
  return graph.node("LayerNormalization", name, inputs, { axis: -1, epsilon: { float: config.epsilon } });
}

/** Affine layer with the parameters at a path. [rows, K] -> [rows, N] */
export function addLinear({ graph, parameter }: BeitContext, name: string, x: Value, path: string): Value {
  return graph.node("Gemm", name, [x, parameter(`${path}.weight`), parameter(`${path}.bias`)], { transB: 1 });
}

const official = new Map(officialNames);

function officialName(path: string): string {
  const [, block = ""] = /^blocks\.(\d+)\./.exec(path) ?? [];
  return (official.get(block ? path.replace(block, "*") : path) as string).replace("*", block);
}

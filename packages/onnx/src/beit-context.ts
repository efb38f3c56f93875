// What the parts of BEiT's graph share: the model's parameters as initializers, the builder, and the norm.
import { leafAt, type Shape, type Tensor } from "@beitjs/tensor-core";
import {
  gridOf,
  officialNames,
  patchCount,
  relativePositionIndex,
  type Beit,
  type BeitConfig,
} from "@beitjs/beit-encoder";
import type { GraphBuilder, Value } from "./graph.ts";
import { addFilter, addParameter } from "./parameter-values.ts";

export type BeitContext = {
  readonly config: BeitConfig;
  readonly graph: GraphBuilder;
  /** Patches and the class token. */
  readonly tokens: number;
  has(path: string): boolean;
  /** The parameter at a path, under its official name. */
  parameter(path: string, shape?: Shape): Value;
  /** The same for the patch embedding. [D, C, P, P] */
  filter(path: string): Value;
  /** Rows of tables of relative positions. [T, T] */
  positionIndex(): Value;
};

export function beitContext({ config, params }: Beit, graph: GraphBuilder): BeitContext {
  const leaf = (path: string) => leafAt<Tensor>(params, path) as Tensor;
  const { patchSize: size, channels } = config;
  const tokens = patchCount(config) + 1;
  return {
    config,
    graph,
    tokens,
    has: (path) => leafAt<Tensor>(params, path) !== undefined,
    parameter: (path, shape) => addParameter(graph, officialName(path), leaf(path), shape),
    filter: (path) => addFilter(graph, officialName(path), leaf(path), { size, channels }),
    positionIndex: () =>
      graph.table("relative_position_index", [tokens, tokens], relativePositionIndex(gridOf(config))),
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

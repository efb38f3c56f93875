// The transformer block as nodes of ONNX, over tokens as rows [B T, D]. GELU and the scaled product stand in the patterns
// that runtimes look for to replace them by faster ones. (BEiT paper, section 2.2)
import { addLinear, addNorm, type BeitContext } from "./beit-context.ts";
import type { Value } from "./graph.ts";

export type BlockOptions = {
  readonly index: number;
  /** Relative position bias of all layers, where they share one. */
  readonly sharedBias?: Value | undefined;
};

/** [B T, D] -> [B T, D] */
export function addBlock(context: BeitContext, x: Value, { index, sharedBias }: BlockOptions): Value {
  const block = `blocks.${index}`;
  const own = context.config.relativePositions === "per-layer";
  const bias = own ? addPositionBias(context, `${block}.attention.relativePositionBias`, `${block}/`) : sharedBias;
  const normalized = addNorm(context, `${block}/attention/normalized`, x, `${block}.norm1`);
  const attended = addAttention(context, normalized, { block, bias });
  const middle = addResidual(context, `${block}/attention`, x, { branch: attended, scale: `${block}.scale1` });
  const expanded = addMlp(context, block, addNorm(context, `${block}/mlp/normalized`, middle, `${block}.norm2`));
  return addResidual(context, `${block}/mlp`, middle, { branch: expanded, scale: `${block}.scale2` });
}

/**
 * The bias of a table of relative positions. -> [H, T, T]
 *
 * A table is a hundredth of its bias or less; runtimes look the bias up once, when they load; of open sizes, in every run.
 */
export function addPositionBias(context: BeitContext, path: string, at = ""): Value {
  const { graph, positionTable, positionIndex } = context;
  const name = `${at}relative_position_bias`;
  const pairs = graph.node("Gather", `${name}/pairs`, [positionTable(path, name), positionIndex()], { axis: 0 }); // [T, T, H]
  return graph.node("Transpose", name, [pairs], { perm: [2, 0, 1] });
}

type AttentionOptions = { readonly block: string; readonly bias: Value | undefined };

function addAttention(context: BeitContext, x: Value, { block, bias }: AttentionOptions): Value {
  const { config, graph, tokens, shape: shapeOf } = context;
  const { width, heads } = config;
  const at = `${block}/attention`;
  const parts = ["queries", "keys", "values"].map((part) => `${at}/${part}`);
  const rows = graph.nodes(
    "Split",
    parts.map((part) => `${part}/rows`),
    [addQkv(context, block, x)],
    { axis: 1 },
  );
  const shape = shapeOf(-1, tokens, heads, width / heads);
  const [queries, keys, values] = parts.map((part, i) => {
    const split = graph.node("Reshape", `${part}/split`, [rows[i], shape]); // [B, T, H, K]
    return graph.node("Transpose", part, [split], { perm: i === 1 ? [0, 2, 3, 1] : [0, 2, 1, 3] });
  });
  const products = graph.node("MatMul", `${at}/products`, [queries, keys]); // [B, H, T, T]
  let scores = graph.node("Mul", `${at}/scores`, [products, graph.scalar(1 / Math.sqrt(width / heads))]);
  if (bias) scores = graph.node("Add", `${at}/biased_scores`, [scores, bias]);
  const probabilities = graph.node("Softmax", `${at}/probabilities`, [scores], { axis: -1 });
  const mixed = graph.node("MatMul", `${at}/mixed`, [probabilities, values]); // [B, H, T, K]
  const turned = graph.node("Transpose", `${at}/heads`, [mixed], { perm: [0, 2, 1, 3] });
  const joined = graph.node("Reshape", `${at}/joined`, [turned, graph.integers(-1, width)]); // [B T, D]
  return addLinear(context, `${at}/projection`, joined, `${block}.attention.projection`);
}

// Keys have no bias. [B T, D] -> [B T, 3 D]
function addQkv({ config, graph, parameter }: BeitContext, block: string, x: Value): Value {
  const path = `${block}.attention`;
  const zeros = graph.constant("zeros", [config.width], () => new Float32Array(config.width));
  const biases = [parameter(`${path}.queryBias`), zeros, parameter(`${path}.valueBias`)];
  const bias = graph.node("Concat", `${block}/attention/qkv_bias`, biases, { axis: 0 });
  return graph.node("Gemm", `${block}/attention/qkv`, [x, parameter(`${path}.qkv.weight`), bias], { transB: 1 });
}

// GELU in its exact form, x (1 + erf(x / sqrt 2)) / 2.
function addMlp(context: BeitContext, block: string, x: Value): Value {
  const { graph } = context;
  const at = `${block}/mlp`;
  const expanded = addLinear(context, `${at}/expanded`, x, `${block}.mlp.expand`); // [B T, 4 D]
  const scaled = graph.node("Div", `${at}/gelu/scaled`, [expanded, graph.scalar(Math.SQRT2)]);
  const erf = graph.node("Erf", `${at}/gelu/erf`, [scaled]);
  const raised = graph.node("Add", `${at}/gelu/raised`, [erf, graph.scalar(1)]);
  const doubled = graph.node("Mul", `${at}/gelu/doubled`, [expanded, raised]);
  const activated = graph.node("Mul", `${at}/gelu`, [doubled, graph.scalar(0.5)]);
  return addLinear(context, `${at}/contracted`, activated, `${block}.mlp.contract`);
}

function addResidual(
  { graph, has, parameter }: BeitContext,
  name: string,
  x: Value,
  { branch, scale }: { readonly branch: Value; readonly scale: string },
): Value {
  const scaled = has(scale) ? graph.node("Mul", `${name}/scaled`, [branch, parameter(scale)]) : branch;
  return graph.node("Add", `${name}/residual`, [x, scaled]);
}

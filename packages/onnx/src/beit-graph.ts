// BEiT as a graph of ONNX: images to tokens, blocks, and what is read from them. Between the blocks tokens are rows of one
// matrix [B T, D], T = N + 1, so that every linear layer is a Gemm over the weight as checkpoints store it.
// (BEiT paper, section 2; modeling_pretrain.py, modeling_finetune.py)
import { poolingNormOf, type Beit, type ResizingOptions } from "@beitjs/beit-encoder";
import { addLinear, addNorm, beitContext, type BeitContext, type Size } from "./beit-context.ts";
import { addBlock, addPositionBias } from "./block-graph.ts";
import { createGraph, type Value } from "./graph.ts";
import type { GraphProto } from "./proto.ts";

/** `features`: tokens and their pool. `logits`: what the model's head gives. */
export type BeitOutput = "features" | "logits";

export type BeitGraphOptions = {
  readonly output: BeitOutput;
  /** Parameters in 16 bits. */
  readonly half?: boolean | undefined;
  /** How positions meet images of other sizes; absent: there are none. */
  readonly openSize?: ResizingOptions | undefined;
};

/** The graph of a model of at most one head, with the parameters that this output needs. */
export function beitGraph(beit: Beit, { output, half, openSize }: BeitGraphOptions): GraphProto {
  const { depth, vocabSize, relativePositions } = beit.config;
  const graph = createGraph("beit", { caller: "beitToOnnx", half });
  const context = beitContext(beit, graph, openSize);
  const masked = output === "logits" && vocabSize > 0;
  let x = addEmbedding(context, masked); // [B T, D]
  const sharedBias = relativePositions === "shared" ? addPositionBias(context, "relativePositionBias") : undefined;
  for (let index = 0; index < depth; index++) x = addBlock(context, x, { index, sharedBias });
  if (output === "features") addFeatures(context, x);
  else if (masked) addVisualTokenLogits(context, x);
  else addClassLogits(context, x);
  return graph.finish();
}

// In the order of the encoder: masked patches replaced, the class token in front, positions added. -> [B T, D]
function addEmbedding(context: BeitContext, masked: boolean): Value {
  const { config, graph, parameter, positions } = context;
  const { width } = config;
  const patches = addPatches(context, masked);
  const batch = graph.node("Shape", "embedding/batch", [patches], { start: 0, end: 1 });
  const shape = graph.node("Concat", "embedding/class_shape", [batch, graph.integers(1, width)], { axis: 0 });
  const classTokens = graph.node("Expand", "embedding/class", [parameter("classToken", [1, 1, width]), shape]);
  let x = graph.node("Concat", "embedding/tokens", [classTokens, patches], { axis: 1 }); // [B, T, D]
  if (config.absolutePositions) {
    x = graph.node("Add", "embedding/placed", [x, positions()]);
  }
  return graph.node("Reshape", "embedding/rows", [x, graph.integers(-1, width)]);
}

// -> [B, N, D]
function addPatches(context: BeitContext, masked: boolean): Value {
  const { config, graph, grid, patches: count, shape, parameter } = context;
  const { width } = config;
  const columns = graph.node("Reshape", "embedding/columns", [grid, shape(-1, width, count)]);
  const patches = graph.node("Transpose", "embedding/patches", [columns], { perm: [0, 2, 1] });
  if (!masked) return patches;
  const mask = graph.input("bool_masked_pos", "bool", ["batch", named("patches", count)]);
  const column = graph.node("Unsqueeze", "embedding/mask", [mask, graph.integers(2)]); // [B, N, 1]
  return graph.node("Where", "embedding/masked", [column, parameter("maskToken", [1, 1, width]), patches]);
}

function addFeatures(context: BeitContext, x: Value): void {
  const { config, graph, tokens } = context;
  const hidden = addTokens(context, "last_hidden_state", x);
  graph.output(hidden, "float32", ["batch", named("tokens", tokens), config.width]);
  graph.output(addPool(context, "pooled", hidden), "float32", ["batch", config.width]);
}

function addClassLogits(context: BeitContext, x: Value): void {
  const { config, graph } = context;
  const pooled = addPool(context, "head/pooled", addTokens(context, "head/tokens", x));
  graph.output(addLinear(context, "logits", pooled, "classHead"), "float32", ["batch", config.classes]);
}

function addVisualTokenLogits(context: BeitContext, x: Value): void {
  const { config, graph, patches: count, shape } = context;
  const patches = addPatchSlice(context, addTokens(context, "head/tokens", x));
  const rows = graph.node("Reshape", "head/rows", [patches, graph.integers(-1, config.width)]); // [B N, D]
  const normalized = addNorm(context, "head/normalized", rows, "norm");
  const scores = addLinear(context, "head/scores", normalized, "visualTokenHead"); // [B N, V]
  const logits = graph.node("Reshape", "logits", [scores, shape(-1, count, config.vocabSize)]);
  graph.output(logits, "float32", ["batch", named("patches", count), config.vocabSize]);
}

// What the class head sees: the class token or the mean of the patches, normalized after pooling or before it; of a model
// without a norm the mean as it is. -> [B, D]
function addPool(context: BeitContext, name: string, x: Value): Value {
  const { config, graph } = context;
  const place = poolingNormOf(config);
  const norm = place === "before" ? "norm" : "classNorm";
  const mean = (named: string, patches: Value): Value =>
    graph.node("ReduceMean", named, [patches], { axes: [1], keepdims: 0 });
  if (place === undefined) return mean(name, addPatchSlice(context, x));
  if (config.pooling === "class") {
    const classToken = graph.node("Gather", "head/class", [x, graph.table("class_row", [], [0])], { axis: 1 });
    return addNorm(context, name, classToken, norm);
  }
  if (place === "after") return addNorm(context, name, mean("head/mean", addPatchSlice(context, x)), norm);
  return mean(name, addNorm(context, "head/normalized", addPatchSlice(context, x), norm));
}

// [B T, D] -> [B, T, D]
function addTokens({ config, graph, tokens, shape }: BeitContext, name: string, x: Value): Value {
  return graph.node("Reshape", name, [x, shape(-1, tokens, config.width)]);
}

// [B, T, D] -> [B, N, D]
function addPatchSlice({ graph, tokens, shape }: BeitContext, x: Value): Value {
  return graph.node("Slice", "head/patches", [x, graph.integers(1), shape(tokens), graph.integers(1)]);
}

/** A size as inputs and outputs declare it. */
function named(name: string, size: Size): number | string {
  return typeof size === "number" ? size : name;
}

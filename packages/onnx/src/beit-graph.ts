// BEiT as a graph of ONNX: images to tokens, blocks, and what is read from them. Between the blocks tokens are rows of one
// matrix [B T, D], T = N + 1, so that every linear layer is a Gemm over the weight as checkpoints store it.
// (BEiT paper, section 2; modeling_pretrain.py, modeling_finetune.py)
import { poolingNormOf, type Beit } from "@beitjs/beit-encoder";
import { heightWidth } from "@beitjs/tensor-core/grid";
import { addLinear, addNorm, beitContext, type BeitContext } from "./beit-context.ts";
import { addBlock, addPositionBias } from "./block-graph.ts";
import { createGraph, type Value } from "./graph.ts";
import type { GraphProto } from "./proto.ts";

/** `features`: tokens and their pool. `logits`: what the model's head gives. */
export type BeitOutput = "features" | "logits";

/** The graph of a model of at most one head, with the parameters that this output needs. */
export function beitGraph(beit: Beit, output: BeitOutput): GraphProto {
  const { depth, vocabSize, relativePositions } = beit.config;
  const graph = createGraph("beit");
  const context = beitContext(beit, graph);
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
  const { config, graph, tokens, parameter } = context;
  const { width } = config;
  const patches = addPatches(context, masked);
  const batch = graph.node("Shape", "embedding/batch", [patches], { start: 0, end: 1 });
  const shape = graph.node("Concat", "embedding/class_shape", [batch, graph.integers(1, width)], { axis: 0 });
  const classTokens = graph.node("Expand", "embedding/class", [parameter("classToken", [1, 1, width]), shape]);
  let x = graph.node("Concat", "embedding/tokens", [classTokens, patches], { axis: 1 }); // [B, T, D]
  if (config.absolutePositions) {
    x = graph.node("Add", "embedding/placed", [x, parameter("positions", [1, tokens, width])]);
  }
  return graph.node("Reshape", "embedding/rows", [x, graph.integers(-1, width)]);
}

// -> [B, N, D]
function addPatches({ config, graph, tokens, parameter, filter }: BeitContext, masked: boolean): Value {
  const { channels, patchSize, width } = config;
  const size = heightWidth(config.imageSize);
  const pixels = graph.input("pixel_values", "float32", ["batch", channels, size.height, size.width]);
  const inputs = [pixels, filter("patchEmbedding.weight"), parameter("patchEmbedding.bias")];
  const square = [patchSize, patchSize];
  const grid = graph.node("Conv", "embedding/grid", inputs, { kernel_shape: square, strides: square }); // [B, D, rows, cols]
  const columns = graph.node("Reshape", "embedding/columns", [grid, graph.integers(-1, width, tokens - 1)]);
  const patches = graph.node("Transpose", "embedding/patches", [columns], { perm: [0, 2, 1] });
  if (!masked) return patches;
  const mask = graph.input("bool_masked_pos", "bool", ["batch", tokens - 1]);
  const column = graph.node("Unsqueeze", "embedding/mask", [mask, graph.integers(2)]); // [B, N, 1]
  return graph.node("Where", "embedding/masked", [column, parameter("maskToken", [1, 1, width]), patches]);
}

function addFeatures(context: BeitContext, x: Value): void {
  const { config, graph, tokens } = context;
  const hidden = addTokens(context, "last_hidden_state", x);
  graph.output(hidden, "float32", ["batch", tokens, config.width]);
  graph.output(addPool(context, "pooled", hidden), "float32", ["batch", config.width]);
}

function addClassLogits(context: BeitContext, x: Value): void {
  const { config, graph } = context;
  const pooled = addPool(context, "head/pooled", addTokens(context, "head/tokens", x));
  graph.output(addLinear(context, "logits", pooled, "classHead"), "float32", ["batch", config.classes]);
}

function addVisualTokenLogits(context: BeitContext, x: Value): void {
  const { config, graph, tokens } = context;
  const patches = addPatchSlice(context, addTokens(context, "head/tokens", x));
  const rows = graph.node("Reshape", "head/rows", [patches, graph.integers(-1, config.width)]); // [B N, D]
  const normalized = addNorm(context, "head/normalized", rows, "norm");
  const scores = addLinear(context, "head/scores", normalized, "visualTokenHead"); // [B N, V]
  const logits = graph.node("Reshape", "logits", [scores, graph.integers(-1, tokens - 1, config.vocabSize)]);
  graph.output(logits, "float32", ["batch", tokens - 1, config.vocabSize]);
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
function addTokens({ config, graph, tokens }: BeitContext, name: string, x: Value): Value {
  return graph.node("Reshape", name, [x, graph.integers(-1, tokens, config.width)]);
}

// [B, T, D] -> [B, N, D]
function addPatchSlice({ graph, tokens }: BeitContext, x: Value): Value {
  return graph.node("Slice", "head/patches", [x, graph.integers(1), graph.integers(tokens), graph.integers(1)]);
}

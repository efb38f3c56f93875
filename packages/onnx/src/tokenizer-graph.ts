// The tokenizer half of a dVAE as a graph of ONNX: pixels in [0, 1] to visual tokens, for both architectures.
// (openai/DALL-E, dall_e/encoder.py; microsoft/unilm, beit/modeling_discrete_vae.py)
import { leafAt, type Tensor } from "@beitjs/tensor-core";
import { heightWidth } from "@beitjs/tensor-core/grid";
import {
  officialNamesOf,
  tokenGridOf,
  type DallEConfig,
  type PixelRange,
  type StridedConfig,
  type TokenizerEncoder,
} from "@beitjs/dvae-tokenizer";
import { createGraph, type GraphBuilder, type Value } from "./graph.ts";
import { addFilter, addParameter } from "./parameter-values.ts";
import type { GraphProto } from "./proto.ts";

type ConvOptions = { readonly stride?: number; readonly padding?: number };

type TokenizerContext = {
  readonly graph: GraphBuilder;
  has(path: string): boolean;
  /** Convolution with the parameters at a path. [B, C, H, W] -> [B, O, H', W'] */
  conv(name: string, x: Value, path: string, options?: ConvOptions): Value;
  /** The same; the filter has an odd side, and the padding keeps the image's. */
  sameConv(name: string, x: Value, path: string): Value;
};

export type TokenizerGraphOptions = {
  /** Parameters in 16 bits. */
  readonly half?: boolean | undefined;
  readonly openSize?: boolean | undefined;
};

export function tokenizerGraph(tokenizer: TokenizerEncoder, options: TokenizerGraphOptions = {}): GraphProto {
  const { half, openSize = false } = options;
  const { config } = tokenizer;
  const graph = createGraph("tokenizer", { caller: "tokenizerToOnnx", half });
  const context = tokenizerContext(tokenizer, graph);
  const { channels, pixelRange } = config;
  const { height, width } = heightWidth(config.imageSize);
  const { rows, cols } = tokenGridOf(config);
  const sides = openSize ? ["height", "width"] : [height, width];
  const grid = openSize ? ["rows", "cols"] : [rows, cols];
  const pixels = graph.input("pixels", "float32", ["batch", channels, ...sides]);
  const mapped = addPixelMap(graph, pixels, pixelRange);
  const logits =
    config.architecture === "dall-e" ? addDallE(context, mapped, config) : addStrided(context, mapped, config); // [B, V, rows, cols]
  const ids = graph.node("ArgMax", "ids", [logits], { axis: 1, keepdims: 0 });
  graph.output(ids, "int64", ["batch", ...grid]);
  return graph.finish();
}

function tokenizerContext({ config, params }: TokenizerEncoder, graph: GraphBuilder): TokenizerContext {
  const names = new Map(officialNamesOf(config).map(({ path, official }) => [path, official]));
  const leaf = (path: string) => leafAt<Tensor>(params, path) as Tensor;
  const conv: TokenizerContext["conv"] = (name, x, path, { stride = 1, padding = 0 } = {}) => {
    const filter = leaf(`${path}.filter`);
    const [, size, , channels] = filter.shape;
    const inputs = [
      x,
      addFilter(graph, names.get(`${path}.filter`) as string, filter, { size, channels }),
      addParameter(graph, names.get(`${path}.bias`) as string, leaf(`${path}.bias`)),
    ];
    const pads = [padding, padding, padding, padding];
    return graph.node("Conv", name, inputs, { kernel_shape: [size, size], strides: [stride, stride], pads });
  };
  return {
    graph,
    has: (path) => names.has(path),
    conv,
    sameConv: (name, x, path) => conv(name, x, path, { padding: (leaf(`${path}.filter`).shape[1] - 1) / 2 }),
  };
}

const ranges = { mapped: { scale: 0.8, shift: 0.1 }, normalized: { scale: 2, shift: -1 } } as const;

function addPixelMap(graph: GraphBuilder, pixels: Value, range: PixelRange): Value {
  if (range === "unit") return pixels;
  const { scale, shift } = ranges[range];
  const scaled = graph.node("Mul", "pixels/scaled", [pixels, graph.scalar(scale)]);
  return graph.node("Add", "pixels/mapped", [scaled, graph.scalar(shift)]);
}

function addDallE(context: TokenizerContext, pixels: Value, { groups, blocksPerGroup }: DallEConfig): Value {
  const { graph, conv, sameConv } = context;
  const gain = 1 / (groups * blocksPerGroup) ** 2;
  let x = sameConv("input", pixels, "encoder.input");
  for (let group = 0; group < groups; group++) {
    for (let block = 0; block < blocksPerGroup; block++) {
      x = addBottleneck(context, `groups.${group}.${block}`, x, gain);
    }
    const pool = { kernel_shape: [2, 2], strides: [2, 2] };
    if (group < groups - 1) x = graph.node("MaxPool", `groups.${group}/pooled`, [x], pool);
  }
  return conv("logits", graph.node("Relu", "output/relu", [x]), "encoder.output");
}

// The sum is damped by 1 / layers^2.
function addBottleneck(context: TokenizerContext, block: string, x: Value, gain: number): Value {
  const { graph, has, conv, sameConv } = context;
  const path = `encoder.${block}`;
  let branch = x;
  for (const layer of ["conv1", "conv2", "conv3", "conv4"]) {
    branch = graph.node("Relu", `${block}/${layer}/relu`, [branch]);
    branch = sameConv(`${block}/${layer}`, branch, `${path}.${layer}`);
  }
  const damped = graph.node("Mul", `${block}/damped`, [branch, graph.scalar(gain)]);
  const skip = has(`${path}.identity.filter`) ? conv(`${block}/identity`, x, `${path}.identity`) : x;
  return graph.node("Add", `${block}/residual`, [skip, damped]);
}

function addStrided(context: TokenizerContext, pixels: Value, config: StridedConfig): Value {
  const { graph, conv } = context;
  let x = pixels;
  for (let layer = 0; layer < config.layers; layer++) {
    const stage = `stages.${layer}`;
    const down = conv(`${stage}/down`, x, `encoder.${stage}.down`, { stride: 2, padding: 1 });
    x = graph.node("Relu", `${stage}/relu`, [down]);
    for (let i = 0; i < config.blocksPerStage; i++) x = addPlainBlock(context, `${stage}.blocks.${i}`, x);
  }
  for (let i = 0; i < config.middleBlocks; i++) x = addPlainBlock(context, `middle.${i}`, x);
  return conv("logits", x, "encoder.logits");
}

function addPlainBlock({ graph, sameConv }: TokenizerContext, block: string, x: Value): Value {
  let branch = x;
  for (const layer of ["conv1", "conv2"]) {
    branch = sameConv(`${block}/${layer}`, branch, `encoder.${block}.${layer}`);
    branch = graph.node("Relu", `${block}/${layer}/relu`, [branch]);
  }
  branch = sameConv(`${block}/conv3`, branch, `encoder.${block}.conv3`);
  return graph.node("Add", `${block}/residual`, [x, branch]);
}

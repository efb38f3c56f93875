// @beitjs/onnx: trained models as files of ONNX, for runtimes that are not ours. Every file computes in float32, of opset 17
// (IR version 8), with an open batch axis; initializers have their official names and layouts, and images are NCHW.
import {
  encoderConfig,
  gridOf,
  validateBeitConfig,
  type Beit,
  type BeitConfig,
  type Preprocessing,
  type ResizingOptions,
} from "@beitjs/beit-encoder";
import { formatGrid, heightWidth, type ImageSize } from "@beitjs/tensor-core/grid";
import type { TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import { beitGraph, type BeitOutput } from "./beit-graph.ts";
import { modelBytes, type GraphProto } from "./proto.ts";
import { tokenizerGraph } from "./tokenizer-graph.ts";

export type { BeitOutput } from "./beit-graph.ts";

export type OnnxOptions = {
  /**
   * Parameters in 16 bits, rounded to nearest: half the size of the file. A runtime makes them float32 when it loads, so that
   * every one takes the file, and numbers are those of the rounded parameters.
   */
  readonly half?: boolean | undefined;
  /** Images of any height and width; sides that patches, or cells of tokens, do not divide are rounded down. */
  readonly openSize?: boolean | undefined;
};

export type BeitToOnnxOptions = OnnxOptions & {
  readonly output: BeitOutput;
  /** Names of the classes, stored with the model. */
  readonly labels?: readonly string[] | undefined;
  /** An image may have any number of the classes: probabilities are sigmoids of the logits, which is stored with the model. */
  readonly multiLabel?: boolean | undefined;
  /** How images were made pixels, stored with the model; of open sizes, images of the model's own. */
  readonly preprocessing?: Preprocessing | undefined;
  /** How positions meet images of open sizes, as `openBeit` gives it; default the official ways. */
  readonly resizing?: ResizingOptions | undefined;
};

/**
 * Bytes of an ONNX file of a model. Its input `pixel_values` is float32 [batch, C, H, W], normalized as the model was
 * trained; `features` gives
 * - `last_hidden_state`, [batch, N + 1, D]; what `encode` gives, without a norm
 * - `pooled`, [batch, D]; what the class head sees, or would see: the mean of the patches or the class token, normalized;
 *   of a model without a norm the mean of the patches as it is
 *
 * (transformers' `BeitModel` gives the same, but where it pools the class token it normalizes all tokens, and to models without
 * a norm it gives one of fresh parameters on the mean.) And `logits` gives
 * - of a classifier: `logits` [batch, classes]
 * - of a pre-training model: `logits` [batch, N, vocabSize] over visual tokens, with a second input `bool_masked_pos`, bool
 *   [batch, N], of the patches to replace by the mask token; as transformers' `BeitForMaskedImageModeling`
 *
 * With `openSize`, height, width, N and N + 1 are open, and the graph resizes positions as `openBeit` does for its `imageSize`,
 * to images of at most 128 patches along a side; a runtime stops at a larger one with an error, in onnxruntime that of the
 * node `at most 128 patches a side`. What a fixed size has ready when it is loaded is then computed in every run.
 *
 * The metadata have config (`beitjs.config`), `beitjs.labels` and `beitjs.preprocessing` as JSON, and of `multiLabel`
 * `beitjs.problemType` (transformers' `multi_label_classification`) and `beitjs.activation` (`sigmoid`). Parameters are read one
 * at a time, so that memory beside the file is about that of the largest.
 *
 * @throws `[beitToOnnx] expected …` for logits of a model without or with both heads, labels or preprocessing that do not
 * fit the model, values that 16 bits cannot hold, open sizes of a model of fewer than 3 patches along a side whose tables are
 * resized by splines, or a file above 2 GiB, which protocol buffers cannot be
 */
export async function beitToOnnx(beit: Beit, options: BeitToOnnxOptions): Promise<Uint8Array> {
  const { output, labels, multiLabel = false, preprocessing, half, openSize = false, resizing = {} } = options;
  validateBeitConfig(beit.config, "beitToOnnx");
  const { registers } = beit.config;
  if (registers) throw new Error(`[beitToOnnx] expected a model without registers, got ${registers}`);
  checkOptions(beit.config, options);
  const graph = beitGraph(beit, { output, half, ...(openSize && { openSize: resizing }) });
  return modelFile("beitToOnnx", graph, {
    ...{ config: encoderConfig(beit.config), labels, preprocessing },
    ...(multiLabel && { problemType: "multi_label_classification", activation: "sigmoid" }),
  });
}

/**
 * Bytes of an ONNX file of a tokenizer: `pixels` float32 [batch, C, H, W] in [0, 1] to `ids` int64 [batch, rows, cols], the
 * visual tokens that `tokenize` gives. The mapping of pixels to the network's range is part of the graph, and the metadata
 * have the config (`beitjs.config`) as JSON. The encoder is enough.
 *
 * @throws `[tokenizerToOnnx] expected …` for values that 16 bits cannot hold, or a file above 2 GiB, which protocol buffers
 * cannot be
 */
export async function tokenizerToOnnx(tokenizer: TokenizerEncoder, options: OnnxOptions = {}): Promise<Uint8Array> {
  return modelFile("tokenizerToOnnx", tokenizerGraph(tokenizer, options), { config: tokenizer.config });
}

async function modelFile(
  caller: string,
  graph: GraphProto,
  metadata: Readonly<Record<string, unknown>>,
): Promise<Uint8Array> {
  const metadataProps = Object.entries(metadata)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ({ key: `beitjs.${key}`, value: JSON.stringify(value) }));
  const opsetImport = [{ domain: "", version: 17 }];
  return modelBytes({ irVersion: 8, producerName: "beitjs", graph, opsetImport, metadataProps }, caller);
}

function checkOptions(config: BeitConfig, options: BeitToOnnxOptions): void {
  const { output, labels, multiLabel, preprocessing, openSize, resizing } = options;
  const { classes, vocabSize, imageSize, channels } = config;
  const check = (valid: boolean, expected: string, got: unknown): void => {
    if (!valid) throw new Error(`[beitToOnnx] expected ${expected}, got ${String(got)}`);
  };
  check(output === "features" || output === "logits", "output to be features or logits", output);
  if (output === "logits") {
    const heads = `classes ${classes} and vocabSize ${vocabSize}`;
    check(classes > 0 !== vocabSize > 0, "a model of one head, classes or visual tokens, for logits", heads);
  }
  if (multiLabel) check(classes > 0, "a classifier for multiLabel", "a model without classes");
  if (labels) check(labels.length === classes, `${classes} labels`, labels.length);
  if (openSize) checkSplines(config, resizing);
  if (!preprocessing) return;
  const { size, crop, mean, std } = preprocessing;
  const pixels = (of: ImageSize, ...depths: number[]) => {
    const { height, width } = heightWidth(of);
    return `${height} x ${width} pixels of ${depths.join(" and ")} channels`;
  };
  const made = pixels(crop === 0 ? size : crop, ...new Set([mean.length, std.length]));
  check(made === pixels(imageSize, channels), `preprocessing to ${pixels(imageSize, channels)}`, made);
}

function checkSplines(config: BeitConfig, { tableResizing = "geometric-cubic" }: ResizingOptions = {}): void {
  const grid = gridOf(config);
  const splines = config.relativePositions !== "none" && tableResizing === "geometric-cubic" && grid.rows === grid.cols;
  if (!splines || grid.rows >= 3) return;
  throw new Error(
    `[beitToOnnx] expected at least 3 patches along a side for splines through a table of relative positions, got ${formatGrid(grid)}; choose another tableResizing, geometric-linear or bilinear`,
  );
}

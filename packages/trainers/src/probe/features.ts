// Features of labeled images as tables: of every block of an encoder in one pass, or the pixels themselves.
import { scope, tensor, type Tensor } from "@beitjs/tensor-core";
import { encodeWithFeatures, type Beit } from "@beitjs/beit-encoder";
import { gatherRows, meanTokens, reshape } from "@beitjs/tensor-core/ops";
import { evalView, requireLabels, type Dataset, type EvalViewOptions } from "../data/index.ts";
import { inOrder, type EvaluationOptions } from "../evaluate/in-order.ts";
import { checkView, viewBatch } from "../view-batch.ts";
import type { FeatureTable } from "./feature-table.ts";

/** Of a block's tokens: the mean of the patches, the class token, or one after the other. */
export type ProbePooling = "mean" | "class" | "both";

export type BlockFeaturesOptions = EvaluationOptions & {
  /** Numbers of blocks from 0; all by default. */
  readonly blocks?: readonly number[];
  /** `mean` by default, as the paper's. */
  readonly pooling?: ProbePooling;
  /** Called after every batch with the images so far. */
  readonly onImages?: ((done: number) => void) | undefined;
};

/**
 * What blocks make of images, without any norm behind them: a table a block, in order of depth. (BEiT paper, appendix D)
 *
 * @throws RangeError for images without classes or a block that is not there
 */
export async function blockFeatures(
  beit: Beit,
  images: Dataset,
  { view, batchSize = 100, signal, blocks, pooling = "mean", onImages }: BlockFeaturesOptions,
): Promise<readonly FeatureTable[]> {
  checkView("blockFeatures", view, beit.config);
  requireLabels(images);
  const chosen = [...new Set(blocks ?? beit.params.blocks.keys())].sort((a, b) => a - b);
  const width = pooledWidth(beit, pooling);
  const tables = chosen.map(() => emptyTable(images.length, width));
  await eachBatch(images, { view, batchSize, signal, onImages }, async (views, label, from) => {
    const rows = await pooledRows(beit, views, { blocks: chosen, pooling });
    for (const [i, table] of tables.entries()) {
      table.values.set(rows[i], from * width);
      table.labels.set(label, from);
    }
  });
  return tables;
}

/** @internal Numbers of an image as a block has it. */
export function pooledWidth({ config }: Beit, pooling: ProbePooling): number {
  return poolings[pooling].length * config.width;
}

/** @internal What blocks make of views, in the order given: rows of `pooledWidth` for each. */
export async function pooledRows(
  beit: Beit,
  views: readonly Float32Array[],
  { blocks, pooling }: { readonly blocks: readonly number[]; readonly pooling: ProbePooling },
): Promise<readonly Float32Array[]> {
  const { config, params } = beit;
  const { backend } = params.classToken;
  const width = pooledWidth(beit, pooling);
  const pooled = scope(backend, () => {
    const { features } = encodeWithFeatures(beit, viewBatch(views, config, backend), { blocks });
    return features.map((tokens) => poolings[pooling].map((pool) => pool(tokens)));
  });
  const tables = blocks.map(() => new Float32Array(views.length * width));
  for (const [i, parts] of pooled.entries()) {
    for (const [part, one] of parts.entries()) {
      const values = await one.read("float32");
      one.dispose();
      writeRows(tables[i], values, { stride: width, at: part * config.width, width: config.width });
    }
  }
  return tables;
}

/** The pixels of a view as features. */
export async function pixelFeatures(
  images: Dataset,
  { view, batchSize = 100, signal, onImages }: Omit<BlockFeaturesOptions, "blocks" | "pooling">,
): Promise<FeatureTable> {
  requireLabels(images);
  let table: FeatureTable | undefined;
  await eachBatch(images, { view, batchSize, signal, onImages }, (views, label, from) => {
    const into = (table ??= emptyTable(images.length, views[0].length));
    views.forEach((values, i) => into.values.set(values, (from + i) * into.width));
    into.labels.set(label, from);
  });
  return table as FeatureTable;
}

const poolings: Readonly<Record<ProbePooling, readonly ((tokens: Tensor) => Tensor)[]>> = {
  mean: [meanTokens],
  class: [classTokens],
  both: [classTokens, meanTokens],
};

function classTokens(tokens: Tensor): Tensor {
  const [batch, count, width] = tokens.shape;
  const rows = Int32Array.from({ length: batch }, (_, example) => example * count);
  return gatherRows(reshape(tokens, [batch * count, width]), tensor(rows, [batch], tokens.backend, "int32")); // [B, D]
}

function emptyTable(rows: number, width: number): FeatureTable {
  return { values: new Float32Array(rows * width), width, labels: new Int32Array(rows) };
}

type Place = { readonly stride: number; readonly at: number; readonly width: number };

function writeRows(into: Float32Array, values: ArrayLike<number>, { stride, at, width }: Place): void {
  for (let i = 0; i < values.length; i++) into[Math.floor(i / width) * stride + at + (i % width)] = values[i];
}

type Passing = {
  readonly view: EvalViewOptions;
  readonly batchSize: number;
  readonly signal: AbortSignal | undefined;
  readonly onImages: BlockFeaturesOptions["onImages"];
};

async function eachBatch(
  images: Dataset,
  { view, batchSize, signal, onImages }: Passing,
  take: (views: readonly Float32Array[], labels: readonly number[], from: number) => Promise<void> | void,
): Promise<void> {
  let done = 0;
  const prepare = ({ image, label }: Awaited<ReturnType<Dataset["get"]>>) => ({
    pixels: evalView(image, view),
    label: label as number,
  });
  for await (const { items } of inOrder(images, batchSize, signal, prepare)) {
    await take(
      items.map(({ pixels }) => pixels),
      items.map(({ label }) => label),
      done,
    );
    done += items.length;
    onImages?.(done);
  }
}

// How well images come back from visual tokens, and which tokens are used.
import { disposeTree, leaves, scope, type Tensor } from "@beitjs/tensor-core";
import {
  createUsageCounter,
  detokenize,
  tokenize,
  type CodebookUsage,
  type Tokenizer,
  type TokenizerEncoder,
} from "@beitjs/dvae-tokenizer";
import { evalView, stack, type Dataset } from "../data/index.ts";
import type { Metrics } from "../validation.ts";
import { checkView, viewBatch } from "../view-batch.ts";
import { inOrder, type EvaluationOptions } from "./in-order.ts";

export type TokenizerScores = {
  /** Mean absolute error of the hard reconstruction, pixels in [-1, 1] (the paper's measure, Table 8). */
  readonly meanAbsoluteError: number;
  readonly usage: CodebookUsage;
  readonly counts: readonly number[];
};

/** By what tokenizers are compared. */
export const tokenizerMetrics: Metrics<TokenizerScores> = {
  meanAbsoluteError: { better: "lower", of: ({ meanAbsoluteError }) => meanAbsoluteError },
  perplexity: { better: "higher", of: ({ usage }) => usage.perplexity },
};

/** Reconstruction error and codebook use of a tokenizer, with hard tokens. */
export async function evaluateTokenizer(
  tokenizer: Tokenizer,
  images: Dataset,
  { view, batchSize = 100, signal }: EvaluationOptions,
): Promise<TokenizerScores> {
  const { config, params } = tokenizer;
  checkView("evaluateTokenizer", view, config);
  const { backend } = params.codebook.table;
  const counter = createUsageCounter(config.vocabSize);
  let [error, pixels] = [0, 0];
  for await (const { items } of inOrder(images, batchSize, signal, ({ image }) => evalView(image, view))) {
    const values = stack(items);
    const results = scope(backend, () => {
      const tokens = tokenize(tokenizer, viewBatch(items, config, backend));
      return { tokens, restored: detokenize(tokenizer, tokens) };
    });
    counter.add(await results.tokens.read());
    (await results.restored.read()).forEach((value, i) => (error += 2 * Math.abs(value - values[i])));
    pixels += values.length;
    disposeTree(results);
  }
  return { meanAbsoluteError: error / pixels, usage: counter.usage(), counts: [...counter.counts] };
}

/** Visual tokens of token views (unit range), one grid after another. */
export async function tokensOf(
  tokenizer: TokenizerEncoder,
  views: readonly Float32Array[],
): Promise<ArrayLike<number>> {
  const { config, params } = tokenizer;
  const [[, { backend }]] = leaves<Tensor>(params);
  const tokens = scope(backend, () => tokenize(tokenizer, viewBatch(views, config, backend)));
  const ids = await tokens.read();
  tokens.dispose();
  return ids;
}

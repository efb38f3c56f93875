// How much of the codebook is in use: counts over ids, perplexity, and the alarm when it collapses.

export type CodebookUsage = {
  /** Ids seen at least once. */
  readonly used: number;
  readonly vocabSize: number;
  /** exp of the entropy of the id distribution: vocabSize when all ids are equally frequent, 1 on collapse. */
  readonly perplexity: number;
  readonly tokens: number;
};

export interface UsageCounter {
  readonly counts: Float64Array;
  /** Counts ids in [0, vocabSize). */
  add(ids: ArrayLike<number>): void;
  usage(): CodebookUsage;
  reset(): void;
}

/** Counts visual tokens. Perplexity is biased low on fewer than about 10 tokens per codebook entry. */
export function createUsageCounter(vocabSize: number): UsageCounter {
  const counts = new Float64Array(vocabSize);
  return {
    counts,
    add(ids) {
      for (let i = 0; i < ids.length; i++) {
        if (!(ids[i] >= 0 && ids[i] < vocabSize))
          throw new Error(`[usage] expected ids in [0, ${vocabSize}), got ${ids[i]}`);
        counts[ids[i]]++;
      }
    },
    usage() {
      const tokens = counts.reduce((sum, count) => sum + count, 0);
      const entropy = counts.reduce(
        (sum, count) => (count > 0 ? sum - (count / tokens) * Math.log(count / tokens) : sum),
        0,
      );
      return {
        used: counts.filter((count) => count > 0).length,
        vocabSize,
        perplexity: tokens > 0 ? Math.exp(entropy) : 0,
        tokens,
      };
    },
    reset: () => void counts.fill(0),
  };
}

/** A warning in words when the codebook has collapsed, or undefined. Says what usually helps. */
export function collapseWarning({ used, vocabSize, perplexity, tokens }: CodebookUsage): string | undefined {
  if (tokens < vocabSize || perplexity >= Math.max(2, 0.05 * vocabSize)) return undefined;
  return (
    `codebook collapse: ${used} of ${vocabSize} visual tokens in use, perplexity ${perplexity.toFixed(1)}; ` +
    "warm the KL weight up more slowly, keep the temperature high for longer, or take a smaller codebook"
  );
}

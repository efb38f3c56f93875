// Multi-head self-attention with an optional bias on the scores: per head, y = softmax(q kᵀ / sqrt(K) + bias) v.
// (Vaswani et al. 2017, section 3.2; the relative position bias of BEiT is added after the scaling)
import type { Shape, Tensor } from "../tensor.ts";
import { expect, expectRank, expectShape } from "./check.ts";
import { apply, defineOp, type Values } from "./define-op.ts";

export type AttentionOptions = {
  readonly heads: number;
  /** [H, N, N], added to the scaled scores of every sample. */
  readonly bias?: Tensor | undefined;
};

type Inputs = { qkv: Tensor; bias?: Tensor | undefined };
type Attributes = { readonly heads: number };

/**
 * logSumExp of a row of scores is two numbers, the largest score and ln(sum(exp(score - largest))): their sum would lose the
 * digits of the second where scores are large.
 */
export const attentionOp = defineOp<Inputs, "y" | "logSumExp", Attributes>({
  name: "Attention",
  shape({ qkv, bias }, { heads }) {
    const { batch, tokens, width } = attentionSizes("Attention", qkv, bias, heads);
    return { y: [batch, tokens, width], logSumExp: [batch, heads, tokens, 2] };
  },
  saves: ["qkv", "bias", "y", "logSumExp"],
  forward({ qkv, bias }, { y, logSumExp }, { heads }, shapes) {
    const { batch, tokens, width, headWidth } = sizesOf(shapes.qkv, heads);
    const scores = new Float64Array(tokens);
    for (let b = 0; b < batch; b++) {
      for (let h = 0; h < heads; h++) {
        for (let n = 0; n < tokens; n++) {
          const row = (b * heads + h) * tokens + n;
          const { largest, logarithm } = scoreRow(scores, { qkv, bias, b, h, n, tokens, width, headWidth });
          logSumExp[row * 2] = largest;
          logSumExp[row * 2 + 1] = logarithm;
          const out = (b * tokens + n) * width + h * headWidth;
          for (let m = 0; m < tokens; m++) {
            const probability = Math.exp(scores[m] - largest - logarithm);
            const value = (b * tokens + m) * 3 * width + 2 * width + h * headWidth;
            for (let k = 0; k < headWidth; k++) y[out + k] += probability * qkv[value + k];
          }
        }
      }
    }
  },
  // With P the probabilities: dv = Pᵀ dy, dP = dy vᵀ, dS = P (dP - sum(y dy)), dbias = dS, dq = dS k / sqrt(K), dk = dSᵀ q / sqrt(K).
  backward({ dy, qkv, bias, y, logSumExp }, { dqkv, dbias }, { heads }, shapes) {
    const { batch, tokens, width, headWidth } = sizesOf(shapes.qkv, heads);
    const scale = 1 / Math.sqrt(headWidth);
    const scores = new Float64Array(tokens);
    for (let b = 0; b < batch; b++) {
      for (let h = 0; h < heads; h++) {
        for (let n = 0; n < tokens; n++) {
          scoreRow(scores, { qkv, bias, b, h, n, tokens, width, headWidth });
          const row = (b * heads + h) * tokens + n;
          const out = (b * tokens + n) * width + h * headWidth;
          const query = (b * tokens + n) * 3 * width + h * headWidth;
          let sum = 0;
          for (let k = 0; k < headWidth; k++) sum += y[out + k] * dy[out + k];
          for (let m = 0; m < tokens; m++) {
            const probability = Math.exp(scores[m] - logSumExp[row * 2] - logSumExp[row * 2 + 1]);
            const key = (b * tokens + m) * 3 * width + width + h * headWidth;
            let gradient = -sum;
            for (let k = 0; k < headWidth; k++) {
              gradient += dy[out + k] * qkv[key + width + k];
              dqkv[key + width + k] += probability * dy[out + k];
            }
            gradient *= probability;
            if (bias) dbias[(h * tokens + n) * tokens + m] += gradient;
            for (let k = 0; k < headWidth; k++) {
              dqkv[query + k] += gradient * scale * qkv[key + k];
              dqkv[key + k] += gradient * scale * qkv[query + k];
            }
          }
        }
      }
    }
  },
});

export const attentionProbabilitiesOp = defineOp<Inputs, "y", Attributes>({
  name: "AttentionProbabilities",
  shape({ qkv, bias }, { heads }) {
    const { batch, tokens } = attentionSizes("AttentionProbabilities", qkv, bias, heads);
    return { y: [batch, heads, tokens, tokens] };
  },
  forward({ qkv, bias }, { y }, { heads }, shapes) {
    const { batch, tokens, width, headWidth } = sizesOf(shapes.qkv, heads);
    const scores = new Float64Array(tokens);
    for (let row = 0; row < batch * heads * tokens; row++) {
      const n = row % tokens;
      const h = Math.floor(row / tokens) % heads;
      const b = Math.floor(row / tokens / heads);
      const { largest, logarithm } = scoreRow(scores, { qkv, bias, b, h, n, tokens, width, headWidth });
      for (let m = 0; m < tokens; m++) y[row * tokens + m] = Math.exp(scores[m] - largest - logarithm);
    }
  },
});

/**
 * Multi-head self-attention. [B, N, 3D] -> [B, N, D]
 *
 * @param qkv queries, then keys, then values; inside each the heads one after another, K = D / heads wide
 */
export function attention(qkv: Tensor, { heads, bias }: AttentionOptions): Tensor {
  return apply(attentionOp, { qkv, bias }, { heads }).y;
}

/** The attention probabilities alone, for looking at them; they carry no gradient. [B, N, 3D] -> [B, H, N, N] (query, key) */
export function attentionProbabilities(qkv: Tensor, { heads, bias }: AttentionOptions): Tensor {
  return apply(attentionProbabilitiesOp, { qkv, bias }, { heads }).y;
}

type Row = {
  readonly qkv: Values;
  readonly bias: Values | undefined;
  readonly b: number;
  readonly h: number;
  readonly n: number;
  readonly tokens: number;
  readonly width: number;
  readonly headWidth: number;
};

// Scores of one query against all keys; returns the two parts of logSumExp.
function scoreRow(
  scores: Values,
  { qkv, bias, b, h, n, tokens, width, headWidth }: Row,
): { readonly largest: number; readonly logarithm: number } {
  const scale = 1 / Math.sqrt(headWidth);
  const query = (b * tokens + n) * 3 * width + h * headWidth;
  let largest = -Infinity;
  for (let m = 0; m < tokens; m++) {
    const key = (b * tokens + m) * 3 * width + width + h * headWidth;
    let dot = 0;
    for (let k = 0; k < headWidth; k++) dot += qkv[query + k] * qkv[key + k];
    scores[m] = dot * scale + (bias ? bias[(h * tokens + n) * tokens + m] : 0);
    largest = Math.max(largest, scores[m]);
  }
  let sum = 0;
  for (let m = 0; m < tokens; m++) sum += Math.exp(scores[m] - largest);
  return { largest, logarithm: Math.log(sum) };
}

type Sizes = { readonly batch: number; readonly tokens: number; readonly width: number; readonly headWidth: number };

function sizesOf(qkv: Shape, heads: number): Sizes {
  const width = qkv[2] / 3;
  return { batch: qkv[0], tokens: qkv[1], width, headWidth: width / heads };
}

function attentionSizes(op: string, qkv: Shape, bias: Shape | undefined, heads: number): Sizes {
  expectRank(op, "qkv", qkv, 3, "B, N, 3D");
  expect(op, Number.isInteger(heads) && heads > 0, "a positive whole number of heads", `${heads}`);
  expect(
    op,
    qkv[2] > 0 && qkv[2] % (3 * heads) === 0,
    `qkv [B, N, 3D] with D a multiple of ${heads} heads`,
    `[${qkv.join(", ")}]`,
  );
  if (bias) expectShape(op, "bias", bias, [heads, qkv[1], qkv[1]]);
  return sizesOf(qkv, heads);
}

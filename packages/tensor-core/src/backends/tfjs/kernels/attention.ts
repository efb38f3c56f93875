// Attention with the scores in memory, [B, H, N, N]: tfjs has no fused form.
import { attentionOp, attentionProbabilitiesOp } from "../../../ops/attention.ts";
import type { Engine, TfTensor } from "../engine.ts";
import { implement } from "../implement.ts";
import { product } from "./products.ts";
import { asRows } from "./shapes.ts";
import { logSumExpParts, savedParts, sumRow, sumRows } from "./sums.ts";

export const attentionKernels = implement(attentionOp, {
  forward(engine, { qkv, bias }, _, { heads }) {
    const { query, key, value } = split(engine, qkv, heads);
    const scores = scoresOf(engine, query, key, bias);
    const total = totalOf(engine, scores);
    const probabilities = probabilitiesOf(engine, scores, total);
    const y = join(engine, product(engine, probabilities, value));
    return { y, logSumExp: engine.tf.concat([total.largest, total.logarithm], 1) };
  },
  // The formulas stand beside the reference, in ops/attention.ts.
  backward(engine, { dy, qkv, bias, y, logSumExp }, { dqkv, dbias }, { heads }) {
    const { tf } = engine;
    const { query, key, value } = split(engine, qkv, heads);
    const [batch, , tokens, headWidth] = query.shape;
    const byHead = (x: TfTensor): TfTensor =>
      tf.transpose(tf.reshape(x, [batch, tokens, heads, headWidth]), [0, 2, 1, 3]);
    const dyHeads = byHead(dy);
    const total = savedParts(engine, logSumExp);
    const probabilities = probabilitiesOf(engine, scoresOf(engine, query, key, bias), total);
    const shares = sumRow(engine, tf.reshape(tf.mul(dyHeads, byHead(y)), [-1, headWidth]));
    const dprobabilities = product(engine, dyHeads, value, { transposeB: true });
    const dscores = tf.mul(probabilities, tf.sub(dprobabilities, tf.reshape(shares, [batch, heads, tokens, 1])));
    const scaled = tf.mul(dscores, 1 / Math.sqrt(headWidth));
    const gradients = (): TfTensor[] => [
      product(engine, scaled, key),
      product(engine, scaled, query, { transposeA: true }),
      product(engine, probabilities, dyHeads, { transposeA: true }),
    ];
    return {
      dqkv: dqkv && join(engine, tf.concat(gradients(), 1)),
      dbias: dbias && sumRows(engine, tf.reshape(dscores, [batch, heads * tokens * tokens])),
    };
  },
});

export const attentionProbabilitiesKernels = implement(attentionProbabilitiesOp, {
  forward(engine, { qkv, bias }, _, { heads }) {
    const { query, key } = split(engine, qkv, heads);
    const scores = scoresOf(engine, query, key, bias);
    const total = totalOf(engine, scores);
    return { y: probabilitiesOf(engine, scores, total) };
  },
});

// [B, N, 3D] -> three of [B, H, N, K]
function split(
  { tf }: Engine,
  qkv: TfTensor,
  heads: number,
): { readonly query: TfTensor; readonly key: TfTensor; readonly value: TfTensor } {
  const [batch, tokens, width] = qkv.shape;
  const headWidth = width / (3 * heads);
  const all = tf.transpose(tf.reshape(qkv, [batch, tokens, 3 * heads, headWidth]), [0, 2, 1, 3]); // [B, 3H, N, K]
  const part = (i: number): TfTensor => tf.slice(all, [0, i * heads, 0, 0], [batch, heads, tokens, headWidth]);
  return { query: part(0), key: part(1), value: part(2) };
}

// [B, G, N, K] -> [B, N, G·K]
function join({ tf }: Engine, x: TfTensor): TfTensor {
  const [batch, groups, tokens, headWidth] = x.shape;
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch, tokens, groups * headWidth]);
}

function scoresOf(engine: Engine, query: TfTensor, key: TfTensor, bias: TfTensor | undefined): TfTensor {
  const { tf } = engine;
  const [, , , headWidth] = query.shape;
  const scaled = tf.mul(query, 1 / Math.sqrt(headWidth));
  const scores = product(engine, scaled, key, { transposeB: true }); // [B, H, N, N]
  return bias ? tf.add(scores, bias) : scores;
}

type Total = ReturnType<typeof logSumExpParts>;

// ln sum exp of every query's scores, in two parts. -> [B·H·N, 1]
function totalOf(engine: Engine, scores: TfTensor): Total {
  return logSumExpParts(engine, asRows(engine, scores));
}

function probabilitiesOf({ tf }: Engine, scores: TfTensor, { largest, logarithm }: Total): TfTensor {
  const [batch, heads, tokens] = scores.shape;
  const perQuery = (x: TfTensor): TfTensor => tf.reshape(x, [batch, heads, tokens, 1]);
  return tf.exp(tf.sub(tf.sub(scores, perQuery(largest)), perQuery(logarithm)));
}

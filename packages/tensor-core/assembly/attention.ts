// Attention, one (sample, head) at a time: its scores stay in the scratch memory of the thread, queries, keys and values
// are read where they lie. The backward pass makes the probabilities again from what is saved of a row: its largest score, and
// ln(sum(exp(score - largest))).
import { gemmBlock, gemmScratchBytes } from "./gemm";
import { OVERWRITE } from "./gemm-tile";
import { at, exp4, exp4Once, isExactEnough, multiplyAdd, sumLanes } from "./lanes";
import { scaleAndAdd, softmaxRow } from "./softmax-row";
import { loadTail, storeTail } from "./tail";

/** Bytes of scratch for one thread: a product's, then two matrices of scores. */
export function attentionScratchBytes(tokens: i32): usize {
  return gemmScratchBytes() + 2 * matrixBytes(tokens);
}

/** Tasks [begin, end) of (sample, head), y and logSumExp of each. */
export function attentionForward(
  qkv: usize, bias: usize, y: usize, logSumExp: usize, scratch: usize,
  tokens: i32, heads: i32, headWidth: i32, begin: i32, end: i32, thread: i32,
): void {
  const width = heads * headWidth;
  const own = scratch + <usize>thread * attentionScratchBytes(tokens);
  const scores = own + gemmScratchBytes();
  for (let task = begin; task < end; task++) {
    const head = task % heads;
    const query = queryOf(qkv, task, tokens, heads, headWidth);
    const to = at(y, (task / heads) * tokens * width + head * headWidth);
    probabilities(query, biasOf(bias, head, tokens), scores, at(logSumExp, task * tokens * 2), tokens, width, headWidth, own);
    gemmBlock(
      scores, tokens, 1, at(query, 2 * width), 3 * width, 1, to, width, tokens, headWidth, tokens, OVERWRITE, 0, own,
    );
  }
}

/** Tasks [begin, end) of (sample, head): the probabilities themselves. */
export function attentionProbabilities(
  qkv: usize, bias: usize, y: usize, scratch: usize,
  tokens: i32, heads: i32, headWidth: i32, begin: i32, end: i32, thread: i32,
): void {
  const own = scratch + <usize>thread * attentionScratchBytes(tokens);
  for (let task = begin; task < end; task++) {
    const query = queryOf(qkv, task, tokens, heads, headWidth);
    const to = at(y, task * tokens * tokens);
    probabilities(query, biasOf(bias, task % heads, tokens), to, 0, tokens, heads * headWidth, headWidth, own);
  }
}

/**
 * Tasks [begin, end) of (chunk of samples, head): dqkv of their samples, and, where `partials` is given, the sum of
 * their dbias at partials + task * tokens * tokens. Chunks are fixed by the batch alone: so is the order of that sum.
 */
export function attentionBackward(
  dy: usize, qkv: usize, bias: usize, y: usize, logSumExp: usize, dqkv: usize, partials: usize, scratch: usize,
  batch: i32, chunk: i32, tokens: i32, heads: i32, headWidth: i32, begin: i32, end: i32, thread: i32,
): void {
  const own = scratch + <usize>thread * attentionScratchBytes(tokens);
  const width = heads * headWidth;
  for (let task = begin; task < end; task++) {
    const head = task % heads;
    const first = (task / heads) * chunk;
    const last = min(batch, first + chunk);
    const dbias = partials ? at(partials, task * tokens * tokens) : 0;
    for (let sample = first; sample < last; sample++) {
      const row = sample * tokens;
      backwardOfHead(
        at(dy, row * width + head * headWidth), at(qkv, row * 3 * width + head * headWidth), biasOf(bias, head, tokens),
        at(y, row * width + head * headWidth), at(logSumExp, (sample * heads + head) * tokens * 2),
        dqkv ? at(dqkv, row * 3 * width + head * headWidth) : 0, dbias, sample == first, tokens, width, headWidth, own,
      );
    }
  }
}

// With P the probabilities: dP = dy v^T, dS = P (dP - sum(y dy)); dv = P^T dy, dq = dS k, dk = dS^T q.
function backwardOfHead(
  dy: usize, query: usize, bias: usize, y: usize, logSumExp: usize, dquery: usize, dbias: usize, fresh: bool,
  tokens: i32, width: i32, headWidth: i32, own: usize,
): void {
  const scores = own + gemmScratchBytes();
  const gradients = scores + matrixBytes(tokens);
  const stride = 3 * width;
  const key = at(query, width);
  const value = at(query, 2 * width);
  gemmBlock(query, stride, 1, key, 1, stride, scores, tokens, tokens, tokens, headWidth, OVERWRITE, 0, own);
  gemmBlock(dy, width, 1, value, 1, stride, gradients, tokens, tokens, tokens, headWidth, OVERWRITE, 0, own);
  const scale = scaleOf(headWidth);
  for (let n = 0; n < tokens; n++) {
    const offset = n * tokens;
    const largest = load<f32>(at(logSumExp, n * 2));
    const rest = load<f32>(at(logSumExp, n * 2 + 1));
    const added = bias ? at(bias, offset) : 0;
    const sum = dot(at(dy, n * width), at(y, n * width), headWidth);
    const to = dbias ? at(dbias, offset) : 0;
    if (isExactEnough(largest + rest)) {
      gradientOfScores(
        at(scores, offset), scale, added, largest + rest, 0, at(gradients, offset), scale, sum, to, fresh, tokens,
      );
    } else {
      // The very scores of the forward pass, whose largest is taken off first.
      scaleAndAdd(at(scores, offset), scale, added, at(scores, offset), tokens);
      gradientOfScores(
        at(scores, offset), 1, 0, largest, rest, at(gradients, offset), scale, sum, to, fresh, tokens,
      );
    }
  }
  if (!dquery) return;
  gemmBlock(
    gradients, tokens, 1, key, stride, 1, dquery, stride, tokens, headWidth, tokens, OVERWRITE, 0, own,
  );
  gemmBlock(
    gradients, 1, tokens, query, stride, 1, at(dquery, width), stride, tokens, headWidth, tokens, OVERWRITE, 0, own,
  );
  gemmBlock(
    scores, 1, tokens, dy, width, 1, at(dquery, 2 * width), stride, tokens, headWidth, tokens, OVERWRITE, 0, own,
  );
}

function probabilities(
  query: usize, bias: usize, scores: usize, logSumExp: usize, tokens: i32, width: i32, headWidth: i32, own: usize,
): void {
  const stride = 3 * width;
  gemmBlock(query, stride, 1, at(query, width), 1, stride, scores, tokens, tokens, tokens, headWidth, OVERWRITE, 0, own);
  const scale = scaleOf(headWidth);
  for (let n = 0; n < tokens; n++) {
    const row = at(scores, n * tokens);
    softmaxRow(row, scale, bias ? at(bias, n * tokens) : 0, row, logSumExp ? at(logSumExp, n * 2) : 0, tokens);
  }
}

// One row: the scores become probabilities P = exp(scores * factor - largest + bias - rest), the gradients
// P (dP - sum) scale, and dbias takes up P (dP - sum).
function gradientOfScores(
  scores: usize, factor: f32, bias: usize, largest: f32, rest: f32, gradients: usize, scale: f32, sum: f32, dbias: usize,
  fresh: bool, tokens: i32,
): void {
  const factors = f32x4.splat(factor);
  const scales = f32x4.splat(scale);
  const shift = f32x4.splat(-largest);
  const rests = f32x4.splat(rest);
  const sums = f32x4.splat(sum);
  let m = 0;
  for (; m + 4 <= tokens; m += 4) {
    let score = multiplyAdd(v128.load(at(scores, m)), factors, shift);
    if (bias) score = f32x4.add(score, v128.load(at(bias, m)));
    const probability = exp4(f32x4.sub(score, rests));
    const gradient = f32x4.mul(probability, f32x4.sub(v128.load(at(gradients, m)), sums));
    v128.store(at(scores, m), probability);
    v128.store(at(gradients, m), f32x4.mul(gradient, scales));
    if (dbias) v128.store(at(dbias, m), fresh ? gradient : f32x4.add(v128.load(at(dbias, m)), gradient));
  }
  if (m == tokens) return;
  const count = tokens - m;
  let score = multiplyAdd(loadTail(at(scores, m), count, 0), factors, shift);
  if (bias) score = f32x4.add(score, loadTail(at(bias, m), count, 0));
  const probability = exp4Once(f32x4.sub(score, rests));
  const gradient = f32x4.mul(probability, f32x4.sub(loadTail(at(gradients, m), count, 0), sums));
  storeTail(at(scores, m), probability, count);
  storeTail(at(gradients, m), f32x4.mul(gradient, scales), count);
  if (dbias) storeTail(at(dbias, m), fresh ? gradient : f32x4.add(loadTail(at(dbias, m), count, 0), gradient), count);
}

function dot(a: usize, b: usize, width: i32): f32 {
  let sums = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= width; i += 4) sums = multiplyAdd(v128.load(at(a, i)), v128.load(at(b, i)), sums);
  let sum = sumLanes(sums);
  for (; i < width; i++) sum += load<f32>(at(a, i)) * load<f32>(at(b, i));
  return sum;
}

// @ts-ignore: decorator
@inline function matrixBytes(tokens: i32): usize {
  return (((<usize>tokens * <usize>tokens) << 2) + 63) & ~63;
}

// @ts-ignore: decorator
@inline function queryOf(qkv: usize, task: i32, tokens: i32, heads: i32, headWidth: i32): usize {
  return at(qkv, (task / heads) * tokens * 3 * heads * headWidth + (task % heads) * headWidth);
}

// @ts-ignore: decorator
@inline function biasOf(bias: usize, head: i32, tokens: i32): usize {
  return bias ? at(bias, head * tokens * tokens) : 0;
}

// @ts-ignore: decorator
@inline function scaleOf(headWidth: i32): f32 {
  return <f32>(1 / sqrt<f64>(<f64>headWidth));
}

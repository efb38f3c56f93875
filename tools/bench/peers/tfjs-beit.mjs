// BEiT in stock tfjs operations, as a user of tfjs would write it: weights [inputs, outputs], layer norm from moments,
// exact GELU, patches by reshape and matrix product (tfjs-wasm has no convolution filter gradient).
import * as tf from "@tensorflow/tfjs";
import { positionIndex } from "./position-index.mjs";

/** Fresh variables by path, initialized as BEiT is. */
export function initBeit(model) {
  const { width, depth, heads, patchSize, channels, mlpRatio, vocabSize, layerScale } = model;
  const side = model.imageSize / patchSize;
  const params = new Map();
  const add = (name, value) => params.set(name, tf.variable(value, true, name));
  const matrix = (name, shape, scale = 1) =>
    add(
      name,
      tf.tidy(() => tf.truncatedNormal(shape, 0, 0.02).mul(scale)),
    );
  const linear = (name, inputs, outputs, scale) => {
    matrix(`${name}.weight`, [inputs, outputs], scale);
    add(`${name}.bias`, tf.zeros([outputs]));
  };
  const norm = (name) => {
    add(`${name}.gamma`, tf.ones([width]));
    add(`${name}.beta`, tf.zeros([width]));
  };
  linear("patchEmbedding", patchSize * patchSize * channels, width);
  matrix("classToken", [1, 1, width]);
  matrix("maskToken", [1, 1, width]);
  add("relativePositionBias", tf.zeros([(2 * side - 1) ** 2 + 3, heads]));
  for (let i = 0; i < depth; i++) {
    const scale = 1 / Math.sqrt(2 * (i + 1));
    norm(`${i}.norm1`);
    matrix(`${i}.qkv.weight`, [width, 3 * width]);
    add(`${i}.queryBias`, tf.zeros([width]));
    add(`${i}.valueBias`, tf.zeros([width]));
    linear(`${i}.projection`, width, width, scale);
    add(`${i}.scale1`, tf.fill([width], layerScale));
    norm(`${i}.norm2`);
    linear(`${i}.expand`, width, width * mlpRatio);
    linear(`${i}.contract`, width * mlpRatio, width, scale);
    add(`${i}.scale2`, tf.fill([width], layerScale));
  }
  norm("norm");
  linear("visualTokenHead", width, vocabSize);
  return params;
}

/** Mean cross-entropy of the visual tokens at the masked patches. Must run inside a tidy. */
export function loss(model, params, { pixels, mask, rows, targets }) {
  const { depth, epsilon, vocabSize, dropPath } = model;
  const batch = pixels.shape[0];
  let x = embedPatches(model, params, pixels, mask); // [B, N, D]
  const bias = positionBias(model, params);
  for (let i = 0; i < depth; i++) {
    const rate = depth > 1 ? (dropPath * i) / (depth - 1) : 0;
    const attended = attention(model, params, i, layerNorm(params, `${i}.norm1`, x, epsilon), bias);
    x = x.add(keep(rate, batch, attended.mul(params.get(`${i}.scale1`))));
    const hidden = gelu(linear(params, `${i}.expand`, layerNorm(params, `${i}.norm2`, x, epsilon)));
    x = x.add(keep(rate, batch, linear(params, `${i}.contract`, hidden).mul(params.get(`${i}.scale2`))));
  }
  const [, tokens, width] = x.shape;
  const chosen = tf.gather(x.reshape([batch * tokens, width]), rows); // [masked, D]
  const logits = linear(params, "visualTokenHead", layerNorm(params, "norm", chosen, epsilon));
  return tf.losses.softmaxCrossEntropy(tf.oneHot(targets, vocabSize), logits);
}

function embedPatches({ imageSize, patchSize, channels, width }, params, pixels, mask) {
  const batch = pixels.shape[0];
  const side = imageSize / patchSize;
  const patches = pixels
    .reshape([batch, side, patchSize, side, patchSize, channels])
    .transpose([0, 1, 3, 2, 4, 5])
    .reshape([batch, side * side, patchSize * patchSize * channels]);
  const tokens = linear(params, "patchEmbedding", patches);
  const hidden = mask.expandDims(2); // [B, N, 1]
  const mixed = tokens.mul(tf.sub(1, hidden)).add(params.get("maskToken").mul(hidden));
  return tf.concat([tf.tile(params.get("classToken"), [batch, 1, 1]), mixed.reshape([batch, side * side, width])], 1);
}

function attention({ width, heads }, params, i, x, bias) {
  const [batch, tokens] = x.shape;
  const size = width / heads;
  const biases = tf.concat([params.get(`${i}.queryBias`), tf.zeros([width]), params.get(`${i}.valueBias`)]);
  const qkv = tf.matMul(x.reshape([batch * tokens, width]), params.get(`${i}.qkv.weight`)).add(biases);
  const parts = qkv.reshape([batch, tokens, 3, heads, size]).transpose([2, 0, 3, 1, 4]);
  const [query, key, value] = tf.unstack(parts); // [B, H, N, K] each
  const scores = tf.matMul(query.mul(1 / Math.sqrt(size)), key, false, true).add(bias);
  const mixed = tf.matMul(tf.softmax(scores), value).transpose([0, 2, 1, 3]).reshape([batch, tokens, width]);
  return linear(params, `${i}.projection`, mixed);
}

function positionBias({ imageSize, patchSize, heads }, params) {
  const side = imageSize / patchSize;
  const tokens = side * side + 1;
  const index = tf.tensor1d(positionIndex(side), "int32");
  const bias = tf.gather(params.get("relativePositionBias"), index).reshape([tokens, tokens, heads]);
  return bias.transpose([2, 0, 1]);
}

function linear(params, name, x) {
  const weight = params.get(`${name}.weight`);
  const flat = x.reshape([-1, weight.shape[0]]);
  const y = tf.matMul(flat, weight).add(params.get(`${name}.bias`));
  return y.reshape([...x.shape.slice(0, -1), weight.shape[1]]);
}

function layerNorm(params, name, x, epsilon) {
  const { mean, variance } = tf.moments(x, -1, true);
  const normal = x.sub(mean).mul(tf.rsqrt(variance.add(epsilon)));
  return normal.mul(params.get(`${name}.gamma`)).add(params.get(`${name}.beta`));
}

function gelu(x) {
  return x.mul(0.5).mul(tf.erf(x.mul(Math.SQRT1_2)).add(1));
}

function keep(rate, batch, branch) {
  if (rate === 0) return branch;
  const factors = Array.from({ length: batch }, () => Math.floor(1 - rate + Math.random()) / (1 - rate));
  return branch.mul(tf.tensor(factors, [batch, 1, 1]));
}

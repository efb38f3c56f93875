// BEiT in jax-js, as a user of it would write it: its softmax, standardize and exact GELU, weights [inputs, outputs], patches
// by reshape and matrix product. A function that is given an array frees it, so whoever needs it again passes `ref`.
import { nn, numpy as np, tree } from "@jax-js/jax";
import { positionIndex } from "./position-index.mjs";

/** Fresh parameters by path, initialized as BEiT is. */
export function initBeit(model) {
  const { width, depth, heads, patchSize, channels, mlpRatio, vocabSize, layerScale } = model;
  const side = model.imageSize / patchSize;
  const params = {};
  const matrix = (name, shape, scale = 1) => {
    params[name] = truncatedNormal(shape, 0.02 * scale);
  };
  const linear = (name, inputs, outputs, scale) => {
    matrix(`${name}.weight`, [inputs, outputs], scale);
    params[`${name}.bias`] = np.zeros([outputs]);
  };
  const norm = (name) => {
    params[`${name}.gamma`] = np.ones([width]);
    params[`${name}.beta`] = np.zeros([width]);
  };
  linear("patchEmbedding", patchSize * patchSize * channels, width);
  matrix("classToken", [1, 1, width]);
  matrix("maskToken", [1, 1, width]);
  params.relativePositionBias = np.zeros([(2 * side - 1) ** 2 + 3, heads]);
  for (let i = 0; i < depth; i++) {
    const scale = 1 / Math.sqrt(2 * (i + 1));
    norm(`${i}.norm1`);
    matrix(`${i}.qkv.weight`, [width, 3 * width]);
    params[`${i}.queryBias`] = np.zeros([width]);
    params[`${i}.valueBias`] = np.zeros([width]);
    linear(`${i}.projection`, width, width, scale);
    params[`${i}.scale1`] = np.full([width], layerScale);
    norm(`${i}.norm2`);
    linear(`${i}.expand`, width, width * mlpRatio);
    linear(`${i}.contract`, width * mlpRatio, width, scale);
    params[`${i}.scale2`] = np.full([width], layerScale);
  }
  norm("norm");
  linear("visualTokenHead", width, vocabSize);
  return params;
}

// Cut at one deviation, which jax-js cannot draw: evenly, then kept by density.
function truncatedNormal(shape, std) {
  const values = new Float32Array(shape.reduce((product, side) => product * side));
  for (let i = 0; i < values.length;) {
    const value = 2 * Math.random() - 1;
    if (Math.random() < Math.exp((-value * value) / 2)) values[i++] = std * value;
  }
  return np.array(values, { shape });
}

/** Drop path's factors of every branch for a step: [depth, 2, B, 1, 1]. */
export function dropPathFactors({ depth, dropPath }, batch) {
  const factors = Float32Array.from({ length: depth * 2 * batch }, (_, i) => {
    const rate = depth > 1 ? (dropPath * Math.floor(i / (2 * batch))) / (depth - 1) : 0;
    return Math.floor(1 - rate + Math.random()) / (1 - rate);
  });
  return np.array(factors, { shape: [depth, 2, batch, 1, 1] });
}

/** Mean cross-entropy of the visual tokens at the masked patches. */
export function loss(model, params, { pixels, mask, rows, targets }, keep) {
  const { depth, epsilon, vocabSize, width } = model;
  const get = (path) => params[path].ref;
  let x = embedPatches(model, get, pixels, mask); // [B, N, D]
  const bias = positionBias(model, get);
  for (let i = 0; i < depth; i++) {
    const attended = attention(model, get, i, layerNorm(get, `${i}.norm1`, x.ref, epsilon), bias.ref);
    x = x.add(attended.mul(get(`${i}.scale1`)).mul(keep.ref.slice(i, 0)));
    const hidden = linear(get, `${i}.expand`, layerNorm(get, `${i}.norm2`, x.ref, epsilon));
    const changed = linear(get, `${i}.contract`, nn.gelu(hidden, { approximate: false }));
    x = x.add(changed.mul(get(`${i}.scale2`)).mul(keep.ref.slice(i, 1)));
  }
  const chosen = x.reshape([-1, width]).slice(rows); // [masked, D]
  const logits = linear(get, "visualTokenHead", layerNorm(get, "norm", chosen, epsilon));
  tree.dispose([params, bias, keep]);
  // Not nn.oneHot, which gathers rows of an identity matrix of vocabSize x vocabSize.
  const wanted = np.expandDims(targets, 1).equal(np.arange(vocabSize)); // [masked, V]
  return np.where(wanted, nn.logSoftmax(logits), 0).sum(-1).mean().neg();
}

function embedPatches({ imageSize, patchSize, channels, width }, get, pixels, mask) {
  const [batch] = pixels.shape;
  const side = imageSize / patchSize;
  const patches = pixels
    .reshape([batch, side, patchSize, side, patchSize, channels])
    .transpose([0, 1, 3, 2, 4, 5])
    .reshape([batch, side * side, patchSize * patchSize * channels]);
  const tokens = np.where(np.expandDims(mask, 2), get("maskToken"), linear(get, "patchEmbedding", patches));
  return np.concatenate([np.broadcastTo(get("classToken"), [batch, 1, width]), tokens], 1);
}

// Not nn.dotProductAttention: its einsum asks for the iterator helpers of Node 22.
function attention({ width, heads }, get, i, x, bias) {
  const [batch, tokens] = x.shape;
  const size = width / heads;
  const biases = np.concatenate([get(`${i}.queryBias`), np.zeros([width]), get(`${i}.valueBias`)]);
  const qkv = np.matmul(x, get(`${i}.qkv.weight`)).add(biases);
  const parts = qkv.reshape([batch, tokens, 3, heads, size]).transpose([2, 0, 3, 1, 4]);
  const [query, key, value] = np.unstack(parts); // [B, H, N, K] each
  const scores = np.matmul(query.mul(1 / Math.sqrt(size)), key.transpose([0, 1, 3, 2])).add(bias);
  const mixed = np.matmul(nn.softmax(scores), value).transpose([0, 2, 1, 3]).reshape([batch, tokens, width]);
  return linear(get, `${i}.projection`, mixed);
}

// [H, N, N] straight from the gather: jit of jax-js 0.1.25 refuses a scatter, its gradient, of what was only reshaped or transposed.
function positionBias({ imageSize, patchSize }, get) {
  const side = imageSize / patchSize;
  const tokens = side * side + 1;
  const index = np.array(positionIndex(side), { shape: [tokens, tokens] });
  return np.take(get("relativePositionBias").transpose(), index, 1);
}

function linear(get, name, x) {
  return np.matmul(x, get(`${name}.weight`)).add(get(`${name}.bias`));
}

function layerNorm(get, name, x, epsilon) {
  return nn
    .standardize(x, -1, { epsilon })
    .mul(get(`${name}.gamma`))
    .add(get(`${name}.beta`));
}

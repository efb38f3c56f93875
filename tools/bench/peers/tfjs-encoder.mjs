// BEiT's encoder in fused matrix products of tfjs. (BEiT paper, section 2.2)
import * as tf from "@tensorflow/tfjs";
import { positionIndex } from "./position-index.mjs";

/** Normalized pixels [1, size, size, C] -> tokens [N + 1, D]; `readWeights` calls with every parameter of ours. */
export function openEncoder(config, readWeights) {
  const { imageSize, patchSize, channels, width, depth, heads, epsilon } = config;
  const side = imageSize / patchSize;
  const params = new Map();
  // Matrices the way round that tfjs multiplies fast.
  readWeights((name, shape, values) => {
    const value = tf.tensor(values, shape);
    const matrix = shape.length === 2 && name.endsWith(".weight") && !name.startsWith("patch");
    params.set(name, matrix ? tf.transpose(value) : value);
    if (matrix) value.dispose();
  });
  const get = (path) => params.get(path);
  const filter = tf.tidy(() =>
    tf.transpose(tf.reshape(get("patchEmbedding.weight"), [width, patchSize, patchSize, channels]), [1, 2, 3, 0]),
  );
  const bias = tf.tidy(() => {
    const rows = tf.gather(get("relativePositionBias"), tf.tensor1d(positionIndex(side), "int32"));
    return tf.transpose(tf.reshape(rows, [side ** 2 + 1, side ** 2 + 1, heads]), [2, 0, 1]); // [H, T, T]
  });
  const qkvBias = Array.from({ length: depth }, (_, i) => {
    const path = `blocks.${i}.attention`;
    return tf.concat([get(`${path}.queryBias`), tf.zeros([width]), get(`${path}.valueBias`)]);
  });
  const linear = (x, weight, linearBias) => tf.fused.matMul({ a: x, b: weight, bias: linearBias });
  const layer = (x, path) => linear(x, get(`${path}.weight`), get(`${path}.bias`));
  const norm = (x, path) => {
    const centered = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(centered), -1, true);
    return tf.add(
      tf.mul(tf.mul(centered, tf.rsqrt(tf.add(variance, epsilon))), get(`${path}.gamma`)),
      get(`${path}.beta`),
    );
  };
  const gelu = (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
  const attention = (x, index) => {
    const path = `blocks.${index}.attention`;
    const qkv = linear(x, get(`${path}.qkv.weight`), qkvBias[index]); // [T, 3 D]
    const [query, key, value] = tf.split(qkv, 3, -1).map((part) => tf.reshape(part, [-1, heads, width / heads])); // [T, H, K]
    const queries = tf.mul(tf.transpose(query, [1, 0, 2]), (width / heads) ** -0.5); // [H, T, K]
    const scores = tf.add(tf.matMul(queries, tf.transpose(key, [1, 2, 0])), bias); // [H, T, T]
    const mixed = tf.transpose(tf.matMul(tf.softmax(scores), tf.transpose(value, [1, 0, 2])), [1, 0, 2]); // [T, H, K]
    return layer(tf.reshape(mixed, [-1, width]), `${path}.projection`);
  };
  const block = (x, index) => {
    const path = `blocks.${index}`;
    const middle = tf.add(x, tf.mul(attention(norm(x, `${path}.norm1`), index), get(`${path}.scale1`)));
    const hidden = gelu(layer(norm(middle, `${path}.norm2`), `${path}.mlp.expand`));
    return tf.add(middle, tf.mul(layer(hidden, `${path}.mlp.contract`), get(`${path}.scale2`)));
  };
  return (pixels) => {
    const patches = tf.fused.conv2d({
      x: pixels,
      filter,
      bias: get("patchEmbedding.bias"),
      strides: patchSize,
      pad: "valid",
    });
    let x = tf.concat([tf.reshape(get("classToken"), [1, width]), tf.reshape(patches, [-1, width])], 0); // [T, D]
    for (let index = 0; index < depth; index++) x = tf.tidy(() => block(x, index));
    return x;
  };
}

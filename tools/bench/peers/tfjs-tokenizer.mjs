// DALL-E's encoder in fused convolutions of tfjs. (openai/DALL-E, dall_e/encoder.py)
import * as tf from "@tensorflow/tfjs";

/** Pixels in [0, 1] [1, size, size, C] -> visual tokens; `readWeights` calls with every parameter of ours. */
export function openTokenizer({ groups, blocksPerGroup }, readWeights) {
  const params = new Map();
  const gain = 1 / (groups * blocksPerGroup) ** 2;
  readWeights((name, shape, values) => {
    // The damping of residual branches goes into their last convolution.
    const scaled = name.includes(".conv4.") ? values.map((value) => value * gain) : values;
    const value = tf.tensor(scaled, shape);
    params.set(name, shape.length === 4 ? tf.transpose(value, [1, 2, 3, 0]) : value); // [k, k, in, out]
    if (shape.length === 4) value.dispose();
  });
  const conv = (x, path, activation) =>
    tf.fused.conv2d({
      x,
      filter: params.get(`encoder.${path}.filter`),
      bias: params.get(`encoder.${path}.bias`),
      strides: 1,
      pad: "same",
      activation,
    });
  const block = (x, path) => {
    let branch = tf.relu(x);
    for (const layer of ["conv1", "conv2", "conv3"]) branch = conv(branch, `${path}.${layer}`, "relu");
    const skip = params.has(`encoder.${path}.identity.filter`) ? conv(x, `${path}.identity`, "linear") : x;
    return tf.add(skip, conv(branch, `${path}.conv4`, "linear"));
  };
  return (images) => {
    let x = conv(tf.add(tf.mul(images, 0.8), 0.1), "input", "linear");
    for (let group = 0; group < groups; group++) {
      x = tf.tidy(() => {
        let y = x;
        for (let i = 0; i < blocksPerGroup; i++) y = block(y, `groups.${group}.${i}`);
        return group === groups - 1 ? y : tf.maxPool(y, 2, 2, "valid");
      });
    }
    return tf.argMax(conv(tf.relu(x), "output", "linear"), -1);
  };
}

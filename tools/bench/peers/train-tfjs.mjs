// Training steps of a BEiT on stock tfjs: node train-tfjs.mjs '<settings as JSON>', on its backend wasm, or on webgpu where the
// settings' `device` says so. Prints one line of JSON. Not stock: the kernel UnsortedSegmentSum, which tfjs-wasm lacks (gradient of
// gather), and AdamW with decoupled decay, which tfjs lacks, written in tfjs operations.
import * as tf from "@tensorflow/tfjs";
import { initBeit, loss } from "./tfjs-beit.mjs";
import { openWebgpu, randomBatch, timeSteps } from "./training.mjs";

const settings = JSON.parse(process.argv[2]);
const { device = "wasm" } = settings;
if (device === "webgpu") {
  await openWebgpu();
  await import("@tensorflow/tfjs-backend-webgpu");
} else await import("@tensorflow/tfjs-backend-wasm");

tf.registerKernel({
  kernelName: "UnsortedSegmentSum",
  backendName: "wasm",
  kernelFunc({ inputs: { x, segmentIds }, attrs: { numSegments }, backend }) {
    const output = backend.makeOutput([numSegments, ...x.shape.slice(1)], x.dtype);
    const [from, ids, to] = [x, segmentIds, output].map((tensor) => backend.typedArrayFromHeap(tensor));
    const width = from.length / ids.length;
    to.fill(0);
    ids.forEach((id, row) => {
      for (let i = 0; i < width; i++) to[id * width + i] += from[row * width + i];
    });
    return output;
  },
});

if (!(await tf.setBackend(device))) throw new Error(`expected the ${device} backend of tfjs to start`);
if (device === "wasm" && !(await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")))
  throw new Error("expected tfjs to choose its SIMD build");

const { model, adamW, learningRate } = settings;
const params = initBeit(model);
const moments = new Map([...params].map(([name, { shape }]) => [name, [zeros(shape), zeros(shape)]]));
const batch = makeBatch();
let updates = 0;
const timed = await timeSteps(step, settings);
const report = {
  ...timed,
  engineBytes: device === "wasm" ? tf.backend().wasm.HEAPU8.length : tf.memory().numBytes,
  productTimes: [],
  versions: { tfjs: tf.version_core },
};
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));

async function step() {
  const { value, grads } = tf.tidy(() => tf.variableGrads(() => loss(model, params, batch), [...params.values()]));
  updates++;
  tf.tidy(() => update(grads, updates));
  const result = (await value.data())[0];
  tf.dispose([value, grads]);
  return result;
}

function update(grads, count) {
  const squares = Object.values(grads).map((gradient) => tf.sum(tf.square(gradient)));
  const norm = tf.sqrt(tf.sum(tf.stack(squares)));
  const clip = tf.minimum(1, tf.div(adamW.clipNorm, norm.add(1e-6)));
  for (const [name, parameter] of params) {
    const [first, second] = moments.get(name);
    const gradient = grads[name].mul(clip);
    first.assign(first.mul(adamW.beta1).add(gradient.mul(1 - adamW.beta1)));
    second.assign(second.mul(adamW.beta2).add(tf.square(gradient).mul(1 - adamW.beta2)));
    const scale = tf.sqrt(second.div(1 - adamW.beta2 ** count)).add(adamW.epsilon);
    const change = first
      .div(1 - adamW.beta1 ** count)
      .div(scale)
      .mul(learningRate);
    const decay = /weight$|^maskToken$|^relative/.test(name) ? adamW.weightDecay : 0;
    parameter.assign(parameter.mul(1 - learningRate * decay).sub(change));
  }
}

// The same in every step, as data loading is not measured.
function makeBatch() {
  const { imageSize, channels } = model;
  const { mask, rows, targets } = randomBatch(settings);
  return {
    pixels: tf.randomNormal([settings.batch, imageSize, imageSize, channels]),
    mask: tf.tensor2d(mask, [settings.batch, mask.length / settings.batch]),
    rows: tf.tensor1d(rows, "int32"),
    targets: tf.tensor1d(targets, "int32"),
  };
}

function zeros(shape) {
  return tf.variable(tf.zeros(shape), false);
}

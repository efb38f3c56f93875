// Training steps of a BEiT on stock tfjs: node train-tfjs.mjs '<settings as JSON>', on its backend wasm, or on webgpu where the
// settings' `device` says so. Prints one line of JSON. Not stock: the kernel UnsortedSegmentSum, which tfjs-wasm lacks (gradient of
// gather), and AdamW with decoupled decay, which tfjs lacks, written in tfjs operations.
import * as tf from "@tensorflow/tfjs";
import { initBeit, loss } from "./tfjs-beit.mjs";

const settings = JSON.parse(process.argv[2]);
const { device = "wasm" } = settings;
if (device === "webgpu") await openWebgpu();
await import(`@tensorflow/tfjs-backend-${device}`);

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
const batch = makeBatch(settings);
const losses = [];
const times = [];
const cpuTimes = [];
for (let i = 0; i < settings.warmup; i++) losses.push(await step());
const start = performance.now();
while (times.length < settings.minimumSteps || performance.now() - start < settings.seconds * 1000) {
  const [from, used] = [performance.now(), process.cpuUsage()];
  losses.push(await step());
  times.push(performance.now() - from);
  const { user, system } = process.cpuUsage(used);
  cpuTimes.push((user + system) / 1000);
}
const report = {
  times,
  cpuTimes,
  losses,
  peakRssBytes: process.resourceUsage().maxRSS * 1024,
  engineBytes: device === "wasm" ? tf.backend().wasm.HEAPU8.length : tf.memory().numBytes,
  productTimes: [],
  versions: { tfjs: tf.version_core },
};
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));

// Puts Dawn where tfjs looks for it, which also keeps it: an entry that is collected takes its device along.
async function openWebgpu() {
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, "navigator", { value: { gpu: create([]), userAgent: "node" }, configurable: true });
}

async function step() {
  const { value, grads } = tf.tidy(() => tf.variableGrads(() => loss(model, params, batch), [...params.values()]));
  tf.tidy(() => update(grads, losses.length + 1));
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

// Random pixels and targets, another mask for every picture; the same in every step, as data loading is not measured.
function makeBatch({ batch: size, masked, model: { imageSize, patchSize, channels, vocabSize } }) {
  const patches = (imageSize / patchSize) ** 2;
  const mask = new Float32Array(size * patches);
  const rows = [];
  for (let picture = 0; picture < size; picture++) {
    const order = Array.from(tf.util.createShuffledIndices(patches))
      .slice(0, masked)
      .sort((a, b) => a - b);
    for (const patch of order) {
      mask[picture * patches + patch] = 1;
      rows.push(picture * (patches + 1) + 1 + patch);
    }
  }
  const targets = rows.map(() => Math.floor(Math.random() * vocabSize));
  return {
    pixels: tf.randomNormal([size, imageSize, imageSize, channels]),
    mask: tf.tensor2d(mask, [size, patches]),
    rows: tf.tensor1d(rows, "int32"),
    targets: tf.tensor1d(targets, "int32"),
  };
}

function zeros(shape) {
  return tf.variable(tf.zeros(shape), false);
}

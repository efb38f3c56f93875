// Training steps of a BEiT on jax-js with WebGPU: node train-jax.mjs '<settings as JSON>'. Prints one line of JSON. Loss and
// gradients are one function under `jit`, AdamW, written in jax-js operations, is another.
import {
  blockUntilReady,
  defaultDevice,
  getWebGPUDevice,
  init,
  jit,
  numpy as np,
  random,
  tree,
  valueAndGrad,
} from "@jax-js/jax";
import jaxPackage from "./node_modules/@jax-js/jax/package.json" with { type: "json" };
import { dropPathFactors, initBeit, loss } from "./jax-beit.mjs";
import { openWebgpu, randomBatch, timeSteps } from "./training.mjs";

// jax-js frees nothing of what a jitted function makes before all of it is submitted: 99 GiB for the 128 pictures of BEiT-base.
const PICTURES_AT_A_TIME = 64;

const settings = JSON.parse(process.argv[2]);
const { model, adamW, learningRate, repeats } = settings;
await openJax();

const productTimes = [];
for (const size of settings.products) productTimes.push(await timeProduct(size));

const gradientsOf = jit(shareOfGradients);
const update = jit(adamWUpdate);
const batch = makeBatch();
let state = initState();
let updates = 0;
const timed = await timeSteps(step, settings);
const report = { ...timed, productTimes, versions: { "jax-js": jaxPackage.version } };
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));

async function openJax() {
  await openWebgpu();
  if (!(await init("webgpu")).includes("webgpu")) throw new Error("expected the webgpu device of jax-js to start");
  defaultDevice("webgpu");
  // It prints an error, memory that is not there among them, and computes on with whatever its buffers hold.
  getWebGPUDevice().addEventListener("uncapturederror", () => process.exit(1));
}

async function step() {
  let mean = 0;
  let gradients;
  for (const pictures of batch) {
    const keep = dropPathFactors(model, pictures.pixels.shape[0]);
    const [value, more] = gradientsOf(tree.ref(state.params), tree.ref(pictures), keep);
    gradients = gradients === undefined ? more : tree.map(np.add, gradients, more);
    mean += (await value.data())[0];
  }
  updates++;
  const corrections = { first: 1 - adamW.beta1 ** updates, second: 1 - adamW.beta2 ** updates };
  state = update(state, gradients, tree.map(np.array, corrections));
  // What nobody reads waits for the next step.
  await state.params.maskToken.ref.data();
  return mean;
}

/** Of the batch's mean loss and of its gradients, the share of some of its pictures. */
function shareOfGradients(params, pictures, keep) {
  const share = pictures.pixels.shape[0] / settings.batch;
  return valueAndGrad((tracked) => loss(model, tracked, pictures, keep).mul(share))(params);
}

function initState() {
  const params = initBeit(model);
  const blank = () => tree.map(({ shape }) => np.zeros(shape), params);
  return { params, first: blank(), second: blank() };
}

function adamWUpdate({ params, first, second }, gradients, corrections) {
  const clip = clipFactor(tree.ref(gradients));
  const next = { params: {}, first: {}, second: {} };
  for (const path of Object.keys(params)) {
    const gradient = gradients[path].mul(clip.ref);
    next.first[path] = first[path].mul(adamW.beta1).add(gradient.ref.mul(1 - adamW.beta1));
    next.second[path] = second[path].mul(adamW.beta2).add(np.square(gradient).mul(1 - adamW.beta2));
    const scale = np.sqrt(next.second[path].ref.div(corrections.second.ref)).add(adamW.epsilon);
    const change = next.first[path].ref.div(corrections.first.ref).div(scale).mul(learningRate);
    const decay = /weight$|^maskToken$|^relative/.test(path) ? adamW.weightDecay : 0;
    next.params[path] = params[path].mul(1 - learningRate * decay).sub(change);
  }
  tree.dispose([clip, corrections]);
  return next;
}

function clipFactor(gradients) {
  const squares = Object.values(gradients).map((gradient) => np.square(gradient).sum());
  const norm = np.sqrt(squares.reduce(np.add));
  return np.minimum(1, np.trueDivide(adamW.clipNorm, norm.add(1e-6)));
}

// The same in every step, as data loading is not measured.
function makeBatch() {
  const parts = [];
  for (let left = settings.batch; left > 0; left -= PICTURES_AT_A_TIME)
    parts.push(makePictures(Math.min(left, PICTURES_AT_A_TIME), parts.length));
  return parts;
}

function makePictures(count, seed) {
  const { imageSize, channels } = model;
  const { mask, rows, targets } = randomBatch({ ...settings, batch: count });
  return {
    pixels: random.normal(random.key(seed), [count, imageSize, imageSize, channels]),
    mask: np.array(mask).reshape([count, -1]).greater(0),
    rows: np.array(rows),
    targets: np.array(targets),
  };
}

/** Milliseconds of x [rows, depth] times weight [columns, depth], transposed: the best of some, each `repeats` products long. */
async function timeProduct([rows, depth, columns]) {
  const product = jit((x, weight) => np.matmul(x, weight.transpose()));
  const [x, weight] = [rows, columns].map((count, i) => random.normal(random.key(i), [count, depth]));
  const products = async () => {
    const results = await blockUntilReady(Array.from({ length: repeats }, () => product(x.ref, weight.ref)));
    // jax-js waits for a read of no bytes; work is done in order, so what is read last is there last.
    await results[0].ref.slice(0, 0).data();
    tree.dispose(results);
  };
  await products();
  let best = Infinity;
  for (let i = 0; i < 5; i++) {
    const from = performance.now();
    await products();
    best = Math.min(best, (performance.now() - from) / repeats);
  }
  tree.dispose([x, weight]);
  return best;
}

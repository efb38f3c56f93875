// What the JavaScript contestants of the training step share: WebGPU in Node, a batch, and the loop.

/** Puts Dawn where browsers have it, which also keeps it: an entry that is collected takes its device along. */
export async function openWebgpu() {
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, "navigator", { value: { gpu: create([]), userAgent: "node" }, configurable: true });
}

/**
 * Random targets, another mask for every picture: `mask` [B, N] is 1 at masked patches, `rows` are theirs among all tokens,
 * where every picture has a class token in front.
 */
export function randomBatch({ batch, masked, model: { imageSize, patchSize, vocabSize } }) {
  const patches = (imageSize / patchSize) ** 2;
  const mask = new Float32Array(batch * patches);
  const rows = [];
  for (let picture = 0; picture < batch; picture++) {
    for (const patch of randomPatches(patches, masked)) {
      mask[picture * patches + patch] = 1;
      rows.push(picture * (patches + 1) + 1 + patch);
    }
  }
  const targets = Int32Array.from(rows, () => Math.floor(Math.random() * vocabSize));
  return { mask, rows: Int32Array.from(rows), targets };
}

function randomPatches(patches, count) {
  const order = Array.from({ length: patches }, (_, patch) => ({ patch, draw: Math.random() }));
  const chosen = order.sort((a, b) => a.draw - b.draw).slice(0, count);
  return chosen.map(({ patch }) => patch).sort((a, b) => a - b);
}

/** Steps that are not timed, then steps until there are enough and the seconds are over. `step` gives its loss. */
export async function timeSteps(step, { warmup, minimumSteps, seconds }) {
  const losses = [];
  const times = [];
  const cpuTimes = [];
  for (let i = 0; i < warmup; i++) losses.push(await step());
  const start = performance.now();
  while (times.length < minimumSteps || performance.now() - start < seconds * 1000) {
    const [from, used] = [performance.now(), process.cpuUsage()];
    losses.push(await step());
    times.push(performance.now() - from);
    const { user, system } = process.cpuUsage(used);
    cpuTimes.push((user + system) / 1000);
  }
  return { times, cpuTimes, losses, peakRssBytes: process.resourceUsage().maxRSS * 1024 };
}

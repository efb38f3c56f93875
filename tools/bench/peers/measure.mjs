// What every JavaScript contestant of the networks does with its model: the first call by itself, then calls until the
// time is over.
import { writeFileSync } from "node:fs";

/** Prints one line of JSON. `open` loads a model; its `call` gives the output as a typed array. */
export async function measure(request, open) {
  const from = performance.now();
  const model = await open();
  const loadMs = performance.now() - from;
  const first = await timed(model.call);
  if (request.output !== undefined) writeFileSync(request.output, bytesOf(first.value));
  const calls = [];
  const start = performance.now();
  while (calls.length < request.minimumCalls || performance.now() - start < request.seconds * 1000) {
    const { milliseconds, cpu } = await timed(model.call);
    calls.push({ milliseconds, cpu });
  }
  const result = {
    loadMs,
    firstMs: first.milliseconds,
    times: calls.map(({ milliseconds }) => milliseconds),
    cpuTimes: calls.map(({ cpu }) => cpu),
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    ...(await model.facts?.()),
  };
  console.log(JSON.stringify(result));
}

async function timed(call) {
  const [from, used] = [performance.now(), process.cpuUsage()];
  const value = await call();
  const milliseconds = performance.now() - from;
  const { user, system } = process.cpuUsage(used);
  return { value, milliseconds, cpu: (user + system) / 1000 };
}

function bytesOf({ buffer, byteOffset, byteLength }) {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

// Pixels and weights as the benchmarks write them.
import { closeSync, openSync, readFileSync, readSync } from "node:fs";

/** Float32 [size, size, C]. */
export function readPixels(path) {
  return new Float32Array(new Uint8Array(readFileSync(path)).buffer);
}

/** [size, size, C] -> [C, size, size] */
export function channelsFirst(pixels, channels) {
  const plane = pixels.length / channels;
  return pixels.map((_, i) => pixels[(i % plane) * channels + Math.floor(i / plane)]);
}

/** Calls `take` with every float32 tensor of a safetensors file, one at a time. */
export function readWeights(path, take) {
  const file = openSync(path, "r");
  const read = (position, length) => {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) done += readSync(file, bytes, done, length - done, position + done);
    return bytes;
  };
  const length = Number(new DataView(read(0, 8).buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(read(8, length)));
  for (const [name, { shape, data_offsets: offsets }] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const [from, to] = offsets;
    take(name, shape, new Float32Array(read(8 + length + from, to - from).buffer));
  }
  closeSync(file);
}

// A contestant: a network on the simd backend through all points of a sweep. Prints one line of JSON.
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { createRng } from "@beitjs/tensor-core/random";
import { openSimdModel } from "../inference/simd-model.ts";
import type { SweepPoint, SweepRequest, SweepResult } from "./settings.ts";

const { network, weights, build, threads, points, calls } = JSON.parse(process.argv[2]) as SweepRequest;
const result: SweepResult[number][] = [];
for (const imageSize of new Set(points.map((point) => point.imageSize))) {
  // A backend of its own frees everything that a size has made.
  const backend = await createSimdBackend({ build, threads, v8Flags: build !== "base" });
  const model = await openSimdModel({ network, weights, imageSize }, backend);
  for (const point of points) {
    if (point.imageSize !== imageSize) continue;
    const pixels = drawPixels(point);
    const times: number[] = [];
    await model.run(pixels, point.batch);
    while (times.length < calls) {
      const from = performance.now();
      await model.run(pixels, point.batch);
      times.push(performance.now() - from);
    }
    result.push({ point, times });
  }
  backend.dispose();
}
console.log(JSON.stringify(result));

function drawPixels({ batch, imageSize }: SweepPoint): Float32Array {
  const rng = createRng(1);
  return Float32Array.from({ length: batch * imageSize ** 2 * 3 }, () => rng.uniform());
}

// A contestant: losses of the training on a backend of ours. Prints one line of JSON.
import { readFileSync } from "node:fs";
import { patchCount } from "@beitjs/beit-encoder";
import { disposeTree, sizeOf, tensor, type Backend } from "@beitjs/tensor-core";
import { imageShape } from "@beitjs/tensor-core/grid";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { createWebgpuBackend } from "@beitjs/tensor-core/webgpu";
import { createTraining } from "../train/simd-step.ts";
import type { CurveRequest, CurveResult } from "./settings.ts";

const request = JSON.parse(process.argv[2]) as CurveRequest;
const { model, batch, masked, steps, files, engine } = request;
const backend: Backend =
  engine.name === "simd"
    ? await createSimdBackend({ threads: engine.threads, v8Flags: true })
    : await createWebgpuBackend({ precision: engine.precision, allowSoftware: request.allowSoftware ?? false });
const train = createTraining(request, backend);
const [pixels, masks, targets] = [files.pixels, files.masks, files.targets].map((path) => bytesOf(path));
const patches = patchCount(model);
const imageValues = sizeOf(imageShape(1, model));
const losses: number[] = [];
for (let step = 0; step < steps; step++) {
  const cells = (i: number): Uint8Array => new Uint8Array(masks, (step * batch + i) * patches, patches);
  const images = new Float32Array(pixels, step * batch * imageValues * 4, batch * imageValues);
  const tokens = new Int32Array(targets, step * batch * masked * 4, batch * masked);
  const inputs = {
    pixels: tensor(images, imageShape(batch, model), backend),
    targets: tensor(tokens, [batch * masked], backend, "int32"),
  };
  losses.push(await train({ ...inputs, masks: Array.from({ length: batch }, (_, i) => ({ cells: cells(i) })) }));
  disposeTree(inputs);
}
console.log(JSON.stringify({ losses } satisfies CurveResult));
backend.dispose();

function bytesOf(path: string): ArrayBuffer {
  const bytes = readFileSync(path);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

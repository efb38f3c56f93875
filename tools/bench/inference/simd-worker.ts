// A contestant: a network on the simd backend, one build and number of threads. Prints one line of JSON.
import { readFileSync } from "node:fs";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { measure } from "../peers/measure.mjs";
import type { SimdVariant } from "../simd-builds.ts";
import { measureCeiling } from "./measure-ceiling.ts";
import type { InferenceRequest } from "./settings.ts";
import { openSimdModel } from "./simd-model.ts";

export type SimdInferenceRequest = InferenceRequest & SimdVariant & { readonly ceilingWasm: string };

const request = JSON.parse(process.argv[2]) as SimdInferenceRequest;
const { network, files, build, threads, precision = "float32", ceilingWasm } = request;

await measure(request, async () => {
  const backend = await createSimdBackend({ build, threads, precision, v8Flags: build !== "base" });
  const model = await openSimdModel({ network, weights: files.weights }, backend);
  const pixels = Float32Array.from(new Float32Array(new Uint8Array(readFileSync(files.pixels)).buffer));
  return {
    call: () => model.run(pixels, 1),
    facts: async () => {
      const engineBytes = backend.memory().peak;
      const fallbacks = [...backend.fallbacks];
      backend.dispose();
      return { engineBytes, fallbacks, ceiling: await measureCeiling(ceilingWasm) };
    },
  };
});

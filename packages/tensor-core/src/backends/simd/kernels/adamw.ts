import { adamWOp, type AdamWOptions, type AdamWTensors } from "../../../ops/adamw.ts";
import { implement, type Simd } from "../context.ts";
import { chunkGrain, chunksOf, forEachChunk } from "./chunks.ts";

// Words of a chunk, as in assembly/adamw.ts.
const WORDS = 8;
const PARAMETER = 0,
  GRADIENT = 1,
  FIRST = 2,
  SECOND = 3,
  LENGTH = 4,
  KEEP = 5,
  RATE = 6;

export const adamWKernels = implement(adamWOp, {
  forward(simd, tensors, _, options) {
    const { beta1, beta2, epsilon, step, maxNorm = Infinity } = options;
    const chunks = chunksOf(tensors.parameters);
    const table = simd.scratch(chunks * WORDS * 4);
    writeTable(simd, table, chunks, tensors, options);
    const unbias = 1 / Math.sqrt(1 - beta2 ** step);
    const betas = [beta1, 1 - beta1, beta2, 1 - beta2] as const;
    const grain = chunkGrain(tensors.parameters, chunks);
    simd.parallel("adamWForward", chunks, grain, table, simd.pointer(tensors.norm), maxNorm, ...betas, unbias, epsilon);
  },
});

function writeTable(simd: Simd, table: number, chunks: number, tensors: AdamWTensors, options: AdamWOptions): void {
  const { parameters, gradients, firstMoments, secondMoments } = tensors;
  const { learningRates, weightDecays, beta1, step } = options;
  const words = simd.int32(table, chunks * WORDS);
  const floats = simd.float32(table, chunks * WORDS);
  forEachChunk(parameters, (chunk, t, offset, length) => {
    const at = chunk * WORDS;
    words[at + PARAMETER] = simd.pointer(parameters[t]) + offset * 4;
    words[at + GRADIENT] = simd.pointer(gradients[t]) + offset * 4;
    words[at + FIRST] = simd.pointer(firstMoments[t]) + offset * 4;
    words[at + SECOND] = simd.pointer(secondMoments[t]) + offset * 4;
    words[at + LENGTH] = length;
    floats[at + KEEP] = 1 - learningRates[t] * weightDecays[t];
    floats[at + RATE] = learningRates[t] / (1 - beta1 ** step);
  });
}

import { globalNormOp } from "../../../ops/global-norm.ts";
import { implement } from "../context.ts";
import { chunkGrain, chunksOf, forEachChunk } from "./chunks.ts";

const WORDS = 2;

export const globalNormKernels = implement(globalNormOp, {
  forward(simd, { tensors }, { norm }) {
    const chunks = chunksOf(tensors);
    const table = simd.scratch(chunks * WORDS * 4);
    const partials = simd.scratch(chunks * 8);
    const words = simd.int32(table, chunks * WORDS);
    const addresses = tensors.map(simd.pointer);
    forEachChunk(tensors, (chunk, t, offset, length) => {
      words[chunk * WORDS] = addresses[t] + offset * 4;
      words[chunk * WORDS + 1] = length;
    });
    simd.parallel("globalNormForward", chunks, chunkGrain(tensors, chunks), table, partials);
    simd.call("storeRootOfSum", partials, chunks, simd.pointer(norm));
  },
});

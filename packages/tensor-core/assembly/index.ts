// The wasm module's whole surface, one file per op.
export * from "./accumulate";
export * from "./layer-norm";
export * from "./add-bias";
export * from "./slice-channels";
export { columnSums } from "./column-sums";
export { convolve, convolveFilterGradient, turnFilter } from "./conv2d";
export { gemm, gemmScratchBytes } from "./gemm";
export {
  klOfMeanBackward, klOfMeanLogarithms, klOfMeanPartials, klOfMeanReduce,
} from "./kl-of-mean-to-uniform";

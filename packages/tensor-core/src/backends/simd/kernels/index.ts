// Every kernel of the simd backend, one file per op.
import type { SimdKernels } from "../context.ts";
import { accumulateKernels } from "./accumulate.ts";
import { layerNormKernels } from "./layer-norm.ts";

export const allKernels: readonly SimdKernels[] = [accumulateKernels, layerNormKernels];

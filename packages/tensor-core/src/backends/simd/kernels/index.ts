// Every kernel of the simd backend, one file per op.
import type { SimdKernels } from "../context.ts";
import { addBiasKernels } from "./add-bias.ts";
import { sliceChannelsKernels } from "./slice-channels.ts";
import { accumulateKernels } from "./accumulate.ts";
import { layerNormKernels } from "./layer-norm.ts";
import { conv2dKernels } from "./conv2d.ts";
import { convTranspose2dKernels } from "./conv-transpose2d.ts";
import { klOfMeanToUniformKernels } from "./kl-of-mean-to-uniform.ts";
import { linearKernels } from "./linear.ts";
import { matmulKernels } from "./matmul.ts";

export const allKernels: readonly SimdKernels[] = [klOfMeanToUniformKernels, conv2dKernels, convTranspose2dKernels, linearKernels, matmulKernels, addBiasKernels, sliceChannelsKernels, accumulateKernels, layerNormKernels];

import { meanSquaredErrorOp } from "../../../ops/mean-squared-error.ts";
import { implementDifferenceLoss } from "./difference-losses.ts";

export const meanSquaredErrorKernels = implementDifferenceLoss(meanSquaredErrorOp, "mean-squared-error", 2);

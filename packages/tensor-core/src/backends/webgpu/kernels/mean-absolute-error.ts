import { meanAbsoluteErrorOp } from "../../../ops/mean-absolute-error.ts";
import { implementDifferenceLoss } from "./difference-losses.ts";

export const meanAbsoluteErrorKernels = implementDifferenceLoss(meanAbsoluteErrorOp, "mean-absolute-error");

import { smoothL1Op } from "../../../ops/smooth-l1.ts";
import { implementDifferenceLoss } from "./difference-losses.ts";

export const smoothL1Kernels = implementDifferenceLoss(smoothL1Op, "smooth-l1");

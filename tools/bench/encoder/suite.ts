// BEiT-base on an image of 224 x 224: the tokens after the last block, as a pre-trained model without its head gives them.
import { beitVariants } from "@beitjs/beit-encoder";
import type { BenchOptions } from "../arguments.ts";
import { inferenceSuite } from "../inference/suite.ts";
import type { SuiteResult } from "../report.ts";

export const encoderConfig = { ...beitVariants.base, vocabSize: 0 };

export function encoderSuite(options: BenchOptions): Promise<SuiteResult> {
  return inferenceSuite("encoder", encoderConfig, options);
}

// The full encoder of OpenAI's DALL-E as BEiT uses it: an image of 112 x 112 to 14 x 14 visual tokens.
import { dvaeVariants } from "@beitjs/dvae-tokenizer";
import type { BenchOptions } from "../arguments.ts";
import { inferenceSuite } from "../inference/suite.ts";
import type { SuiteResult } from "../report.ts";

export const tokenizerConfig = dvaeVariants["dall-e"];

export function tokenizerSuite(options: BenchOptions): Promise<SuiteResult> {
  return inferenceSuite("tokenizer", tokenizerConfig, options);
}

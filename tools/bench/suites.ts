// The suites by name. Each runs its contestants and says what to show.
import type { BenchOptions, SuiteName } from "./arguments.ts";
import { convSuite } from "./conv/suite.ts";
import { curvesSuite } from "./curves/suite.ts";
import { encoderSuite } from "./encoder/suite.ts";
import { folderSuite } from "./folder/suite.ts";
import { gemmSuite } from "./gemm/suite.ts";
import { gpuSuite } from "./gpu/suite.ts";
import { maskingSuite } from "./masking/suite.ts";
import { opsSuite } from "./ops/suite.ts";
import type { SuiteResult } from "./report.ts";
import { sweepSuite } from "./sweep/suite.ts";
import { tokenizerSuite } from "./tokenizer/suite.ts";
import { trainSuite } from "./train/suite.ts";

export const suites: Readonly<Record<SuiteName, (options: BenchOptions) => Promise<SuiteResult>>> = {
  tokenizer: tokenizerSuite,
  encoder: encoderSuite,
  sweep: sweepSuite,
  folder: folderSuite,
  train: trainSuite,
  curves: curvesSuite,
  gpu: gpuSuite,
  gemm: gemmSuite,
  conv: convSuite,
  masking: maskingSuite,
  ops: opsSuite,
};

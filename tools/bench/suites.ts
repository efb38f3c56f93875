// The suites by name. Each runs its contestants and says what to show.
import type { BenchOptions, SuiteName } from "./arguments.ts";
import { gemmSuite } from "./gemm/suite.ts";
import { maskingSuite } from "./masking/suite.ts";
import { opsSuite } from "./ops/suite.ts";
import type { SuiteResult } from "./report.ts";
import { trainSuite } from "./train/suite.ts";

export const suites: Readonly<Record<SuiteName, (options: BenchOptions) => Promise<SuiteResult>>> = {
  train: trainSuite,
  gemm: gemmSuite,
  masking: maskingSuite,
  ops: opsSuite,
};

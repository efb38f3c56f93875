// The order of test files: those that take longest come first, so that no processor waits for one at the end. Vitest itself goes by what
// it has measured before, and in a clean checkout by size: a file of few lines may run thousands of cases.
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Longest first, as paths in the repository. */
export const longest: readonly string[] = [
  "packages/tensor-core/src/backends/webgpu/conformance.slow.test.ts",
  "tools/browser/webgpu.slow.test.ts",
  "tools/packages.slow.test.ts",
  "tools/web/page.slow.test.ts",
  "tools/readmes/readmes.slow.test.ts",
  "packages/trainers/src/stages/gpu-training.slow.test.ts",
  "packages/tensor-core/src/backends/conformance.test.ts",
  "packages/trainers/src/node/kill-and-resume.test.ts",
  "packages/tensor-core/src/backends/tfjs/conformance-cpu.test.ts",
  "apps/cli/src/end-to-end/failures.test.ts",
  "tools/fuzz/safetensors.test.ts",
  "packages/trainers/src/plan/memory.test.ts",
  "apps/cli/src/end-to-end/defaults.test.ts",
  "packages/masking/src/bulk.test.ts",
  "packages/tensor-core/src/backends/tfjs/conformance-wasm.test.ts",
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return longestFirst(await super.sort(files), ({ moduleId }) => moduleId);
  }
}

/** The files that take longest, then the others in the order they had. */
export function longestFirst<File>(files: readonly File[], pathOf: (file: File) => string): File[] {
  const rank = (file: File): number => {
    const at = longest.findIndex((path) => pathOf(file).endsWith(`/${path}`));
    return at < 0 ? longest.length : at;
  };
  return [...files].sort((a, b) => rank(a) - rank(b));
}

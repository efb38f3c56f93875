import { configDefaults, defineConfig } from "vitest/config";
import { LongestFirst } from "./tools/longest-first.ts";

const slow = "{packages,apps,tools}/**/*.slow.test.ts";

// Tests of functions alone: nothing of the process is changed by them, so that one process takes many files and loads the sources that
// they have in common once. A file that stubs a global or mocks a module belongs to the others, which get a process each.
const together = [
  "packages/{beit-encoder,dvae-tokenizer,onnx}/src/**/*.test.ts",
  "packages/tensor-core/src/{nn,ops,pickle,safetensors}/**/*.test.ts",
  "packages/trainers/src/{data,evaluate,optimizer,recipes}/**/*.test.ts",
  "apps/cli/src/{commands,demo,files,inspect,models,report,runs}/**/*.test.ts",
  "examples/*/src/**/*.test.ts",
];

// Packages are tested against each other's sources: the export condition below points at src/. Only tests that start
// processes of their own need the build that the scripts make first.
// What takes long on two processors is `*.slow.test.ts`: browsers, all cases on a software GPU, packages installed from tarballs.
export default defineConfig({
  resolve: { conditions: ["@beitjs/source"] },
  ssr: { resolve: { conditions: ["@beitjs/source"] } },
  test: {
    pool: "forks",
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ["default", "./tools/count-reporter.ts"],
    globalSetup: "./tools/software-gpu/setup.ts",
    projects: [
      {
        extends: true,
        test: {
          name: "quick",
          include: ["{packages,apps,examples}/*/src/**/*.test.ts", "tools/**/*.test.ts"],
          exclude: [...configDefaults.exclude, slow, ...together],
        },
      },
      {
        extends: true,
        test: {
          name: "quick-together",
          include: together,
          exclude: [...configDefaults.exclude, slow],
          isolate: false,
          restoreMocks: true,
          unstubGlobals: true,
          unstubEnvs: true,
        },
      },
      { extends: true, test: { name: "slow", include: [slow] } },
    ],
  },
});

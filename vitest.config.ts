import { configDefaults, defineConfig } from "vitest/config";
import { LongestFirst } from "./tools/longest-first.ts";

const slow = "{packages,apps,tools}/**/*.slow.test.ts";

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
          include: ["{packages,apps}/*/src/**/*.test.ts", "tools/**/*.test.ts"],
          exclude: [...configDefaults.exclude, slow],
        },
      },
      { extends: true, test: { name: "slow", include: [slow] } },
    ],
  },
});

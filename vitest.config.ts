import { defineConfig } from "vitest/config";

// Packages are tested against each other's sources: the export condition below points at src/. Only tests that start
// processes of their own need the build that `npm test` makes first.
export default defineConfig({
  resolve: { conditions: ["@beitjs/source"] },
  ssr: { resolve: { conditions: ["@beitjs/source"] } },
  test: {
    include: ["{packages,apps}/*/src/**/*.test.ts", "tools/**/*.test.ts"],
    globalSetup: "./tools/software-gpu/setup.ts",
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    reporters: ["default", "./tools/count-reporter.ts"],
  },
});

// Published weights of the user's against their published logits: tools/weights/README.md.
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["@beitjs/source"] },
  ssr: { resolve: { conditions: ["@beitjs/source"] } },
  test: { include: ["tools/weights/*.weights.ts"], pool: "forks", testTimeout: 1_200_000 },
});

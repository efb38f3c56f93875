// Run by hand: BEIT_WEIGHTS=<folder> npm run test:weights. The folder has the image and any of the published models, as
// Hugging Face's folders or the original's files; see README.md.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { findModel, measure } from "./check.ts";
import { goldens, imageName } from "./goldens.ts";

const folder = process.env["BEIT_WEIGHTS"];
if (!folder) throw new Error("expected BEIT_WEIGHTS to be the folder of the models, got none");
const image = join(folder, imageName);
if (!existsSync(image)) throw new Error(`expected ${image} (COCO val2017), got none`);
const found = goldens.flatMap((golden) => {
  const path = findModel(folder, golden);
  return path === undefined ? [] : [{ golden, path, name: golden.names[0] }];
});
if (found.length === 0) {
  const names = goldens.flatMap(({ names }) => names).join(", ");
  throw new Error(`expected at least one published model in ${folder}, got none of ${names}`);
}

const backend = await createSimdBackend();
afterAll(() => backend.dispose());

describe("published logits", () => {
  it.each(found)("$name", async ({ golden, path }) => {
    const { error, best } = await measure(path, { golden, image, backend });
    console.log(`${path}: largest error ${error.toExponential(2)}, allowed ${golden.tolerance}`);
    if (golden.best !== undefined) expect(best).toBe(golden.best);
    expect(error).toBeLessThanOrEqual(golden.tolerance);
  });
});

// A process that may open 64 files (ulimit -n 64): modules, threads and images must share them. Linux alone sets it so low.
import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { imagesAtATime, mayOpenFewFiles } from "../images/at-a-time.ts";
import { makeFolder } from "../testing/run-cli.ts";

it("works on a few images at a time, and without threads", () => {
  expect(mayOpenFewFiles("Max open files            64                   64                   files\n")).toBe(true);
  expect(mayOpenFewFiles("Max open files            1048576              1048576              files\n")).toBe(false);
  expect(mayOpenFewFiles("")).toBe(false);
  expect(imagesAtATime()).toBeGreaterThan(0);
});

describe.runIf(process.platform === "linux")("with 64 open files", () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>;
  const program = fileURLToPath(new URL("../../bin/beit.js", import.meta.url));
  const beit = (...args: string[]) =>
    promisify(execFile)("sh", ["-c", 'ulimit -n 64 && exec "$@"', "sh", process.execPath, program, ...args]);

  beforeAll(async () => {
    folder = await makeFolder();
    for (const name of ["cat", "dog"]) {
      await mkdir(`${folder.path}/photos/${name}`, { recursive: true });
      const input = {
        create: { width: 64, height: 64, channels: 3, background: name === "cat" ? "red" : "blue" },
      } as const;
      const picture = await sharp(input).png().toBuffer();
      await Promise.all(
        Array.from({ length: 100 }, (_, i) => sharp(picture).toFile(`${folder.path}/photos/${name}/${i}.png`)),
      );
    }
  });

  afterAll(() => folder.remove());

  it.each([
    ["data verify", ["data", "verify", "photos"]],
    ["reconstruct", ["reconstruct", "--tokenizer", "small", "--images", "photos", "--out", "pictures"]],
    ["evaluate", ["evaluate", "small", "--data", "photos", "--backend", "simd"]],
  ])("%s reads a folder of 200 images", { timeout: 120_000 }, async (_, args) => {
    const placed = args.map((word) => (["photos", "pictures"].includes(word) ? `${folder.path}/${word}` : word));
    expect((await beit(...placed)).stderr).not.toContain("EMFILE");
  });
});

// Images of a page in a browser: colors as they stand in the file, also under alpha, and no decoder to bring.
import { describe, expect, it } from "vitest";
import { hasSoftwareGpu } from "../software-gpu/driver.ts";
import type { ImagesOutcome } from "./images-worker.ts";
import { runInChromium } from "./run-in-chromium.ts";

describe.runIf(hasSoftwareGpu)("images in a worker of a page", () => {
  it("have the bytes of the file in every form", async () => {
    const { result } = await runInChromium(new URL("images-worker.ts", import.meta.url), { milliseconds: 60_000 });
    const { pixels, vectors, refused } = result as ImagesOutcome;
    const expected = [255, 0, 0, 10, 200, 30, 1, 2, 3, 250, 251, 252];
    for (const name of ["blob", "bytes", "imageData", "bitmap", "canvas", "opaqueBitmap"]) {
      expect(pixels[name], name).toEqual(expected);
    }
    expect(vectors[0]).toEqual(vectors[1]);
    expect(new Set(vectors[0]).size).toBeGreaterThan(1);
    expect(refused).toContain("[toImage] expected an image that this browser can read, got the image");
  });
});

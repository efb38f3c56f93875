import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { demoFineTune } from "../recipes/demo.ts";
import { loadReplay, saveReplay } from "./index.ts";

let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "beit-replay-"))));
afterAll(() => rm(folder, { recursive: true }));

it("a replay has the samples of its images, of 8 and of 16 bits", async () => {
  const images = [
    { width: 1, height: 3, channels: 1, data: Uint8Array.of(1, 2, 255) },
    { width: 1, height: 1, channels: 4, data: Uint16Array.of(1, 256, 257, 65535) },
  ];
  const examples = images.map((image, index) => ({ image, index, name: `image ${index}`, label: 0 }));
  const batch = { length: 2, classes: ["a", "b"], labels: [0, 0], examples };
  await saveReplay(folder, { step: 0, recipe: demoFineTune, message: "no", run: {}, batch }, undefined);
  expect((await loadReplay(folder)).batch.examples).toEqual(examples);
});

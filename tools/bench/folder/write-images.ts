// Photographs that nobody took: soft shapes with noise, as large as those of ImageNet, written as JPEG by sharp. Runs in a
// process of its own. Prints one line of JSON.
import { join } from "node:path";
import { createRng, type Rng } from "@beitjs/tensor-core/random";
import sharp from "sharp";
import type { folderSettings } from "./settings.ts";

const request = JSON.parse(process.argv[2]) as typeof folderSettings & { readonly folder: string };
const { folder, images, width, height, quality, seed } = request;
const names = Array.from({ length: images }, (_, index) => `${String(index).padStart(4, "0")}.jpg`);
for (const [index, name] of names.entries()) {
  const raw = { width, height, channels: 3 } as const;
  await sharp(draw(createRng({ seed, index })), { raw })
    .jpeg({ quality })
    .toFile(join(folder, name));
}
console.log(JSON.stringify(names));

function draw(rng: Rng): Uint8Array {
  const wave = () => ({ across: 40 * rng.uniform(), down: 40 * rng.uniform(), phase: 6 * rng.uniform() });
  const waves = Array.from({ length: 9 }, wave);
  return Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [pixel, channel] = [Math.floor(i / 3), i % 3];
    const [x, y] = [(pixel % width) / width, Math.floor(pixel / width) / height];
    const sum = waves
      .slice(3 * channel, 3 * channel + 3)
      .reduce((value, { across, down, phase }) => value + Math.sin(across * x + down * y + phase), 0);
    return Math.min(255, Math.max(0, 128 + 35 * sum + 24 * (rng.uniform() - 0.5)));
  });
}

// Long use in one process and many at once: memory after the first tenth and at the end, which must be the same but for noise.
// A round is one tokenization of the README's loop; the other parts are as long as they are to 10,000 of them.
import { copyFileSync, linkSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import sharp from "sharp";
import { detokenize, loadTokenizer, tokenize } from "@beitjs/dvae-tokenizer";
import { createImage, imageTensor } from "@beitjs/tensor-core/image";
import { disposeTree, scope, tensor } from "@beitjs/tensor-core";
import { relu } from "@beitjs/tensor-core/ops";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { trainTokenizer } from "@beitjs/trainers";
import { imageFolder } from "@beitjs/trainers/node";
import { tinyImages, tinyTokenizer } from "../../packages/trainers/src/testing.ts";
import { beitEndsWith, demand, rigFolder, type Rig, type RigOptions } from "./harness.ts";

const MEBIBYTE = 2 ** 20;
/** What the heap, its compiled code and fragments of the allocator may come to between the first tenth and the end. */
const NOISE = 64 * MEBIBYTE;
/** What live objects and their buffers may: compiled code alone. A few kilobytes kept a round are seen by this. */
const HEAP_NOISE = 4 * MEBIBYTE;
const FULL = 10_000;

export const rig: Rig = {
  about: "tokenizations, backends, training steps, a large folder and 20 processes; a round is one tokenization",
  count: FULL,
  async run(options) {
    const part = (full: number) => Math.max(2, Math.ceil((full * options.count) / FULL));
    return {
      tokenizations: await tokenizations(options.count, options),
      backends: await backends(part(500), options),
      steps: await steps(part(1000), options),
      images: await images(part(50_000), options),
      processes: await processes(20, options),
    };
  },
};

type Flat = { readonly rounds: number } & Readonly<Record<`${"rss" | "heap"}${"First" | "Last"}`, string>>;

/** Plays rounds and compares what the process holds after a tenth of them with what it holds at the end. */
async function flat(
  what: string,
  rounds: number,
  { say }: RigOptions,
  play: (round: number) => Promise<void> | void,
): Promise<Flat> {
  let first = { rss: 0, heap: 0 };
  for (let round = 0; round < rounds; round++) {
    await play(round);
    if (round === Math.floor(rounds / 10)) first = held();
  }
  const last = held();
  const figures = {
    rounds,
    rssFirst: mebibytes(first.rss),
    rssLast: mebibytes(last.rss),
    heapFirst: mebibytes(first.heap),
    heapLast: mebibytes(last.heap),
  };
  say(`${what}: ${JSON.stringify(figures)}`);
  demand(
    last.rss - first.rss < NOISE && last.heap - first.heap < HEAP_NOISE,
    `${what} to stay flat over ${rounds} rounds, got ${JSON.stringify(figures)}`,
  );
  return figures;
}

async function tokenizations(count: number, options: RigOptions): Promise<Flat> {
  const cpu = await createSimdBackend({ threads: 1 });
  const tokenizer = await loadTokenizer("small", cpu);
  const photo = createImage(320, 240, 3);
  let live: number | undefined;
  const figures = await flat("tokenizations", count, options, async () => {
    const images = imageTensor([photo], { size: tokenizer.config.imageSize }, cpu);
    const visualTokens = tokenize(tokenizer, images);
    const reconstruction = detokenize(tokenizer, visualTokens);
    await visualTokens.read();
    disposeTree([images, visualTokens, reconstruction]);
    live ??= cpu.memory().live;
    demand(cpu.memory().live === live, `${live} bytes of tensors after every round, got ${cpu.memory().live}`);
  });
  cpu.dispose();
  return figures;
}

function backends(count: number, options: RigOptions): Promise<Flat> {
  return flat("backends", count, options, async (round) => {
    const backend = await createSimdBackend({ threads: 1 + (round % 2) });
    scope(backend, () => void relu(tensor(new Float32Array(65536), [65536], backend)));
    backend.dispose();
  });
}

async function steps(count: number, options: RigOptions): Promise<Flat> {
  const backend = await createSimdBackend({ threads: 1 });
  const recipe = { ...tinyTokenizer, epochs: Math.ceil((count + 1) / 3) };
  const run = trainTokenizer({ recipe, images: tinyImages(), backend });
  let live: number | undefined;
  const figures = await flat("steps of training", count, options, async (round) => {
    demand((await run.next()).done !== true, `${count} steps, got ${round}`);
    if (round < 2) live = backend.memory().live;
    demand(backend.memory().live === live, `${live} bytes of tensors after every step, got ${backend.memory().live}`);
  });
  await run.return(undefined as never);
  backend.dispose();
  return figures;
}

// Links of one picture: the folder is what is large.
async function images(count: number, { say }: RigOptions): Promise<object> {
  const folder = rigFolder("images");
  await picture(join(folder, "one.png"));
  for (let i = 0; i < count; i++) {
    const inside = join(folder, "photos", `class-${i % 100}`);
    if (i < 100) mkdirSync(inside, { recursive: true });
    // A file may not have as many names as there are images.
    if (i % 20_000 === 0) copyFileSync(join(folder, "one.png"), join(folder, `link-${i / 20_000}.png`));
    linkSync(join(folder, `link-${Math.floor(i / 20_000)}.png`), join(inside, `${i}.png`));
  }
  const before = held().rss;
  const listed = await imageFolder(join(folder, "photos"));
  demand(listed.length === count, `a folder of ${count} images, got ${listed.length}`);
  const figures = { images: count, rssFirst: mebibytes(before), rssLast: mebibytes(held().rss) };
  say(`images: ${JSON.stringify(figures)}`);
  return figures;
}

// Each reads every image and keeps the same index.
async function processes(count: number, { say }: RigOptions): Promise<object> {
  const folder = rigFolder("processes");
  for (let i = 0; i < 40; i++) {
    const inside = join(folder, "photos", i % 2 ? "cat" : "dog");
    mkdirSync(inside, { recursive: true });
    await picture(join(inside, `${i}.png`));
  }
  const args = ["data", "verify", join(folder, "photos")];
  const ended = await Promise.all(Array.from({ length: count }, () => beitEndsWith(0, args)));
  for (const { stdout, stderr } of ended)
    demand(/40 images/.test(stdout + stderr), `40 images told, got ${stdout}${stderr}`);
  await beitEndsWith(0, args);
  say(`${count} processes at once on one folder: all ended with 0`);
  return { atOnce: count, ended: "all with 0, and one after them" };
}

async function picture(path: string): Promise<void> {
  const input = { create: { width: 64, height: 64, channels: 3, background: "teal" } } as const;
  await sharp(input).png().toFile(path);
}

let collect: (() => void) | undefined;

/** Bytes of the process, and of its objects and their buffers, after garbage was collected. */
function held(): { readonly rss: number; readonly heap: number } {
  setFlagsFromString("--expose-gc");
  collect ??= runInNewContext("gc") as () => void;
  collect();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return { rss, heap: heapUsed + arrayBuffers };
}

function mebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(1)} MiB`;
}

// The command line inside a test: streams that remember, signals by hand, data and recipes small enough for seconds.
import { EventEmitter } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import {
  demoFineTune,
  demoGaussian,
  demoPretrain,
  demoTokenizer,
  type FineTuneRecipe,
  type GaussianRecipe,
  type PretrainRecipe,
  type TokenizerRecipe,
} from "@beitjs/trainers";
import sharp from "sharp";
import { runCli } from "../cli.ts";
import type { Output } from "../program/host.ts";

export type CliRun = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Events of --json. */
  readonly events: readonly Readonly<Record<string, unknown> & { event: string }>[];
};

export type RunCliOptions = {
  readonly env?: Readonly<Record<string, string>>;
  readonly tty?: boolean;
  /** Milliseconds since 1970; the real ones by default. */
  readonly now?: () => number;
  /** Called with every line of stdout; `signal` sends one to the program. */
  readonly onLine?: (line: string, signal: (name: "SIGINT" | "SIGTERM") => void) => void;
};

/** Runs a command line in this process. */
export async function cli(
  argv: readonly string[],
  { env = {}, tty = false, now = Date.now, onLine }: RunCliOptions = {},
): Promise<CliRun> {
  const signals = new EventEmitter();
  const stdout = recorder(tty, (line) => onLine?.(line, (name) => signals.emit(name)));
  const stderr = recorder(tty);
  const exit = (code: number) => Promise.reject(new Error(`unexpected exit ${code}`));
  const code = await runCli(argv, {
    stdout: stdout.stream,
    stderr: stderr.stream,
    env,
    signals,
    exit,
    now,
    elapsed: () => performance.now(),
  });
  const events = stdout
    .text()
    .split("\n")
    .filter((line) => line.startsWith('{"event"'));
  return {
    code,
    stdout: stdout.text(),
    stderr: stderr.text(),
    events: events.map((line) => JSON.parse(line) as never),
  };
}

function recorder(isTTY: boolean, onLine?: (line: string) => void): { stream: Output; text: () => string } {
  let text = "";
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      text += chunk.toString();
      for (const line of chunk.toString().split("\n")) if (line !== "") onLine?.(line);
      done();
    },
  });
  return { stream: Object.assign(stream, { isTTY, columns: 120 }), text: () => text };
}

/** A folder for one test file, and how to remove it. */
export async function makeFolder(): Promise<{ readonly path: string; readonly remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "beitjs-cli-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** 8 x 8 gray images of two classes (dark left or dark top) as IDX files; the test split is a quarter. */
export async function writeIdx(folder: string, count = 32): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const [split, length] of [
    ["train", count],
    ["t10k", count / 4],
  ] as const) {
    const images = Buffer.concat([header(0x803, [length, 8, 8]), ...Array.from({ length }, (_, i) => picture(i))]);
    const labels = Buffer.concat([header(0x801, [length]), Buffer.from(Array.from({ length }, (_, i) => i % 2))]);
    await writeFile(join(folder, `${split}-images-idx3-ubyte`), images);
    await writeFile(join(folder, `${split}-labels-idx1-ubyte`), labels);
  }
  return folder;
}

/** PNG files, `<class>/<number>.png`. */
export async function writePngs(folder: string, classes: readonly string[], perClass: number): Promise<string> {
  for (const [label, name] of classes.entries()) {
    await mkdir(join(folder, name), { recursive: true });
    for (let i = 0; i < perClass; i++) {
      const png = await sharp(picture(2 * i + label), { raw: { width: 8, height: 8, channels: 1 } })
        .png()
        .toBuffer();
      await writeFile(join(folder, name, `${i}.png`), png);
    }
  }
  return folder;
}

function header(magic: number, sizes: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 + 4 * sizes.length);
  bytes.writeUInt32BE(magic, 0);
  sizes.forEach((size, i) => bytes.writeUInt32BE(size, 4 + 4 * i));
  return bytes;
}

function picture(i: number): Buffer {
  return Buffer.from(
    Array.from({ length: 64 }, (_, at) => ((i % 2 === 0 ? at % 8 : Math.floor(at / 8)) * 32 + i * 5) % 256),
  );
}

const common = {
  seed: 3,
  epochs: 2,
  batchSize: 8,
  learningRate: { peak: 1e-3, minimum: 1e-5, warmup: { share: 0.25 } },
  adamW: { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0.01, clipNorm: 1 },
};
const views = { ...demoPretrain.views, pixelSize: 8, tokenSize: 8, scale: [0.8, 1], ratio: [0.9, 1.1] } as const;
const strided = { imageSize: 8, codebookWidth: 8, hidden: 8, layers: 1 };
const beit = {
  ...demoPretrain.model,
  imageSize: 8,
  patchSize: 2,
  width: 16,
  depth: 2,
  heads: 2,
  mlpRatio: 2,
  relativePositions: "shared",
  layerScale: 0.1,
  dropPath: 0.1,
  vocabSize: 16,
} as const;

/** Recipes for 8 x 8 gray images: 4 steps an epoch on 32 images, two epochs. */
export const tinyRecipes: {
  readonly tokenizer: TokenizerRecipe;
  readonly gaussian: GaussianRecipe;
  readonly pretrain: PretrainRecipe;
  readonly fineTune: FineTuneRecipe;
} = {
  tokenizer: {
    ...demoTokenizer,
    ...common,
    model: { ...demoTokenizer.model, ...strided, vocabSize: 16 },
    views,
    temperature: { start: 1, end: 0.5, over: { share: 1 } },
    klWeight: { start: 0, end: 0.01, over: { share: 1 } },
    balanceWeight: 0.01,
  },
  gaussian: {
    ...demoGaussian,
    ...common,
    model: { ...demoGaussian.model, ...strided },
    views,
    klWeight: { start: 0, end: 1e-3, over: { share: 1 } },
  },
  pretrain: { ...demoPretrain, ...common, model: beit, initStd: 0.05, views },
  fineTune: {
    ...demoFineTune,
    ...common,
    model: { ...beit, vocabSize: 0 },
    view: { ...demoFineTune.view, size: 8, crop: { kind: "padded", padding: 1 }, flip: 0 },
    evalView: { ...demoFineTune.evalView, size: 8 },
    layerDecay: 0.8,
  },
};

/** Writes the tiny recipes as JSON files; `recipe("pretrain")` is a path for --recipe. */
export async function writeRecipes(folder: string): Promise<(name: keyof typeof tinyRecipes) => string> {
  await mkdir(folder, { recursive: true });
  const path = (name: string) => join(folder, `${name}.json`);
  for (const [name, recipe] of Object.entries(tinyRecipes)) await writeFile(path(name), JSON.stringify(recipe));
  return path;
}

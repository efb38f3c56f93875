// A run that is killed again and again, at random moments, saves included, and resumed each time ends with the very
// weights of a run that nobody touched. With its average, its best checkpoint and the step at which its patience ends, too.
import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRng } from "@beitjs/tensor-core/random";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { TokenizerRecipe } from "../recipes/recipe.ts";
import { tinyTokenizer } from "../testing.ts";
import { listCheckpoints, loadCheckpoint } from "./checkpoint-store.ts";

const recipe: TokenizerRecipe = {
  ...tinyTokenizer,
  seed: 11,
  epochs: 3,
  batchSize: 4,
  microBatches: 2,
  model: { ...tinyTokenizer.model, vocabSize: 16, codebookWidth: 8 },
  views: {
    ...tinyTokenizer.views,
    colorJitter: { brightness: 0.1, contrast: 0, saturation: 0 },
    flip: 0.5,
    scale: [0.5, 1],
    ratio: [0.8, 1.2],
  },
  learningRate: { peak: 3e-3, minimum: 1e-4, warmup: { steps: 3 } },
  adamW: { ...tinyTokenizer.adamW, weightDecay: 0.01, clipNorm: 1 },
  temperature: { start: 1, end: 0.5, over: { share: 2 / 3 } },
  klWeight: { start: 0, end: 0.01, over: { epochs: 2 } },
  balanceWeight: 0.01,
};
/** The same run looked at on held-out images. */
const validated: TokenizerRecipe = { ...recipe, ema: { decay: 0.7, warmup: true } };

const source = (path: string) => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));

// 40 images, 10 steps an epoch, a checkpoint after every second step; a line on stdout for every step.
const script = `
import { createSimdBackend } from ${source("../../../tensor-core/src/backends/simd/index.ts")};
import { memoryDataset } from ${source("../data/memory.ts")};
import { trainTokenizer } from ${source("../stages/train-tokenizer.ts")};
import { cleanCheckpoints, listCheckpoints, loadCheckpoint, saveCheckpoint } from ${source("./checkpoint-store.ts")};
import { lockRun } from ${source("./run-lock.ts")};

const [folder, threads, pause, , epochs] = process.argv.slice(2);
const validated = process.argv[5] === "validated";
const recipe = { ...(validated ? ${JSON.stringify(validated)} : ${JSON.stringify(recipe)}), epochs: Number(epochs) };
const data = Uint8Array.from({ length: 40 * 64 }, (_, i) => (i * 37 + (i >> 6) * 11) % 256);
const images = memoryDataset({ width: 8, height: 8, channels: 1, data, name: String });
const heldOut = memoryDataset({ width: 8, height: 8, channels: 1, data: data.slice(0, 8 * 64).reverse(), name: String });
const validation = validated ? { images: heldOut, every: { steps: 3 }, metric: "perplexity", patience: 3 } : undefined;
await lockRun(folder, { since: "now" });
await cleanCheckpoints(folder);
const resume = (await listCheckpoints(folder)).length > 0 ? await loadCheckpoint(folder) : undefined;
const backend = await createSimdBackend({ threads: Number(threads) });
for await (const { step, state, validation: told } of trainTokenizer({ recipe, images, backend, resume, validation })) {
  const position = { epoch: Math.floor(step / 10), batch: step % 10 };
  const info = { stage: "tokenizer", model: recipe.model, recipe, step, position };
  if (step % 2 === 0 || told?.best || told?.ends) await saveCheckpoint(folder, state, info, { best: told?.best ?? false });
  process.stdout.write(step + "\\n");
  await new Promise((resolve) => setTimeout(resolve, Number(pause)));
}
process.exit(0);
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "beitjs-kill-"));
  await writeFile(join(folder, "run.ts"), script);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type RunOptions = {
  readonly threads: number;
  readonly killAfter?: number;
  readonly pause: number;
  readonly what?: "plain" | "validated";
  readonly epochs?: number;
};

/** Runs the script; kills it `killAfter` ms after its first step. Whether it came to its end. */
async function run(
  name: string,
  { threads, killAfter, pause, what = "plain", epochs = 3 }: RunOptions,
): Promise<boolean> {
  await mkdir(join(folder, name), { recursive: true });
  const flags = ["--import", "jiti/register", "--conditions=@beitjs/source", join(folder, "run.ts")];
  const given = [join(folder, name), String(threads), String(pause), what, String(epochs)];
  const child = spawn(process.execPath, [...flags, ...given], {
    cwd: fileURLToPath(new URL("../../../..", import.meta.url)),
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (killAfter !== undefined) child.stdout.once("data", () => setTimeout(() => child.kill("SIGKILL"), killAfter));
  else child.stdout.resume();
  const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
  expect([0, null]).toContain(code);
  return code === 0;
}

async function finalFiles(name: string): Promise<Buffer[]> {
  const [newest] = await listCheckpoints(join(folder, name));
  expect(newest.step).toBe(30);
  await loadCheckpoint(newest.path);
  return Promise.all(["model.safetensors", "optimizer.safetensors"].map((file) => readFile(join(newest.path, file))));
}

it("gives bit-identical weights and moments", async () => {
  expect(await run("whole", { threads: 1, pause: 0 })).toBe(true);
  const rng = createRng(Number(process.env["BEITJS_KILL_SEED"] ?? 5));
  let kills = 0;
  // Saves take most of the time, so most kills fall into one.
  while (!(await run("killed", { threads: 2, pause: 4, ...(kills < 3 && { killAfter: rng.integer(120) }) }))) kills++;
  expect(kills).toBeGreaterThanOrEqual(2);
  const [whole, killed] = [await finalFiles("whole"), await finalFiles("killed")];
  expect(killed[0].equals(whole[0])).toBe(true);
  expect(killed[1].equals(whole[1])).toBe(true);
});

it("gives the same weights and moments where a finished run is made longer", async () => {
  expect(await run("longer-whole", { threads: 1, pause: 0, epochs: 2 })).toBe(true);
  await cp(join(folder, "longer-whole"), join(folder, "longer-killed"), { recursive: true });
  expect(await run("longer-whole", { threads: 1, pause: 0 })).toBe(true);
  const rng = createRng(Number(process.env["BEITJS_KILL_SEED"] ?? 7));
  let kills = 0;
  const killed = () => run("longer-killed", { threads: 2, pause: 4, ...(kills < 2 && { killAfter: rng.integer(40) }) });
  while (!(await killed())) kills++;
  expect(kills).toBeGreaterThanOrEqual(1);
  const [whole, other] = [await finalFiles("longer-whole"), await finalFiles("longer-killed")];
  expect(other[0].equals(whole[0])).toBe(true);
  expect(other[1].equals(whole[1])).toBe(true);
});

it("gives the same average, the same best checkpoint and the same end of patience", async () => {
  const what = "validated";
  expect(await run("whole-validated", { threads: 1, pause: 0, what })).toBe(true);
  const rng = createRng(Number(process.env["BEITJS_KILL_SEED"] ?? 6));
  let kills = 0;
  const killed = () =>
    run("killed-validated", { threads: 2, pause: 4, what, ...(kills < 4 && { killAfter: rng.integer(80) }) });
  while (!(await killed())) kills++;
  expect(kills).toBeGreaterThanOrEqual(2);
  const [whole, other] = [join(folder, "whole-validated"), join(folder, "killed-validated")];
  const [last, lastOther] = [(await listCheckpoints(whole))[0], (await listCheckpoints(other))[0]];
  const { manifest } = await loadCheckpoint(whole);
  expect(manifest.validation).toMatchObject({ metric: "perplexity", sinceBest: 3 });
  expect(last.step).toBeLessThan(30);
  expect(manifest.validation?.best?.step).toBe(last.step - 9);
  expect(lastOther.step).toBe(last.step);
  const best = (run: string) => join(run, "checkpoints", "best");
  for (const name of ["model.safetensors", "optimizer.safetensors", "ema.safetensors", "manifest.json"]) {
    for (const [a, b] of [
      [last.path, lastOther.path],
      [best(whole), best(other)],
    ]) {
      expect((await readFile(join(a, name))).equals(await readFile(join(b, name)))).toBe(true);
    }
  }
});

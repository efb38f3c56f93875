// A run that is killed again and again, at random moments, saves included, and resumed each time ends with the very
// weights of a run that nobody touched.
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
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

const source = (path: string) => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));

// 40 images, 10 steps an epoch, a checkpoint after every second step; a line on stdout for every step.
const script = `
import { createSimdBackend } from ${source("../../../tensor-core/src/backends/simd/index.ts")};
import { memoryDataset } from ${source("../data/memory.ts")};
import { trainTokenizer } from ${source("../stages/train-tokenizer.ts")};
import { listCheckpoints, loadCheckpoint, saveCheckpoint } from ${source("./checkpoint-store.ts")};
import { lockRun } from ${source("./run-lock.ts")};

const [folder, threads, pause] = process.argv.slice(2);
const recipe = ${JSON.stringify(recipe)};
const data = Uint8Array.from({ length: 40 * 64 }, (_, i) => (i * 37 + (i >> 6) * 11) % 256);
const images = memoryDataset({ width: 8, height: 8, channels: 1, data, name: String });
await lockRun(folder, { since: "now" });
const resume = (await listCheckpoints(folder)).length > 0 ? await loadCheckpoint(folder) : undefined;
const backend = await createSimdBackend({ threads: Number(threads) });
for await (const { step, state } of trainTokenizer({ recipe, images, backend, resume })) {
  const position = { epoch: Math.floor(step / 10), batch: step % 10 };
  if (step % 2 === 0) await saveCheckpoint(folder, state, { stage: "tokenizer", model: recipe.model, recipe, step, position });
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

/** Runs the script; kills it `killAfter` ms after its first step. Whether it came to its end. */
async function run(
  name: string,
  { threads, killAfter, pause }: { threads: number; killAfter?: number; pause: number },
): Promise<boolean> {
  await mkdir(join(folder, name), { recursive: true });
  const flags = ["--import", "jiti/register", "--conditions=@beitjs/source", join(folder, "run.ts")];
  const child = spawn(process.execPath, [...flags, join(folder, name), String(threads), String(pause)], {
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

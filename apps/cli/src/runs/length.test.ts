// Schedules as a command has them: recorded where they change, and one run however its lengths are told.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cli, makeFolder, writeIdx, writeRecipes } from "../testing/run-cli.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let data: string;
let recipe: Awaited<ReturnType<typeof writeRecipes>>;
beforeAll(async () => {
  folder = await makeFolder();
  data = await writeIdx(join(folder.path, "data"));
  recipe = await writeRecipes(join(folder.path, "recipes"));
});
afterAll(() => folder.remove());

// 32 images: four steps an epoch.
const train = (out: string, ...more: readonly string[]) => {
  const where = ["--data", data, "--recipe", recipe("tokenizer"), "--out", join(folder.path, out)];
  return cli(["train-tokenizer", ...where, "--backend", "simd", "--threads", "1", "--json", ...more]);
};

it("a weight decay that changes is in events, metrics.jsonl and TensorBoard's file; one that stays is not", async () => {
  const run = await train("decay", "--epochs", "1", "--lr", "2e-3", "--set", "adamW.weightDecayEnd=0.4");
  expect(run.code).toBe(0);
  const steps = run.events.filter(({ event }) => event === "step");
  const decays = [0, 1, 2, 3].map((step) => 0.4 - 0.195 * (1 + Math.cos((Math.PI * step) / 4)));
  steps.forEach(({ weightDecay }, i) => expect(weightDecay).toBeCloseTo(decays[i], 12));
  expect(steps[1]).toMatchObject({ totalSteps: 4, learningRate: 2e-3 });
  const at = join(folder.path, "decay");
  const lines = (await readFile(join(at, "metrics.jsonl"), "utf8")).trim().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { weightDecay: number }).weightDecay)).toEqual(
    steps.map(({ weightDecay }) => weightDecay),
  );
  const [events] = (await readdir(at)).filter((name) => name.startsWith("events.out.tfevents"));
  expect((await readFile(join(at, events), "latin1")).split("weightDecay")).toHaveLength(5);
  const plain = await train("plain", "--epochs", "1");
  expect(plain.events.filter(({ event }) => event === "step")).toHaveLength(4);
  expect(plain.stdout).not.toContain("weightDecay");
});

it("a rate is scaled by the batch where the recipe says so", async () => {
  const scaling = ["--set", "learningRate.batchScaling.rule=sqrt", "learningRate.batchScaling.baseSize=32"];
  const run = await train("scaled", "--epochs", "1", ...scaling, "learningRate.warmup=0");
  expect(run.events.find(({ event }) => event === "step")).toMatchObject({ step: 1, learningRate: 5e-4 });
});

it("a run goes on where its lengths are told otherwise and come to the same, and not where they do not", async () => {
  expect((await train("words", "--seed", "5")).code).toBe(0);
  const same = await train("words", "--seed", "5", "--set", "learningRate.warmup.steps=2", "temperature.over.epochs=2");
  expect(same).toMatchObject({ code: 0, stderr: expect.stringContaining("nothing to do") as string });
  const other = await train("words", "--seed", "5", "--set", "learningRate.warmup.steps=3");
  expect(other.code).toBe(2);
  expect(other.stderr).toContain("is of another run: recipe.learningRate.warmup.steps is 3 here and 2 there");
  const kept = join(folder.path, "words", "recipe.yaml");
  expect(other.stderr.trimEnd().endsWith(`; its recipe is ${kept}`)).toBe(true);
  expect(await train("words", "--recipe", kept)).toMatchObject({ code: 0 });
});

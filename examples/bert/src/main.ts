// Pre-trains a small BERT on two texts and fine-tunes it to tell them apart, beside the same network from scratch.
// npm start -- [--objective mlm --objective span+sbo …] [--text FILE --text FILE] [--labels 50] [--steps 1500] [--seed 0] [--out DIR]
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { curvesSvg } from "./curves.ts";
import { fineTune, freshBert, prepare, pretrainBert, type Outcome, type Report, type Settings } from "./experiment.ts";
import { objectives, type ObjectiveName } from "./objectives.ts";
import { readText } from "./texts.ts";

const own = ["1830-1860", "1930-1960"].map((name) => fileURLToPath(new URL(`../texts/${name}.txt`, import.meta.url)));
const { values } = parseArgs({
  options: {
    objective: { type: "string", multiple: true, default: ["mlm"] },
    text: { type: "string", multiple: true, default: own },
    labels: { type: "string", default: "50" },
    steps: { type: "string", default: "1500" },
    "fine-tune-steps": { type: "string", default: "200" },
    seed: { type: "string", default: "0" },
    out: { type: "string", default: "runs/bert" },
  },
});

const names = values.objective.flatMap((name) => (name === "all" ? Object.keys(objectives) : name)).map(objectiveOf);
if (values.text.length < 2)
  throw new Error(`[bert] expected --text twice or more, a file for each class, got ${values.text.length}`);
const settings: Settings = {
  seed: count("seed", 0),
  batch: 32,
  model: { length: 96, width: 96, depth: 3, heads: 4 },
  pretraining: { steps: count("steps"), peak: 2e-3 },
  fineTuning: { steps: count("fine-tune-steps"), peak: 5e-4 },
  labels: count("labels"),
};

const texts = await Promise.all(values.text.map(readText));
const experiment = prepare(texts, settings);
const backend = await createSimdBackend();
const { few, test, config } = experiment;
console.log(
  `texts: ${texts.map(({ name }) => name).join(", ")}; ${config.vocabSize} characters and special tokens; ` +
    `${few.passages.length} labeled passages of ${config.length - 1} characters, ${test.passages.length} to test on`,
);

const pretraining: { readonly name: string; readonly losses: readonly number[] }[] = [];
const outcomes: (Outcome & { readonly pretrained: boolean })[] = [];
for (const name of names) {
  const { bert, losses } = await pretrainBert(experiment, name, backend, progress("pre-training"));
  pretraining.push({ name, losses });
  const outcome = await fineTune(experiment, bert, name, progress("fine-tuning"));
  outcomes.push({ ...outcome, pretrained: true });
}
const fresh = freshBert(experiment, backend);
outcomes.push({ ...(await fineTune(experiment, fresh, "scratch", progress("fine-tuning"))), pretrained: false });
backend.dispose();

await mkdir(values.out, { recursive: true });
const written = { settings, pretraining, fineTuning: outcomes };
await writeFile(join(values.out, "curves.json"), `${JSON.stringify(written, undefined, 1)}\n`);
const hidden = pretraining.map((curve) => ({ ...curve, pretrained: true }));
await writeFile(join(values.out, "pre-training.svg"), curvesSvg("Pre-training: loss of hidden characters", hidden));
await writeFile(join(values.out, "fine-tuning.svg"), curvesSvg("Fine-tuning: pre-trained and from scratch", outcomes));
console.table(
  Object.fromEntries(
    outcomes.map(({ name, losses, accuracy }) => [
      name,
      { "loss, last tenth": lastMean(losses).toFixed(3), "test accuracy": `${(100 * accuracy).toFixed(1)} %` },
    ]),
  ),
);
console.log(`curves: ${join(values.out, "pre-training.svg")}, ${join(values.out, "fine-tuning.svg")}`);

function objectiveOf(name: string): ObjectiveName {
  if (Object.hasOwn(objectives, name)) return name as ObjectiveName;
  throw new Error(`[bert] expected --objective ${Object.keys(objectives).join(", ")} or all, got ${name}`);
}

function count(flag: "labels" | "steps" | "fine-tune-steps" | "seed", least = 1): number {
  const value = Number(values[flag]);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`[bert] expected --${flag} to be an integer of ${least} or more, got ${values[flag]}`);
}

function progress(stage: string): Report {
  return ({ name, step, steps, loss }) => {
    if ((step + 1) % 100 === 0 || step + 1 === steps) {
      console.error(`${stage} ${name}: ${step + 1}/${steps}, loss ${loss.toFixed(3)}`);
    }
  };
}

function lastMean(losses: readonly number[]): number {
  const last = losses.slice(-Math.ceil(losses.length / 10));
  return last.reduce((sum, loss) => sum + loss) / last.length;
}

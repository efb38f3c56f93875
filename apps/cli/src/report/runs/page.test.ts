// Pages of runs whose folders are made by hand: unfinished, damaged, of others, hostile.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { demoFineTune } from "@beitjs/trainers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { makeFolder } from "../../testing/run-cli.ts";
import { legendNames } from "./charts.ts";
import { openRuns } from "./open-runs.ts";
import { renderRuns } from "./page.ts";
import { figuresOfRun } from "./run-figures.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
const at = (...names: string[]) => join(folder.path, ...names);
beforeAll(async () => void (folder = await makeFolder()));
afterAll(() => folder.remove());

type Line = Readonly<Record<string, unknown>>;
const recipe = { ...demoFineTune, epochs: 2, batchSize: 10 };

// Five steps an epoch, a step every two seconds, an evaluation at the end of each epoch.
const lines = (count: number, more: (step: number) => Line = () => ({})): Line[] =>
  Array.from({ length: count }, (_, i) => {
    const step = i + 1;
    const evaluated = step % 5 === 0 ? { "val/accuracy": step / 20, "val/loss": 1 / step } : {};
    return { step, time: 1_800_000_000 + 2 * i, loss: 2 / step, epoch: step / 5, accuracy: 0.5, ...evaluated, ...more(step) };
  });

async function write(name: string, metrics: readonly Line[] | string, recipeFields: object = recipe, summary?: object) {
  await mkdir(at(name), { recursive: true });
  const text = typeof metrics === "string" ? metrics : metrics.map((line) => `${JSON.stringify(line)}\n`).join("");
  await writeFile(at(name, "metrics.jsonl"), text);
  await writeFile(at(name, "recipe.yaml"), stringify(recipeFields));
  if (summary) await writeFile(at(name, "summary.json"), JSON.stringify(summary));
  return at(name);
}

const read = async (...paths: string[]) => openRuns(paths).read();
const textOf = (page: string) => page.replace(/<style>.*<\/style>/s, "").replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");

describe("a run", () => {
  it("tells how far it is, how good and how fast, from its lines alone", async () => {
    const [run] = await read(await write("half", lines(7)));
    expect(figuresOfRun(run)).toMatchObject({
      name: "half",
      stage: "fine-tune",
      state: "stopped",
      step: 7,
      totalSteps: 10,
      epoch: 1.4,
      epochs: 2,
      metric: "accuracy",
      best: { step: 5, value: 0.25, values: { accuracy: 0.25, loss: 0.2 }, checkpoint: null },
      last: { step: 5 },
      seconds: 12,
      imagesPerSecond: 5,
      secondsLeft: null,
      began: "2027-01-15T08:00:00.000Z",
      problems: [],
    });
    const page = renderRuns([run]);
    expect(textOf(page)).toContain("stopped fine-tune Steps 7 of 10 epochs: 1.4 of 2");
    expect(page).toContain("best, step 5");
    expect(page).not.toMatch(/<script|https?:|url\(|NaN|undefined/);
  });

  it("chooses the best by averaged weights where there are some", async () => {
    const ema = (step: number): Line => (step % 5 === 0 ? { "val-ema/accuracy": 1 - step / 20, "val-ema/loss": 1 } : {});
    const [run] = await read(await write("ema", lines(10, ema)));
    expect(figuresOfRun(run).best).toMatchObject({ step: 5, value: 0.75, emaValues: { accuracy: 0.75 } });
    const page = renderRuns([run]);
    expect(textOf(page)).toContain("step 5, averaged weights");
    expect(page).toContain("validation, averaged weights</li>");
  });

  it("does not take a pause for work", async () => {
    const later = lines(10).map((line, i) => ({ ...line, time: Number(line["time"]) + (i < 5 ? 0 : 86_400) }));
    const [run] = await read(await write("pause", later));
    expect(figuresOfRun(run)).toMatchObject({ seconds: 16, imagesPerSecond: 5 });
  });

  it("names lines that are damaged, missing, doubled or not finite, and a file that is none", async () => {
    const all = lines(12).map((line) => JSON.stringify(line));
    all[2] = '{"step":3,';
    all[6] = '{"step":7,"loss":null}';
    const text = [...all.slice(0, 8), all[7], ...all.slice(10)].join("\n");
    const path = await write("damaged", text);
    await writeFile(at("damaged", "summary.json"), "{");
    const [run] = await read(path);
    expect(run.lines.map(({ step }) => step)).toEqual([1, 2, 4, 5, 6, 7, 8, 11]);
    expect(run.problems.slice(0, 5)).toEqual([
      "metrics.jsonl, line 3: not JSON",
      "metrics.jsonl: step 3 is missing",
      "metrics.jsonl: steps 9 to 10 are missing",
      "metrics.jsonl: no finite loss at step 7",
      "metrics.jsonl ends in the middle of a line",
    ]);
    expect(run.problems[5]).toContain("summary.json");
    expect(textOf(renderRuns([run]))).toContain("steps 9 to 10 are missing");
  });

  it("that has only begun says so", async () => {
    const [run] = await read(await write("begun", ""));
    const page = renderRuns([run]);
    expect(run.problems).toEqual(["metrics.jsonl: no step is recorded yet"]);
    expect(textOf(page)).toContain("No values were recorded yet.");
    const [one] = await read(await write("one", lines(1)));
    expect(renderRuns([one])).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("of another program is shown as far as it goes", async () => {
    const others = lines(4).map(({ step, time }) => ({ step, time, "<b>odd</b>": Number(step), mAP: 0.5 }));
    const page = renderRuns(await read(await write("other", others, { stage: 7, learningRate: "fast", epochs: null })));
    expect(page).toContain("&#60;b&#62;odd&#60;/b&#62;");
    expect(textOf(page)).toMatch(/mAP .*50 %/);
  });
});

describe("several runs", () => {
  it("have names in legends that are short and told apart", () => {
    const long = (end: string) => `a-name-that-is-${"very-".repeat(9)}long${end}`;
    expect(legendNames(["short", long("-1"), long("-2")])).toEqual(["short", "a-name-that-is…y-very-long-1", "a-name-that-is…y-very-long-2"]);
    const alike = [1, 2].map((number) => `the-same-beginning-${number}-the-same-end`);
    expect(legendNames(alike)).toEqual(["1: the-same-begin…-the-same-end", "2: the-same-begin…-the-same-end"]);
  });

  it("are compared: what differs, who is best, curves over one another", async () => {
    const first = await write("low", lines(10), recipe);
    const second = await write("high", lines(10, (step) => (step % 5 === 0 ? { "val/accuracy": 0.9 } : {})), {
      ...recipe,
      adamW: { ...recipe.adamW, weightDecay: 0.3 },
      ema: { decay: 0.99, warmup: true },
    });
    const page = renderRuns(await read(first, second));
    const text = textOf(page);
    expect(text).toContain("2 runs compared");
    expect(text).toContain("field low high adamW.weightDecay 0.05 0.3 ema.decay – 0.99 ema.warmup – true Curves");
    expect(page).toMatch(/<span class="top">90 %<\/span>/);
    expect(page.match(/<h3>Accuracy, validation<\/h3>/g)).toHaveLength(1);
    expect(page).not.toContain("against epochs");
  });

  it("with other batches are drawn against epochs", async () => {
    const big = lines(4).map((line) => ({ ...line, epoch: Number(line["step"]) / 2 }));
    const page = renderRuns(await read(at("low"), await write("big", big, { ...recipe, batchSize: 25 })));
    expect(page).toContain("drawn against epochs");
    expect(page).toMatch(/>\s*epoch\s*<\/text/);
  });

  it("of other stages are not set against each other", async () => {
    const tokenizer = await write("tokenizer", lines(10), { ...recipe, stage: "tokenizer" });
    const page = renderRuns(await read(at("low"), tokenizer));
    expect(textOf(page)).toContain("tokenizer is the only run of its stage.");
    expect(page).not.toContain('class="top"');
  });

  it("that are parts of one come as they were trained", async () => {
    const marked = (stage: string) => lines(3).map((line) => ({ stage, ...line }));
    await write("whole", [...marked("tokenizer"), ...marked("pretrain")]);
    await rm(at("whole", "recipe.yaml"));
    for (const part of ["pretrain", "tokenizer", "not-begun"]) await write(join("whole", part), "");
    for (const part of ["pretrain", "tokenizer", "not-begun"]) await rm(at("whole", part, "metrics.jsonl"));
    const runs = await read(at("whole"));
    expect(runs.map(({ name, lines: { length } }) => [name, length])).toEqual([
      ["tokenizer", 3],
      ["pretrain", 3],
      ["not-begun", 0],
    ]);
  });

  it("are told apart when there are more than colors", async () => {
    const paths = await Promise.all(Array.from({ length: 8 }, (_, i) => write(`many-${i}`, lines(10))));
    const page = renderRuns(await read(...paths));
    const looks = [...page.matchAll(/<span class="(swatch swatch-\d(?: dashed)?)"><\/span>many-(\d)/g)].slice(0, 8);
    expect(new Set(looks.map(([, look]) => look)).size).toBe(8);
    expect(textOf(page)).toContain("Their recipes are the same.");
  });

  it("escape whatever names and recipes say", async () => {
    const hostile = `"><img src=x onerror=alert(1)>`;
    const paths = [hostile, `</style><script>alert(2)<`].map((name) => name.replaceAll("/", "\u2215"));
    const [one, two] = [await write(paths[0], lines(3)), await write(paths[1], lines(3), { ...recipe, note: hostile })];
    const summary = { thisCall: {}, dataPath: hostile };
    await writeFile(join(two, "summary.json"), JSON.stringify(summary));
    const page = renderRuns(await read(one, two));
    expect(page).not.toMatch(/<img|<script|onerror=alert\(1\)>/);
    expect(page).toContain("&#34;&#62;&#60;img src=x onerror=alert(1)&#62;");
  });
});

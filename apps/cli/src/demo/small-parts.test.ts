// The small parts of a demo: times, metrics, figures, chosen patches, the closing table.
import { promises as files } from "node:fs";
import { join } from "node:path";
import type { Image } from "@beitjs/tensor-core/image";
import type { Beit } from "@beitjs/beit-encoder";
import type { MaskStatistics } from "@beitjs/masking";
import { demoFineTune, demoPretrain, demoScratch, demoTokenizer, pretrainingConfig } from "@beitjs/trainers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeFolder } from "../testing/run-cli.ts";
import { contrastingPatches } from "./contrasting-patches.ts";
import { emojiRecipes } from "./emoji-recipes.ts";
import { closingMean, curveOf, epochMeans, readMetrics } from "./metrics-file.ts";
import { resultTable } from "./result-table.ts";
import { shrunkDataset } from "./shrunk-dataset.ts";
import { seedScores, summarizeFineTuning, summarizePretraining } from "./summarize.ts";
import type { Yardstick } from "./summary.ts";
import { openTimes } from "./times.ts";

const demoRecipes = { tokenizer: demoTokenizer, pretrain: demoPretrain, fineTune: demoFineTune, scratch: demoScratch };

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeAll(async () => void (folder = await makeFolder()));
afterAll(() => folder.remove());

describe("times", () => {
  let clock = 0;
  const take = (milliseconds: number) => async () => void (clock += milliseconds);
  const open = () => openTimes(folder.path, () => clock);

  it("add up over calls, also of parts that were stopped", async () => {
    const first = await open();
    await first.measure("tokenizer", take(2000));
    const stopped = async () => take(500)().then(() => Promise.reject(new Error("stopped")));
    await expect(first.measure("pretrain", stopped)).rejects.toThrow("stopped");
    const second = await open();
    await second.measure("pretrain", take(1000));
    await second.measure("fine-tune-scratch-0", take(250));
    await second.measure("fine-tune-scratch-1", take(500));
    expect(second.seconds()).toEqual({ data: 0, tokenizer: 2, pretrain: 1.5, fineTune: 0.75, report: 0, total: 4.25 });
  });

  it("do not count again what was done", async () => {
    const again = await open();
    await again.measure("tokenizer", take(5000));
    expect(again.seconds().tokenizer).toBe(2);
  });

  it("start anew where the file is damaged", async () => {
    await files.writeFile(join(folder.path, "times.json"), '{"tokenizer": {"seconds": 2');
    expect((await open()).seconds().total).toBe(0);
  });
});

describe("metrics", () => {
  it("are read by stage, in order of steps, lines without the value left out", async () => {
    const lines = [
      { stage: "a", step: 2, loss: 1, test: 0.5 },
      { stage: "b", step: 1, loss: 9 },
      { stage: "a", step: 1, loss: 3 },
    ];
    await files.writeFile(
      join(folder.path, "metrics.jsonl"),
      lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
    );
    const read = await readMetrics(folder.path, "a");
    expect(curveOf(read, "loss", 2)).toEqual([
      [0.5, 3],
      [1, 1],
    ]);
    expect(curveOf(read, "test")).toEqual([[2, 0.5]]);
    expect(closingMean(read, "loss", 1)).toBe(1);
    expect(closingMean(read, "loss", 5)).toBe(2);
    expect(epochMeans(read, "loss", 1)).toEqual([
      [1, 3],
      [2, 1],
    ]);
    expect(epochMeans(read, "loss", 2)).toEqual([[1, 2]]);
  });
});

describe("figures of fine-tuning", () => {
  const scores = (seed: number, accuracy: number) => ({ seed, accuracy, top5: 0.9, trainLoss: 1, trainAccuracy: 1 });
  const summary = summarizeFineTuning(
    [
      { pretrained: scores(0, 0.7), scratch: scores(0, 0.62) },
      { pretrained: scores(1, 0.74), scratch: scores(1, 0.6) },
    ],
    demoRecipes,
    { classes: 10, testImages: 2000 },
  );

  it("are means over seeds with deviations and differences", () => {
    expect(summary.pretrained.accuracy).toBeCloseTo(0.72, 12);
    expect(summary.pretrained.standardDeviation).toBeCloseTo(0.02 * Math.SQRT2, 12);
    expect(summary.scratch.accuracy).toBeCloseTo(0.61, 12);
    expect(summary.difference.accuracy).toBeCloseTo(0.11, 12);
    expect(summary.difference.seeds[1]).toBeCloseTo(0.14, 12);
    expect(summary.labels).toBe(100);
    expect(summary.scratch.steps).toBe(demoScratch.epochs * Math.floor(100 / demoScratch.batchSize));
    expect(summary.labelsPerClass).toBe(10);
  });

  it("close with the table", () => {
    const yardstick = (name: Yardstick["name"], accuracy: number): Yardstick => ({
      name,
      accuracy,
      standardDeviation: 0,
      seeds: [accuracy],
    });
    const yardsticks = [
      yardstick("linear probe of the pre-trained", 0.66),
      yardstick("ridge regression on the pixels", 0.412),
    ];
    expect(resultTable({ fineTune: summary, yardsticks })).toBe(
      [
        "Test accuracy on 2,000 images, 10 labels a class",
        "",
        "              pre-trained   from scratch     difference",
        "  seed 0           70.0 %         62.0 %    +8.0 points",
        "  seed 1           74.0 %         60.0 %   +14.0 points",
        "  mean             72.0 %         61.0 %   +11.0 points",
        "  deviation         2.8 %          1.4 %",
        "",
        "The same labels, simpler classifiers:",
        "  linear probe of the pre-trained    66.0 %",
        "  ridge regression on the pixels     41.2 %",
      ].join("\n"),
    );
  });

  it("take training figures from the last epoch", () => {
    const lines = Array.from({ length: 80 }, (_, i) => ({
      stage: "x",
      step: i + 1,
      loss: 80 - i,
      accuracy: i < 78 ? 0 : 1,
    }));
    const { trainLoss, trainAccuracy, seed } = seedScores(
      { ...demoFineTune, seed: 4, epochs: 40 },
      {
        images: 1,
        accuracy: 0.5,
        loss: 1,
        top5: 0.6,
        confusion: [],
        classAccuracy: [],
        calibrationError: 0,
        calibration: [],
        mistakes: [],
      },
      lines,
    );
    expect([seed, trainLoss, trainAccuracy]).toEqual([4, 1.5, 1]);
  });
});

describe("figures of pre-training", () => {
  it("begin at the loss of guessing, also where a decoder predicts the tokens", () => {
    const beit = { config: pretrainingConfig(emojiRecipes.pretrain) } as Beit;
    const statistics = { meanCount: 48, stdCount: 0, grid: { rows: 8, cols: 8 } } as MaskStatistics;
    const scores = { loss: 1, accuracy: 0.5, maskedPatches: 1 };
    const summary = summarizePretraining(beit, scores, statistics, [{ stage: "pretrain", step: 1, loss: 4.86 }], {
      epochs: 1,
    });
    expect(summary.expectedStartLoss).toBeCloseTo(Math.log(128), 12);
  });
});

describe("contrastingPatches", () => {
  it("finds the patches with the most contrast, apart from each other", () => {
    const data = new Uint8Array(256).fill(90);
    const noise = (row: number, col: number, strength: number) => {
      for (let i = 0; i < 16; i++) if (i % 2 === 0) data[(row * 4 + (i >> 2)) * 16 + col * 4 + (i % 4)] += strength;
    };
    noise(0, 0, 100);
    noise(0, 1, 90); // a neighbor
    noise(3, 2, 50);
    noise(1, 3, 20);
    const image: Image = { width: 16, height: 16, channels: 1, data };
    expect(contrastingPatches(image, { rows: 4, cols: 4 }, 3)).toEqual([0, 14, 7]);
    expect(contrastingPatches(image, { rows: 1, cols: 1 }, 3)).toEqual([0]);
  });
});

describe("shrunkDataset", () => {
  it("shrinks large images once and leaves small ones alone", async () => {
    let reads = 0;
    const sizes = [200, 20];
    const dataset = shrunkDataset(
      {
        length: 2,
        classes: ["a", "b"],
        get: async (index) => {
          reads++;
          const side = sizes[index];
          return {
            image: { width: 2 * side, height: side, channels: 3, data: new Uint8Array(2 * side * side * 3).fill(9) },
            label: index,
            name: "x",
          };
        },
        label: (index) => index,
        name: () => "x",
      },
      56,
    );
    const { image, label } = await dataset.get(0);
    expect([image.width, image.height, label]).toEqual([112, 56, 0]);
    expect(await dataset.get(0)).toEqual({ image, label: 0, name: "x" });
    expect((await dataset.get(1)).image.height).toBe(20);
    expect(reads).toBe(2);
    expect(dataset.classes).toEqual(["a", "b"]);
  });
});

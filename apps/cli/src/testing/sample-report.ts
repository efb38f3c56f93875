// What a report shows, made up: every section has something, and a class has a name that would be markup.
import { maskFromCells, maskStatistics } from "@beitjs/masking";
import type { Image } from "@beitjs/tensor-core/image";
import { demoFineTune, demoPretrain, demoScratch, demoTokenizer } from "@beitjs/trainers";
import type { ClassifierSummary, DemoSummary } from "../demo/summary.ts";
import type { Point } from "../report/chart.ts";
import type { ReportData } from "../report/report-data.ts";

const nasty = `<img src=x onerror="alert('1')"> & "boot"`;
const side = 4;
const grid = { rows: side, cols: side };

const image = (seed: number): Image => ({
  width: 16,
  height: 16,
  channels: 1,
  data: Uint8Array.from({ length: 256 }, (_, i) => (i * seed) % 256),
});
const curve = (from: number, to: number): Point[] =>
  Array.from({ length: 120 }, (_, i) => [i + 1, from + ((to - from) * i) / 119]);
const masks = Array.from({ length: 8 }, (_, at) =>
  maskFromCells(
    grid,
    Array.from({ length: 16 }, (_, i) => ((i + at) % 3 === 0 ? 1 : 0)),
  ),
);

function classifier(accuracies: readonly number[]): ClassifierSummary {
  const seeds = accuracies.map((accuracy, seed) => ({ seed, accuracy, top5: 0.9, trainLoss: 0.5, trainAccuracy: 1 }));
  return {
    accuracy: accuracies.reduce((a, b) => a + b) / accuracies.length,
    standardDeviation: 0.01,
    top5: 0.9,
    steps: 300,
    seeds,
  };
}

function summaryOf({ short = false, seeds = 1 } = {}): DemoSummary {
  const pretrained = classifier(Array.from({ length: seeds }, (_, i) => 0.7 + i / 100));
  const scratch = classifier(Array.from({ length: seeds }, (_, i) => 0.6 + i / 200));
  return {
    format: "beitjs-demo",
    version: 1,
    finished: "2025-01-02T03:04:05.000Z",
    short,
    meaningful: !short,
    data: {
      path: `/photos/${nasty}`,
      kind: "idx",
      channels: 1,
      classes: [nasty, "shirt"],
      train: { images: 12000, sha256: "a".repeat(64) },
      test: { images: 2000, sha256: "b".repeat(64), heldOut: false, usedForTuning: true },
      skipped: 3,
    },
    backend: { name: "simd", build: "base", threads: 2, reason: "two processors" },
    environment: {
      beit: "0.0.0",
      node: "20.20.0",
      platform: "linux x64",
      processor: "Some CPU",
      processors: 2,
      memoryBytes: 2 ** 33,
    },
    seeds: { tokenizer: 0, pretrain: 0, fineTune: pretrained.seeds.map(({ seed }) => seed) },
    recipes: { tokenizer: demoTokenizer, pretrain: demoPretrain, fineTune: demoFineTune, scratch: demoScratch },
    tokenizer: {
      parameters: 100_000,
      steps: 1500,
      loss: 0.05,
      meanAbsoluteError: 0.1234,
      perplexity: 71.5,
      used: 99,
      vocabSize: 128,
      warning: `collapse ${nasty}`,
    },
    pretrain: {
      parameters: 200_000,
      steps: 1800,
      expectedStartLoss: Math.log(128),
      startLoss: 4.86,
      trainLoss: 2.4,
      trainAccuracy: 0.31,
      loss: 2.3,
      accuracy: 0.33,
      masks: {
        meanCount: 5.3,
        standardDeviation: 0.5,
        smallestCount: 5,
        largestCount: 6,
        meanRatio: 0.33,
        adjacentShare: 0.2,
      },
    },
    fineTune: {
      labelsPerClass: 10,
      labels: 20,
      testImages: 2000,
      pretrained,
      scratch,
      difference: {
        accuracy: pretrained.accuracy - scratch.accuracy,
        seeds: pretrained.seeds.map(({ accuracy }, i) => accuracy - scratch.seeds[i].accuracy),
      },
    },
    yardsticks: [
      { name: "linear probe of the pre-trained", accuracy: 0.66, standardDeviation: 0, seeds: [0.66] },
      { name: "ridge regression on the pixels", accuracy: 0.412, standardDeviation: 0, seeds: [0.412] },
    ],
    seconds: { data: 1, tokenizer: 80, pretrain: 200, fineTune: 120, report: 2, total: 403 },
  };
}

export function sampleReport(options: { readonly short?: boolean; readonly seeds?: number } = {}): ReportData {
  const points = { train: curve(0.1, 1), test: curve(0.1, 0.7) };
  return {
    summary: summaryOf(options),
    grid,
    curves: {
      tokenizer: {
        reconstruction: curve(0.6, 0.1),
        kl: curve(0, 2),
        perplexity: curve(2, 70),
        testPerplexity: points.test,
      },
      pretrain: {
        loss: curve(4.85, 2.4),
        accuracy: curve(0.01, 0.3),
        testLoss: points.test,
        testAccuracy: points.test,
      },
      fineTune: { pretrained: points, scratch: points },
    },
    reconstructions: [3, 5].map((seed) => ({
      name: nasty,
      original: image(seed),
      restored: image(seed + 1),
      visualTokens: Array.from({ length: 16 }, (_, i) => (i * seed) % 128),
    })),
    codebook: [7, 90].map((id) => ({ id, share: id / 1000, image: image(id) })),
    restorations: [
      { name: nasty, original: image(3), mask: masks[0], restored: image(4), tokenized: image(5), right: 2 },
    ],
    attention: [
      {
        name: nasty,
        image: image(9),
        queries: [
          {
            patch: 5,
            heads: [new Float32Array(16).fill(1 / 17), Float32Array.from({ length: 16 }, (_, i) => i / 200)],
          },
        ],
      },
    ],
    masks: { statistics: maskStatistics(masks), samples: masks },
  };
}

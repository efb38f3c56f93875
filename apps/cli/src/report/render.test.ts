// The page from synthetic data: whole, self-contained, readable by a screen reader, and safe with any name.
import { describe, expect, it } from "vitest";
import { maskFromCells, maskStatistics } from "@beitjs/masking";
import type { Image } from "@beitjs/tensor-core/image";
import { demoFineTune, demoPretrain, demoScratch, demoTokenizer } from "@beitjs/trainers";
import type { ClassifierSummary, DemoSummary } from "../demo/summary.ts";
import type { Point } from "./chart.ts";
import type { ReportData } from "./report-data.ts";
import { renderReport } from "./render.ts";

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
    seconds: { data: 1, tokenizer: 80, pretrain: 200, fineTune: 120, report: 2, total: 403 },
  };
}

function sample(options: { readonly short?: boolean; readonly seeds?: number } = {}): ReportData {
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

// Names of elements that are opened and never closed, or closed and never opened.
function unbalanced(page: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  const empty = new Set(["img", "meta", "link", "br"]);
  for (const [tag, closing, name] of page
    .replace(/<!doctype html>/, "")
    .matchAll(/<(\/?)([a-z][a-z0-9]*)\b(?:"[^"]*"|[^">])*>/gi)) {
    if (empty.has(name) || tag.endsWith("/>")) continue;
    if (closing === "") open.push(name);
    else if (open.pop() !== name) wrong.push(name);
  }
  return [...wrong, ...open];
}

describe("renderReport", () => {
  it("is one well-formed page with every section, under 2 MB", async () => {
    const page = await renderReport(sample());
    expect(page).toMatch(/^<!doctype html>\s*<html lang="en">/);
    expect(unbalanced(page)).toEqual([]);
    for (const heading of [
      "Pre-trained against from scratch",
      "How training went",
      "Visual tokens",
      "Originals beside reconstructions",
      "The visual-token grid",
      "Masked input and what the model restores",
      "Attention",
      "The masks",
      "This run",
    ]) {
      expect(page).toMatch(new RegExp(`<h[23]>${heading}</h[23]>`));
    }
    for (const target of page.matchAll(/href="#([^"]+)"/g)) expect(page).toContain(`id="${target[1]}"`);
    expect(page.match(/href="#/g)).toHaveLength(7);
    expect(page.length).toBeLessThan(2e6);
    expect(page).not.toMatch(/undefined|NaN|\[object/);
  });

  it("asks for nothing: no script, no address outside the page", async () => {
    const page = await renderReport(sample());
    expect(page).not.toMatch(/<script|<iframe|<object|@import|url\((?!#)/);
    const addresses = [...page.matchAll(/\s(?:src|href|srcset|data|action|poster|xlink:href)="([^"]*)"/g)].map(
      (found) => found[1],
    );
    expect(addresses.length).toBeGreaterThan(15);
    for (const address of addresses) expect(address).toMatch(/^(#|data:image\/png;base64,|data:,$)/);
    expect(page).not.toMatch(/\bhttps?:/);
  });

  it("shows names as they are and lets none of them become markup", async () => {
    const page = await renderReport(sample());
    expect(page).not.toContain("<img src=x");
    expect(page).not.toContain(`onerror="`);
    expect(page).toContain("&#60;img src=x onerror=&#34;alert(&#39;1&#39;)&#34;&#62; &#38; &#34;boot&#34;");
  });

  it("gives every picture a text alternative", async () => {
    const page = await renderReport(sample());
    const images = page.match(/<img\b[^>]*>/g) ?? [];
    expect(images).toHaveLength(2 * 2 + 2 * 1 + 2 + 4 + 3);
    for (const tag of images) expect(tag).toMatch(/ alt="[^"]+"/);
    for (const tag of page.match(/<svg\b[^>]*>/g) ?? []) expect(tag).toMatch(/role="img"\s+aria-label="[^"]+"/);
  });

  it("draws the start of the loss at ln V and the masked ratio", async () => {
    const page = await renderReport(sample());
    expect(page).toContain(">ln 128</text>");
    expect(page).toContain("ln 128 = 4.852");
    expect(page).toContain(`${((100 * maskStatistics(masks).meanCount) / 16).toFixed(1)} %`);
  });

  it("has light and dark colors and fits a phone", async () => {
    const page = await renderReport(sample());
    expect(page).toContain("prefers-color-scheme:dark");
    expect(page).toContain('name="viewport" content="width=device-width, initial-scale=1"');
    expect(page).toContain("image-rendering:pixelated");
  });

  it("says of a short run that its figures mean nothing, and of others not", async () => {
    expect(await renderReport(sample({ short: true }))).toMatch(/figures\s+mean\s+nothing/);
    expect(await renderReport(sample())).not.toMatch(/figures\s+mean\s+nothing/);
  });

  it("tells the schedules where they differ", async () => {
    const data = sample();
    const { epochs, batchSize } = demoScratch;
    expect(await renderReport(data)).toContain(`from scratch ${epochs} epochs in batches of ${batchSize}`);
    const recipes = { ...data.summary.recipes, scratch: { ...demoFineTune, seed: 9 } };
    const same = await renderReport({ ...data, summary: { ...data.summary, recipes } });
    expect(same).toMatch(/with the same\s+schedule\./);
  });

  it("lists the seeds when there are several", async () => {
    const page = await renderReport(sample({ seeds: 3 }));
    expect(page).toContain("mean of 3 seeds");
    expect(page.match(/<th scope="row">Seed \d<\/th>/g)).toHaveLength(3);
    expect(page).toContain("Standard deviation over seeds");
    expect(page).toContain("+10.5 points");
    expect(await renderReport(sample())).not.toContain("Standard deviation over seeds");
  });

  it("works for color images and says when test images were set aside", async () => {
    const data = sample();
    const colored = { ...image(3), channels: 3 as const, data: Uint8Array.from({ length: 768 }, (_, i) => i % 256) };
    const summary = {
      ...data.summary,
      data: { ...data.summary.data, test: { ...data.summary.data.test, heldOut: true } },
    };
    const page = await renderReport({
      ...data,
      summary,
      restorations: [{ ...data.restorations[0], original: colored, restored: colored, tokenized: colored }],
      attention: [{ ...data.attention[0], image: colored }],
    });
    expect(page).toContain("set aside from the training images");
    expect(unbalanced(page)).toEqual([]);
  });
});

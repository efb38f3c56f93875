import { describe, expect, it } from "vitest";
import { gemmRows } from "./gemm/suite.ts";
import { opsRows } from "./ops/suite.ts";
import { formatJson, formatTable, type Report } from "./report.ts";
import type { TrainResult } from "./train/settings.ts";
import { ratiosTo, trainProblems, trainRow } from "./train/summary.ts";

const mebibyte = 2 ** 20;
const result = (times: number[], other: Partial<TrainResult> = {}): TrainResult => ({
  times,
  cpuTimes: times.map((time) => time / 2),
  losses: [9.03, 8.9, 8.5],
  peakRssBytes: 100 * mebibyte,
  ...other,
});

describe("the train suite", () => {
  const ours = [result([100, 120, 110], { engineBytes: 50 * mebibyte }), result([90, 100])];
  const peer = [result([1000, 1100, 1200]), result([1900], { peakRssBytes: 300 * mebibyte })];

  it("gives medians over rounds, best times, spread and peaks", () => {
    expect(trainRow("simd-base-1", ours)).toEqual({
      contestant: "simd-base-1",
      medianMs: 102.5,
      bestMs: 90,
      spread: 0.146,
      medianCpuMs: 51.25,
      roundMediansMs: [110, 95],
      steps: 5,
      firstLoss: 9.03,
      lastLoss: 8.5,
      peakRssMiB: 100,
      engineMiB: 50,
      fallbacks: [],
    });
    expect(trainRow("peer", peer)).toMatchObject({ medianMs: 1500, peakRssMiB: 300, engineMiB: null });
  });

  it("gives ratios to the baselines that ran", () => {
    const results = new Map([
      ["simd-base-1", ours],
      ["peer", peer],
    ]);
    expect(ratiosTo(["simd-base-1", "simd-relaxed-1"], results, ({ times }) => times)).toEqual({
      "simd-base-1": { peer: 15 },
    });
  });

  it("does not believe a contestant that does something else", () => {
    expect(trainProblems("peer", ours, 8192)).toEqual([]);
    expect(trainProblems("peer", [result([1], { losses: [8.1, 8] })], 8192)).toEqual([
      "peer: expected a first loss near 9.011, got 8.1",
    ]);
    expect(trainProblems("peer", [result([1], { losses: [NaN, 8] })], 8192)).toHaveLength(1);
    expect(trainProblems("peer", [result([1], { losses: [9.01, 9.02] })], 8192)).toEqual([
      "peer: expected a loss that falls from 9.010, got 9.02",
    ]);
    expect(trainProblems("simd", [result([1], { fallbacks: ["Gelu"] })], 8192)).toEqual([
      "simd: expected kernels for all ops, Gelu ran as references",
    ]);
  });
});

it("the gemm suite puts the ceiling above its products", () => {
  const product = { name: "linear NT", shape: "1x2x3", build: "base", threads: 2 } as const;
  const rounds = [
    { ceiling: 40, rows: [{ ...product, medianMs: 3, bestMs: 2, gflops: 40 }] },
    { ceiling: 30, rows: [{ ...product, medianMs: 5, bestMs: 4, gflops: 20 }] },
  ];
  const [ceiling, row] = gemmRows({ name: "simd-base-2", build: "base", threads: 2 }, rounds, 40);
  expect(ceiling).toMatchObject({ name: "ceiling", gflops: 80, ofCeiling: 1 });
  expect(row).toMatchObject({ name: "linear NT", medianMs: 4, bestMs: 2, gflops: 40, spread: 0.5, ofCeiling: 0.5 });
});

it("the ops suite accounts for the whole step", () => {
  const kernels = [
    { name: "Gelu", milliseconds: 1, calls: 4 },
    { name: "Linear", milliseconds: 6, calls: 18 },
  ];
  const rows = opsRows("simd-base-1", [{ total: 10, kernels, fallbacks: [] }]);
  expect(rows.map(({ name, medianMs, share, calls }) => [name, medianMs, share, calls])).toEqual([
    ["whole step", 10, 1, null],
    ["Linear", 6, 0.6, 18],
    ["Gelu", 1, 0.1, 4],
    ["between kernels", 3, 0.3, null],
  ]);
});

describe("a report", () => {
  const report: Report = {
    suite: "train",
    date: "2026-01-02T03:04:05.000Z",
    rounds: 2,
    machine: { cpu: "A CPU", processors: 2, memoryGiB: 8, platform: "linux-x64", load: 0.5 },
    versions: { node: "20.20.2" },
    settings: { batch: 16 },
    columns: [
      { key: "contestant", title: "contestant" },
      { key: "medianMs", title: "median ms", digits: 1 },
      { key: "engineMiB", title: "engine MiB" },
    ],
    rows: [
      { contestant: "simd-base-1", medianMs: 102.46, engineMiB: 50, losses: [9, 8] },
      { contestant: "peer", medianMs: 1500, engineMiB: null, losses: [9, 8] },
    ],
    ratios: { wall: { "simd-base-1": { peer: 15 } } },
    skipped: [{ name: "torch", reason: "no Python named" }],
    problems: ["peer: something"],
  };

  it("is a table with right-aligned figures", () => {
    expect(formatTable(report)).toBe(
      [
        "train, 2 rounds, 2026-01-02T03:04:05.000Z",
        "A CPU, 2 processors, 8 GiB, linux-x64, load 0.5",
        "node 20.20.2",
        "",
        "contestant   median ms  engine MiB",
        "simd-base-1      102.5          50",
        "peer            1500.0           -",
        "",
        "wall, times simd-base-1: peer 15",
        "skipped torch: no Python named",
        "PROBLEM: peer: something",
      ].join("\n"),
    );
  });

  it("is one JSON document with everything but the columns", () => {
    const { columns, ...everything } = report;
    expect(columns).toHaveLength(3);
    expect(JSON.parse(formatJson(report))).toEqual(everything);
  });
});

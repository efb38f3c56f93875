// The page's generator, on results made up for it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../processes.ts";
import type { Row } from "../report.ts";
import { goalsTable } from "./goals.ts";
import { column, fill, table } from "./markdown.ts";
import { contestantsPlot, sweepPlot, sweepPoints } from "./plots.ts";
import type { SavedReport, SavedRun } from "./results.ts";
import { machinePart, suitePart } from "./tables.ts";

const report = (more: Partial<SavedReport>): SavedReport => ({
  suite: "tokenizer",
  date: "2026-01-02T03:04:05.000Z",
  rounds: 3,
  machine: { cpu: "A processor", processors: 2, memoryGiB: 8, platform: "linux-x64", load: 0.1 },
  settings: {},
  rows: [],
  ratios: {},
  skipped: [],
  problems: [],
  versions: { node: "20.1.0", v8: "11" },
  ...more,
});

const tokenizer = report({
  rows: [
    { contestant: "ort-web-1", medianMs: 3500, firstQuartileMs: 3400, thirdQuartileMs: 3600 },
    { contestant: "simd-base-1", medianMs: 1000, firstQuartileMs: 900, thirdQuartileMs: 1100, ofCeiling: 0.9 },
  ],
  ratios: { wall: { "simd-base-1": { "ort-web-1": 3.5, "simd-base-2": 0.5 } } },
  skipped: [{ name: "jax", reason: "not installed" }],
});
const run = (reports: SavedRun["reports"]): SavedRun => ({ engine: "Node 20", reports });
const lineOf = (text: string, start: string) => text.split("\n").find((line) => line.startsWith(`| ${start}`));

describe("the page", () => {
  it("has a part for everything that is generated", () => {
    const page = readFileSync(join(root, "docs/benchmarks.md"), "utf8");
    const names = ["machine", "goals", "tokenizer", "encoder", "sweep", "folder", "masking", "train"];
    const filled = fill(page, Object.fromEntries(names.map((name) => [name, `new ${name}`])));
    for (const name of names) expect(filled).toContain(`<!-- ${name} -->\n\nnew ${name}\n\n<!-- /${name} -->`);
  });

  it("refuses a part that the page lacks", () => {
    expect(() => fill("<!-- a --> <!-- /a -->", { b: "" })).toThrow("[fill] expected a part <!-- b -->");
  });

  it("lays tables out in Markdown, numbers to the right", () => {
    const text = table(
      [column("name", "name"), column("ms", "ms", 1)],
      [
        { name: "a", ms: 1.25 },
        { name: "b", ms: null },
      ],
    );
    expect(text).toBe("| name | ms |\n| --- | --: |\n| a | 1.3 |\n| b | - |");
  });
});

describe("tables", () => {
  it("show a suite, fastest first, with times of ours, and who is missing", () => {
    const text = suitePart("tokenizer", [run(new Map([["tokenizer", tokenizer]]))]);
    expect(text).toContain("Node 20, 2026-01-02, 3 rounds");
    expect(text.indexOf("| simd-base-1 | 1000 | 900 to 1100 |")).toBeGreaterThan(0);
    expect(text.indexOf("| simd-base-1")).toBeLessThan(text.indexOf("| ort-web-1"));
    expect(lineOf(text, "ort-web-1")).toContain("| 3.50 |");
    expect(text).toContain("- without jax: not installed");
    expect(suitePart("encoder", [run(new Map([["tokenizer", tokenizer]]))])).toBe("Not measured yet.");
  });

  it("name machine and versions once", () => {
    const text = machinePart([
      run(
        new Map([
          ["tokenizer", tokenizer],
          ["encoder", tokenizer],
        ]),
      ),
    ]);
    expect(text).toBe("- A processor, 2 processors, 8 GiB, linux-x64\n- node 20.1.0, v8 11");
  });

  it("put what was reached beside the goals, more threads as how many times as fast", () => {
    const text = goalsTable([run(new Map([["tokenizer", tokenizer]]))]);
    expect(lineOf(text, "tokenizer, against onnxruntime-web")).toContain("3.50 (3.5), Node 20 | - (4.5)");
    expect(lineOf(text, "tokenizer, 2 threads")).toContain("2.00 (1.7), Node 20");
    expect(lineOf(text, "blockwise masks")).toContain("- (100)");
  });
});

describe("plots", () => {
  const rows: Row[] = [
    { network: "encoder", contestant: "simd-base-1", batch: 2, imageSize: 224, medianMs: 20 },
    { network: "encoder", contestant: "simd-base-1", batch: 1, imageSize: 224, medianMs: 10 },
    { network: "encoder", contestant: "simd-base-1", batch: 1, imageSize: 112, medianMs: 3 },
  ];

  it("take of a sweep what belongs to their axis", () => {
    expect(sweepPoints(rows, "batch")).toEqual([
      [1, 10],
      [2, 20],
    ]);
    expect(sweepPoints(rows, "pixels")).toEqual([
      [12.544, 3],
      [50.176, 10],
    ]);
  });

  it("are SVG with everybody's name", () => {
    const bars = contestantsPlot(tokenizer, "Tokenizer");
    expect(bars).toMatch(/^<svg/);
    expect(bars).toContain("ort-web-1");
    expect(sweepPlot(report({ rows }), "encoder", "batch")).toContain("simd-base-1");
  });
});

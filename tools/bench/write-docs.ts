// Saved results to docs/benchmarks.md and its plots:
// node --import jiti/register tools/bench/write-docs.ts FOLDER [FOLDER ...], a folder of `--save` for every engine, oldest
// first. What was not measured keeps its part; goals and machine change where everything was.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import type { SuiteName } from "./arguments.ts";
import { goalsTable } from "./docs/goals.ts";
import { fill } from "./docs/markdown.ts";
import { contestantsPlot, curvesPlot, sweepPlot } from "./docs/plots.ts";
import { readRun, type SavedRun } from "./docs/results.ts";
import { machinePart, suitePart } from "./docs/tables.ts";
import { root } from "./processes.ts";

const suites: readonly SuiteName[] = ["tokenizer", "encoder", "sweep", "folder", "masking", "train", "curves"];
const docs = join(root, "docs");
const page = join(docs, "benchmarks.md");

const folders = process.argv.slice(2);
if (folders.length === 0) {
  process.stderr.write("usage: node --import jiti/register tools/bench/write-docs.ts FOLDER [FOLDER ...]\n");
  process.exitCode = 2;
} else await writeDocs(folders.map(readRun));

async function writeDocs(runs: readonly SavedRun[]): Promise<void> {
  const measured = suites.filter((suite) => runs.some(({ reports }) => reports.has(suite)));
  const parts = Object.fromEntries(
    measured.map((suite) => [suite, [suitePart(suite, runs), ...plotsOf(suite, runs)].join("\n\n")]),
  );
  const all = measured.length === suites.length && { machine: machinePart(runs), goals: goalsTable(runs) };
  const text = fill(readFileSync(page, "utf8"), { ...all, ...parts });
  writeFileSync(page, await format(text, { ...(await resolveConfig(page)), parser: "markdown" }));
}

/** Draws the plots of a suite; gives what shows them on the page. */
function plotsOf(suite: SuiteName, runs: readonly SavedRun[]): string[] {
  mkdirSync(docs, { recursive: true });
  return runs.flatMap(({ engine, reports }) => {
    const report = reports.get(suite);
    if (!report) return [];
    const save = (name: string, alt: string, svg: string): string => {
      const file = `benchmarks-${name}-${engine.toLowerCase().replaceAll(" ", "")}.svg`;
      writeFileSync(join(docs, file), svg);
      return `![${alt}](${file})`;
    };
    if (suite === "tokenizer" || suite === "encoder") {
      const title = `${suite}, one image, ${engine}`;
      return [save(suite, `Time of the ${suite} for one image, by contestant`, contestantsPlot(report, title))];
    }
    if (suite === "curves") return [save("curves", "Losses by step", curvesPlot(report, "loss by step"))];
    if (suite !== "sweep") return [];
    return (["tokenizer", "encoder"] as const).flatMap((network) =>
      (["batch", "pixels"] as const).map((axis) =>
        save(`${network}-${axis}`, `Time of the ${network} against ${axis}`, sweepPlot(report, network, axis)),
      ),
    );
  });
}

// A page on one run, or on several over one another; with --json the figures of it.
import { promises as files } from "node:fs";
import type { Context, FlagValues } from "../program/command.ts";
import { exitCodes, usageError } from "../program/exit-codes.ts";
import { printable } from "../program/printable.ts";
import { otherDifferences, recipeDifferences } from "../report/runs/differences.ts";
import { openRuns } from "../report/runs/open-runs.ts";
import { generator, renderRuns } from "../report/runs/page.ts";
import { figuresOfRun, type RunFigures } from "../report/runs/run-figures.ts";
import { stateInWords, valueInWords } from "../report/runs/tables.ts";
import { writeResult } from "../runs/folder.ts";
import type { reportFlags } from "./declarations/report.ts";

export async function run(
  { runs: paths, out }: FlagValues<typeof reportFlags>,
  { terminal }: Context,
): Promise<number> {
  await refuseOther(out);
  const runs = await openRuns(paths).read();
  const figures = runs.map(figuresOfRun);
  await writeResult(out, renderRuns(runs));
  for (const one of figures) {
    terminal.result(lineOf(one));
    for (const problem of one.problems) terminal.warn(`${printable(one.name)}: ${printable(problem)}`);
  }
  terminal.event("report", {
    out,
    runs: figures,
    differences: runs.length > 1 ? [...recipeDifferences(runs), ...otherDifferences(runs)] : [],
  });
  terminal.info(`page: ${out}`);
  return exitCodes.done;
}

function lineOf(run: RunFigures): string {
  const { name, stage, step, totalSteps, metric, best, training } = run;
  const steps = totalSteps === null ? `${step} steps` : `${step} of ${totalSteps} steps`;
  const scores = [
    ...("loss" in training ? [`loss ${valueInWords("loss", training["loss"])}`] : []),
    ...(best && metric !== null ? [`best val ${metric} ${valueInWords(metric, best.value)} at step ${best.step}`] : []),
  ];
  return printable([`${name}: ${stage ?? "unknown stage"}, ${stateInWords(run)}`, steps, ...scores].join(", "));
}

// The demo's page, or somebody's own, is not written over.
async function refuseOther(out: string): Promise<void> {
  const there = await files.readFile(out, "utf8").catch(() => undefined);
  if (there === undefined || there === "" || there.includes(`name="generator" content="${generator}"`)) return;
  throw usageError(`--out ${out}: expected a new file or a page of beit report, got another file; take another name`);
}

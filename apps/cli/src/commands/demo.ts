// `beit demo`: the main job from one command, on the images that come with the program or on others.
import { openBackend } from "../backends/open.ts";
import type { FlagValues, Context } from "../program/command.ts";
import { resultTable } from "../demo/result-table.ts";
import { runDemo } from "../demo/run-demo.ts";
import { exitCodes } from "../program/exit-codes.ts";
import { inRunFolder } from "../runs/folder.ts";
import { formatDuration } from "../program/terminal.ts";
import type { demoFlags } from "./declarations/demo.ts";

export async function run(
  {
    data,
    out,
    seeds,
    short,
    skipBad,
    classesAreFolders,
    bits,
    colorProfile,
    takeOver,
    ...flags
  }: FlagValues<typeof demoFlags>,
  context: Context,
): Promise<number> {
  const { terminal } = context;
  const { summary, reportPath, summaryPath } = await inRunFolder(out, { takeOver }, context, async () => {
    const { backend, facts } = await openBackend(flags, context);
    return runDemo(
      { data, out, seeds, short, skipBad, classesAreFolders, bits, colorProfile },
      { backend, facts },
      context,
    );
  });
  terminal.info(`done in ${formatDuration(summary.seconds.total)}`);
  if (short) terminal.warn("a short run: the figures mean nothing");
  terminal.result(["", ...resultTable(summary).split("\n"), "", `figures: ${summaryPath}`, `report:  ${reportPath}`]);
  terminal.event("result", {
    fineTune: summary.fineTune,
    seconds: summary.seconds,
    summary: summaryPath,
    report: reportPath,
  });
  return exitCodes.done;
}

// `beit demo`: the main job from one command, on the images that come with the program or on others.
import { backendFlags, openBackend } from "../backends/open.ts";
import { defineCommand, integer, toggle } from "../program/command.ts";
import { shippedData } from "../demo/data.ts";
import { resultTable } from "../demo/result-table.ts";
import { exitCodes } from "../program/exit-codes.ts";
import { inRunFolder } from "../runs/folder.ts";
import { formatDuration } from "../program/terminal.ts";

export const demoCommand = defineCommand({
  name: "demo",
  summary: "run the whole loop: tokenizer, pre-training, few-label fine-tuning against from scratch, report",
  example: "beit demo --seeds 3 --out runs/demo-3",
  flags: {
    data: {
      value: "dir",
      description: "labeled images as for train-tokenizer (default: 14,000 of Fashion-MNIST, which come along)",
      fallback: undefined as string | undefined,
    },
    out: { value: "dir", description: "run folder; a demo that was stopped goes on in it", fallback: "runs/demo" },
    seeds: integer(
      "count",
      "fine-tune that many pairs, with other labels and other starts; tokenizer and pre-training are made once",
      1,
      1,
    ),
    short: toggle("a few hundred images and an epoch or two, to see that everything works; the figures mean nothing"),
    skipBad: toggle("set images aside that cannot be read, instead of stopping"),
    ...backendFlags,
  },
  run: async ({ data = shippedData, out, seeds, short, skipBad, ...flags }, context) => {
    const { terminal } = context;
    const { runDemo } = await import("../demo/run-demo.ts"); // the chart library takes a moment to load
    const { summary, reportPath, summaryPath } = await inRunFolder(out, context, async () => {
      const { backend, facts } = await openBackend(flags, context);
      return runDemo({ data, out, seeds, short, skipBad }, { backend, facts }, context);
    });
    terminal.info(`done in ${formatDuration(summary.seconds.total)}`);
    if (short) terminal.warn("a short run: the figures mean nothing");
    terminal.result(`\n${resultTable(summary)}\n\nfigures: ${summaryPath}\nreport:  ${reportPath}`);
    terminal.event("result", {
      fineTune: summary.fineTune,
      seconds: summary.seconds,
      summary: summaryPath,
      report: reportPath,
    });
    return exitCodes.done;
  },
});

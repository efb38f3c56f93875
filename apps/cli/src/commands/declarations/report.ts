// `beit report`: what it is called and takes.
import { defaulted, defineCommand, list } from "../../program/command.ts";

export const reportFlags = {
  runs: list("run", "run folders, or folders of runs; of several, what differs and curves over one another", {
    required: true,
  }),
  out: defaulted("file.html", "the page", "report.html"),
};

export const reportCommand = defineCommand({
  name: "report",
  group: "study",
  summary: "Write a page on a run, finished or not, or one that compares several",
  example: "beit report runs/finetune runs/scratch --out compared.html",
  argument: "runs",
  flags: reportFlags,
  load: () => import("../report.ts"),
});

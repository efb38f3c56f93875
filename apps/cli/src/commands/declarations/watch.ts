// `beit watch`: what it is called and takes.
import { defineCommand, list, range } from "../../program/command.ts";

export const watchFlags = {
  runs: list("run", "run folders, or folders of runs", { required: true }),
  port: range("number", "port on 127.0.0.1 (default: 4180, or the next that is free)", 1, 65535),
};

export const watchCommand = defineCommand({
  name: "watch",
  group: "study",
  summary: "Show runs in a page that follows them while they train, on this machine alone",
  example: "beit watch runs/finetune",
  argument: "runs",
  flags: watchFlags,
  stopping: "stopping; the runs go on",
  load: () => import("../watch.ts"),
});

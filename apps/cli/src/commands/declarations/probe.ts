// `beit probe`: what it is called and takes.
import { layersFlag, probedFlags, ratesFlag } from "../../probes/flags.ts";
import { choice, defineCommand, integer } from "../../program/command.ts";

export const probeFlags = {
  ...probedFlags,
  layers: layersFlag("all"),
  method: choice(
    ["regression", "sgd"],
    "regression: exact, of features seen once; sgd: the paper's, another random view of every image each epoch",
    "regression",
  ),
  epochs: integer("count", "with --method sgd: times that every image is seen (default: 10; the paper: 50)", 1),
  rates: ratesFlag,
};

export const probeCommand = defineCommand({
  name: "probe",
  group: "study",
  summary: "Measure what each block's features are worth to a linear classifier",
  example: "beit probe runs/pretrain --data photos --baselines",
  argument: "model",
  flags: probeFlags,
  load: () => import("../probe.ts"),
});

// `beit probe`: what it is called and takes.
import { layersFlag, probedFlags } from "../../probes/flags.ts";
import { defineCommand } from "../../program/command.ts";

export const probeFlags = { ...probedFlags, layers: layersFlag("all") };

export const probeCommand = defineCommand({
  name: "probe",
  group: "study",
  summary: "Measure what each block's features are worth to a linear classifier",
  example: "beit probe runs/pretrain --data photos --baselines",
  argument: "model",
  flags: probeFlags,
  load: () => import("../probe.ts"),
});

// `beit knn`: what it is called and takes.
import { layersFlag, probedFlags } from "../../probes/flags.ts";
import { defineCommand, integer, positive } from "../../program/command.ts";

export const knnFlags = {
  ...probedFlags,
  layers: layersFlag("middle"),
  k: integer("count", "how many of the most similar images vote", 1, 20),
  temperature: positive("number", "how much a more similar one counts for more (default: 0.07)"),
};

export const knnCommand = defineCommand({
  name: "knn",
  group: "study",
  summary: "Measure a model's features by the classes of their nearest neighbors",
  example: "beit knn runs/pretrain --data photos",
  argument: "model",
  flags: knnFlags,
  load: () => import("../knn.ts"),
});

// `beit recipes`: what it is called and takes.
import { defineCommand } from "../../program/command.ts";

export const recipesCommand = defineCommand({
  name: "recipes",
  group: "train",
  summary: "List the recipes: what for, which model, on what data, how long, with what result",
  example: "beit recipes",
  flags: {},
  load: () => import("../recipes.ts"),
});

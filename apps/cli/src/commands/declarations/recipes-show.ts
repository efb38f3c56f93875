// `beit recipes show`: what it is called and takes.
import { channelsFlag } from "../../images/flags.ts";
import { defineCommand, required } from "../../program/command.ts";
import { changeFlags, recipeNames } from "../../runs/flags.ts";

export const recipesShowFlags = {
  recipe: required("name|file", `a recipe: ${recipeNames.join(", ")}, or a YAML or JSON file`),
  channels: channelsFlag,
  ...changeFlags,
};

export const recipesShowCommand = defineCommand({
  name: "recipes show",
  group: "train",
  summary: "Print a recipe as YAML, complete, for --recipe",
  example: "beit recipes show pretrain-small --epochs 20",
  argument: "recipe",
  flags: recipesShowFlags,
  load: () => import("../recipes-show.ts"),
});

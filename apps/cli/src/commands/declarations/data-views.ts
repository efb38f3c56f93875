// `beit data views`: what it is called and takes.
import { forceFlags } from "../../files/flags.ts";
import { channelsFlag, classFlags, dataFlag, decodingFlags, listFlags } from "../../images/flags.ts";
import { mostRows } from "../../pictures/most-rows.ts";
import { defaulted, defineCommand, range, required } from "../../program/command.ts";
import { changeFlags, recipeNames } from "../../runs/flags.ts";

export const dataViewsFlags = {
  data: dataFlag,
  recipe: defaulted("name|file", `a recipe: ${recipeNames.join(", ")}, or a YAML or JSON file`, "fine-tune-base"),
  count: range(`1 to ${mostRows}`, "images, a row each: those that come first in a run (default: 8)", 1, mostRows),
  out: required("file.png", "where the sheet is written"),
  ...forceFlags,
  ...classFlags,
  ...listFlags,
  ...decodingFlags,
  channels: channelsFlag,
  ...changeFlags,
};

export const dataViewsCommand = defineCommand({
  name: "data views",
  group: "data",
  summary: "Draw what a recipe's augmentation makes of images: crops, colors, erasing, mixing",
  example: "beit data views photos --recipe fine-tune-base --out sheet.png",
  argument: "data",
  flags: dataViewsFlags,
  load: () => import("../data-views.ts"),
});

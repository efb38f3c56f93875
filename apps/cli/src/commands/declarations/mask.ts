// `beit mask`: what it is called and takes.
import { forceFlags } from "../../files/flags.ts";
import { decodingFlags } from "../../images/flags.ts";
import { hidingFlags, maskFlag } from "../../masked/flags.ts";
import { defineCommand, imageSize, integer, optional } from "../../program/command.ts";

export const maskFlags = {
  mask: maskFlag("all kinds, one after another"),
  ...hidingFlags,
  grid: imageSize("patches, 14 or 24x40 (rows x columns; default: 14)", "patches"),
  masks: integer("count", "masks of a kind, for the statistics", 1, 2000),
  image: optional("file", "an image that the masks are drawn over"),
  out: optional("file.png", "the first masks of each kind, and how often each patch is hidden"),
  ...forceFlags,
  ...decodingFlags,
};

export const maskCommand = defineCommand({
  name: "mask",
  group: "data",
  summary: "Draw masks of every kind, and tell what they are like on average",
  example: "beit mask --image cat.jpg --out masks.png",
  flags: maskFlags,
  load: () => import("../mask.ts"),
});

// `beit data verify`: what it is called and takes.
import { channelsFlag, classFlags, dataFlag, decodingFlags, listFlags } from "../../images/flags.ts";
import { defineCommand, toggle } from "../../program/command.ts";

export const dataVerifyFlags = {
  data: dataFlag,
  skipBad: toggle("exit with 0 although images are bad, as a training run with --skip-bad would go on"),
  quick: toggle("read only images that are new or changed since they were read last"),
  statistics: toggle("measure mean and std by channel over the images to learn from, as recipes take them"),
  ...classFlags,
  ...listFlags,
  ...decodingFlags,
  channels: channelsFlag,
};

export const dataVerifyCommand = defineCommand({
  name: "data verify",
  group: "data",
  summary: "Read every image of a data set and name those that cannot be read",
  example: "beit data verify photos",
  argument: "data",
  flags: dataVerifyFlags,
  load: () => import("../data-verify.ts"),
});

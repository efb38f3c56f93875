// `beit data verify`: what it is called and takes.
import { classFlags, decodingFlags } from "../../images/flags.ts";
import { defineCommand, required, toggle } from "../../program/command.ts";

export const dataVerifyFlags = {
  data: required("dir", "a folder of images, IDX files, or CIFAR's binary files"),
  skipBad: toggle("exit with 0 although images are bad, as a training run with --skip-bad would go on"),
  ...classFlags,
  ...decodingFlags,
};

export const dataVerifyCommand = defineCommand({
  name: "data verify",
  summary: "Read every image of a data set and name those that cannot be read",
  example: "beit data verify photos",
  argument: "data",
  flags: dataVerifyFlags,
  load: () => import("../data-verify.ts"),
});

// The flags that say which images.
import { integer, list, required, toggle } from "../program/command.ts";

/** Formats of data sets, said once. */
export const dataFlag = required(
  "dir",
  "images: a folder (a class per sub-folder, or flat), IDX files, or CIFAR's binary files",
);

/** For commands that learn or measure. */
export const imageFlags = {
  data: dataFlag,
  skipBad: toggle("set images aside that cannot be read, instead of stopping"),
};

/** For commands that only look at images. */
export const imageSourceFlags = {
  images: list("path", "image files, or folders as for training", { required: true }),
  batch: integer("count", "images at a time", 1, 8),
  skipBad: toggle("leave images out that cannot be read, instead of stopping"),
};

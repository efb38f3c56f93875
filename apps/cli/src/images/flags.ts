// The flags that say which images.
import { choice, integer, list, range, required, toggle, toggleOff } from "../program/command.ts";
import { columnsFlag } from "./columns.ts";

/** Where images are opened as a data set. */
export const classFlags = {
  classesAreFolders: toggle("take every sub-folder as a class, also those called like a split (train, val, test)"),
};

/** Where a data set may be a list. */
export const listFlags = { columns: columnsFlag };

/** Where images are decoded. */
export const decodingFlags = {
  bits: range(
    "8 to 16",
    "bits that are used in files of 16 bits a sample: 12 as of many cameras (default: all 16)",
    8,
    16,
  ),
  colorProfile: choice(
    ["ignore", "apply"],
    "color profiles in files: ignored, as the originals' pipelines do, or applied",
    "ignore",
  ),
};

/** Where images are read before something is done with them. */
const verifyFlag = toggleOff(
  "read no image before the start: a bad one that is not known yet ends the run when its turn comes",
);

/** Where no model says how many channels images have. */
export const channelsFlag = range(
  "1 to 8",
  "channels of the images: bands of satellites or microscopes, alpha among them, in files that have as many (default: 3, colors)",
  1,
  8,
);

/** Formats of data sets, said once. */
export const dataFlag = required(
  "path",
  "images: a folder (a class per sub-folder, or flat, in splits or not), a list of files and labels (.csv, .tsv, " +
    "metadata.jsonl), IDX files, or CIFAR's binary files",
);

/** For commands that learn or measure. */
export const imageFlags = {
  data: dataFlag,
  skipBad: toggle("set images aside that cannot be read, instead of stopping"),
  verify: verifyFlag,
  ...classFlags,
  ...listFlags,
  ...decodingFlags,
};

/** For commands that only look at images. */
export const imageSourceFlags = {
  images: list("path", "image files, or folders as for training", { required: true }),
  batch: integer("count", "images at a time", 1, 8),
  skipBad: toggle("leave images out that cannot be read, instead of stopping"),
  ...decodingFlags,
};

// Which part of a data set a folder's name says. The words and what may stand around them are those of Hugging Face's `datasets`
// (data_files.py), whatever their case: train, Training, test_set, val2017, seg_train.

/** A part of a data set. */
export type DatasetSplit = "train" | "val" | "test";

export const splitNames: readonly DatasetSplit[] = ["train", "val", "test"];

const words: Readonly<Record<string, DatasetSplit>> = {
  ...{ train: "train", training: "train", trn: "train", trainset: "train" },
  ...{ val: "val", valid: "val", validation: "val", dev: "val", valset: "val" },
  ...{ test: "test", testing: "test", eval: "test", evaluation: "test", testset: "test" },
};
const fillers = new Set(["set", "split", "data", "dataset", "folder", "images", "image", "imgs", "img", "pictures"]);

/**
 * The folders that are splits, by name. A name of nothing but a split's word is one (`Train`, `test_set`, `val2017`); one with other
 * words around it (`seg_train`) only beside another split, as a class may be called `bullet train`.
 */
export function splitsAmong(names: readonly string[]): ReadonlyMap<string, DatasetSplit> {
  const exact = new Map<string, DatasetSplit>();
  const all = new Map<string, DatasetSplit>();
  for (const name of names) {
    const parts = name.toLowerCase().split(/[^\p{L}\p{M}]+/u);
    const known = parts.filter((part) => Object.hasOwn(words, part));
    if (known.length !== 1) continue;
    all.set(name, words[known[0]]);
    if (parts.every((part) => part === "" || part === known[0] || fillers.has(part))) exact.set(name, words[known[0]]);
  }
  return exact.size > 0 || new Set(all.values()).size > 1 ? all : exact;
}

/** The split that a word says by itself: `train`, `Validation`, `dev`. */
export function splitOf(word: string): DatasetSplit | undefined {
  return splitsAmong([word]).get(word);
}

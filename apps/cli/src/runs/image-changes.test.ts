import { describe, expect, it } from "vitest";
import { changesInWords, imageChanges } from "./image-changes.ts";
import type { ImageList } from "./image-list.ts";

/** `name label hash`, with `-` for what is not known. */
function list(classes: readonly string[] | null, ...images: string[]): ImageList {
  const known = (word: string) => (word === "-" ? null : word);
  const parsed = images.map((image) => {
    const [name, label, sha256] = image.split(" ");
    return { name, label: label === "-" ? null : Number(label), sha256: known(sha256) };
  });
  return { classes, images: parsed };
}

const before = list(["cat", "dog"], "a 0 A", "b 0 B", "c 1 C", "d 1 D");
const words = (now: ImageList) => changesInWords(imageChanges(before, now));

describe("changes of images", () => {
  it.each<[string, ImageList, string[]]>([
    ["none", before, []],
    ["one overwritten", list(["cat", "dog"], "a 0 X", "b 0 B", "c 1 C", "d 1 D"), ["1 overwritten: a"]],
    [
      "one overwritten by another that stays",
      list(["cat", "dog"], "a 0 B", "b 0 B", "c 1 C", "d 1 D"),
      ["1 overwritten: a"],
    ],
    [
      "three in a circle, one overwritten",
      list(["cat", "dog"], "a 0 B", "b 0 C", "c 1 A", "d 1 X"),
      ["1 overwritten: d", "3 exchanged with one another: a, b, c"],
    ],
    [
      "renamed, one gone, one new",
      list(["cat", "dog"], "a 0 A", "c 1 C", "e 1 D", "f 0 F"),
      ["1 renamed: d is now e", "1 missing: b", "1 new: f"],
    ],
    ["a label", list(["cat", "dog"], "a 1 A", "b 0 B", "c 1 C", "d 1 D"), ["1 in another class: a"]],
    [
      "a class before the others: labels mean the same, their numbers do not",
      list(["bird", "cat", "dog"], "a 1 A", "b 1 B", "c 2 C", "d 2 D"),
      [
        '3 classes called otherwise: 0 was "cat" and is "bird", 1 was "dog" and is "cat", 2 was not there and is "dog"',
      ],
    ],
    [
      "labels gone",
      list(null, "a - A", "b - B", "c - C", "d - D"),
      [
        "4 in another class: a, b, c, d",
        '2 classes called otherwise: 0 was "cat" and is not there, 1 was "dog" and is not there',
      ],
    ],
    ["order", list(["cat", "dog"], "b 0 B", "a 0 A", "c 1 C", "d 1 D"), ["in another order"]],
    ["names for a terminal", list(["cat", "dog"], "a 0 A", "b 0 B", "c 1 C", "\u001b[2J 1 D"), [
      "1 renamed: d is now \\u001b[2J",
    ]],
  ])("%s", (_, now, expected) => {
    expect(words(now)).toEqual(expected);
  });

  it("of images that are alike are told one by one", () => {
    const alike = list(null, "a - A", "b - A", "c - A");
    const { renamed, removed, added } = imageChanges(alike, list(null, "c - A", "d - A", "e - A", "f - A"));
    expect({ renamed, removed, added }).toEqual({
      renamed: [
        ["a", "d"],
        ["b", "e"],
      ],
      removed: [],
      added: ["f"],
    });
  });

  it("do not show where nothing was read; how many is told", () => {
    const unread = imageChanges(before, list(["cat", "dog"], "a 0 -", "b 0 B", "c 1 -", "d 1 D"));
    expect([changesInWords(unread), unread.unread]).toEqual([[], 2]);
  });

  it("name the first and count the rest", () => {
    expect(changesInWords(imageChanges(before, list(["cat", "dog"])), 2)).toEqual(["4 missing: a, b and 2 more"]);
  });
});

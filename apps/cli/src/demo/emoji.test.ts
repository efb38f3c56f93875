// The emoji that come along: nine groups, two styles, and nothing of the test in what is learnt.
import { createHash } from "node:crypto";
import { promises as files } from "node:fs";
import { join } from "node:path";
import type { Dataset } from "@beitjs/trainers";
import { beforeAll, describe, expect, it } from "vitest";
import { makeFolder } from "../testing/run-cli.ts";
import { emojiFolder, readEmoji, type EmojiData } from "./emoji.ts";

let data: EmojiData;
beforeAll(async () => void (data = await readEmoji()));

const names = (images: Dataset) => Array.from({ length: images.length }, (_, i) => images.name(i));
const emojiOf = (images: Dataset) => names(images).map((name) => name.replace(/^.*: /, ""));
const readme = () => files.readFile(join(emojiFolder, "README.md"), "utf8");

describe("the emoji that come along", () => {
  it("are 1,906 of nine groups in two styles", async () => {
    const { unlabeled, labeled, test } = data;
    expect([unlabeled.length, labeled.length, test.length]).toEqual([2861, 955, 951]);
    expect(labeled.classes).toHaveLength(9);
    expect(test.classes).toEqual(labeled.classes);
    expect(new Set(Array.from({ length: test.length }, (_, i) => test.label(i))).size).toBe(9);
    expect((await test.get(950)).image).toMatchObject({ width: 32, height: 32, channels: 3 });
  });

  it("are drawings, of which hardly any two are alike", async () => {
    const { test } = data;
    const images = await Promise.all(Array.from({ length: test.length }, (_, i) => test.get(i)));
    const hashes = images.map(({ image }) => createHash("sha256").update(image.data).digest("hex"));
    expect(new Set(hashes).size).toBeGreaterThan(0.98 * test.length);
    expect(images.every(({ image }) => image.data.some((value) => value < 250))).toBe(true);
  });

  it("keep what is measured on apart from all that is learnt from", () => {
    const { unlabeled, labeled, test } = data;
    const measured = new Set(names(test));
    expect(names(unlabeled).filter((name) => measured.has(name))).toEqual([]);
    const drawn = new Set(emojiOf(test));
    expect(emojiOf(labeled).filter((name) => drawn.has(name))).toEqual([]);
    expect(names(labeled).every((name) => name.startsWith("google.png: "))).toBe(true);
    expect(names(test).every((name) => name.startsWith("twitter.png: "))).toBe(true);
  });

  it("have no labels where the network is pre-trained", async () => {
    const { unlabeled } = data;
    expect([unlabeled.classes, unlabeled.label(0), (await unlabeled.get(0)).label]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("have the checksums of their README, which names authors and licences", async () => {
    const text = await readme();
    const listed = [...text.matchAll(/^(\S+) \((\d+) bytes\)\n {2}(\w+)$/gm)];
    expect(listed.map(([, name]) => name)).toEqual(["google.png", "twitter.png", "emoji.json"]);
    for (const [, name, length, sha256] of listed) {
      const bytes = await files.readFile(join(emojiFolder, name));
      expect([bytes.length, createHash("sha256").update(bytes).digest("hex")]).toEqual([Number(length), sha256]);
    }
    for (const part of ["Google Inc.", "Apache License 2.0", "Twitter, Inc. and other contributors"]) {
      expect(text).toContain(part);
    }
    expect(text).toContain("https://creativecommons.org/licenses/by/4.0/");
    expect(await files.readFile(join(emojiFolder, "LICENSE-Apache-2.0.txt"), "utf8")).toContain("Version 2.0");
  });
});

it("refuses a sheet of another size than its index says", async () => {
  const folder = await makeFolder();
  try {
    for (const name of ["google.png", "twitter.png"]) {
      await files.copyFile(join(emojiFolder, name), join(folder.path, name));
    }
    const index = { size: 32, columns: 44, groups: ["a", "b"], emoji: [["x", 0]] };
    await files.writeFile(join(folder.path, "emoji.json"), JSON.stringify(index));
    await expect(readEmoji(folder.path)).rejects.toThrow("expected 1408 x 32 pixels, got 1408 x 1408");
  } finally {
    await folder.remove();
  }
});

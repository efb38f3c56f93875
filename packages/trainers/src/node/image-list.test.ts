import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { afterEach, describe, expect, it } from "vitest";
import { datasetLayout, openDataset, type OpenDatasetOptions } from "./index.ts";

const made: string[] = [];
afterEach(async () => {
  for (const folder of made.splice(0)) await rm(folder, { recursive: true });
});

const photo = await sharp({ create: { width: 3, height: 2, channels: 3, background: "blue" } })
  .png()
  .toBuffer();

async function tree(contents: Record<string, Uint8Array | string>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "beit-list-"));
  made.push(root);
  for (const [name, content] of Object.entries(contents)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
  return root;
}

const photos = { "a.png": photo, "b/b.png": photo, "c, d.png": photo };
const opened = async (list: string, text: string, options: OpenDatasetOptions = {}, more = {}) => {
  const root = await tree({ ...photos, ...more, [list]: text });
  return openDataset(join(root, list), options);
};

describe("a CSV or TSV file", () => {
  it("gives images, labels and splits; classes are those of all splits", async () => {
    const text =
      '\ufeffimage,label,split\r\na.png, cat,train\r\n"c, d.png","dog",valid\r\n\r\n./b//b.png,Ant,train\r\n';
    await expect(opened("list.csv", text)).rejects.toThrow('got none of "dog"');
    const train = await opened("list.csv", text, { allowEmptyClasses: true });
    expect([train.kind, train.length, train.classes]).toEqual(["list", 2, ["Ant", "cat", "dog"].sort()]);
    expect([train.label(0), train.label(1), train.name(1)]).toEqual([1, 0, "b/b.png"]);
    expect(await train.get(0)).toMatchObject({ name: "a.png", label: 1, image: { width: 3 } });
    expect(train.path?.(1).toString()).toMatch(/beit-list-.*\/b\/b\.png$/);
    const val = await opened("list.csv", text, { split: "val" });
    expect([val.length, val.classes, val.label(0)]).toEqual([1, ["Ant", "cat", "dog"], 2]);
    await expect(opened("list.csv", text, { split: "test" })).rejects.toThrow("(list), got only train, val");
  });

  it("takes folders called like splits as the splits where no column says them", async () => {
    const more = { "train/x.png": photo, "test/x.png": photo, "classes.txt": "no\nyes\n" };
    const text = "path\tlabel\ntrain/x.png\t1\ntest/x.png\t0\n";
    const test = await opened("list.tsv", text, { split: "test", allowEmptyClasses: true }, more);
    expect([test.length, test.name(0), test.classes, test.label(0)]).toEqual([1, "test/x.png", ["no", "yes"], 0]);
    await expect(opened("list.tsv", `${text}a.png\t0\n`, {}, more)).rejects.toThrow(
      'line 4: expected an image of a split, as others lie in "test", "train", got "a.png"; add a column split',
    );
  });

  it("takes whole numbers as the classes' numbers, others as names", async () => {
    const numbers = await opened("l.csv", "file,label\na.png,1\nb/b.png,0\n");
    expect([numbers.classes, numbers.label(0)]).toEqual([["0", "1"], 1]);
    const names = await opened("l.csv", "file,label\na.png,10\nb/b.png,007\n");
    expect(names.classes).toEqual(["007", "10"]);
    const keys = opened("l.csv", "file,label\na.png,14093\nb/b.png,77\n");
    await expect(keys).rejects.toThrow("got 2 numbers up to 14093; write the labels");
    await expect(opened("l.csv", "file,label\na.png,1\nb/b.png,2\n")).rejects.toThrow(
      /of every class in .*l\.csv, got none of "0"/,
    );
    const kept = await opened("l.csv", "file,label\na.png,14093\nb/b.png,77\n", {}, { "classes.txt": "14093\n77\n" });
    expect([kept.classes, kept.label(1)]).toEqual([["14093", "77"], 1]);
  });

  it("gives several labels an image", async () => {
    const text = 'file,labels\na.png,"cat; dog"\nb/b.png,[]\n"c, d.png","[""dog""]"\n';
    const several = await opened("l.csv", text);
    expect([several.classes, several.label(0)]).toEqual([["cat", "dog"], undefined]);
    expect([0, 1, 2].map((index) => several.labels?.(index))).toEqual([[0, 1], [], [1]]);
    expect(await several.get(2)).toMatchObject({ name: "c, d.png", labels: [1] });
  });

  it("reads the columns that it is told, and those alone", async () => {
    const columns = { file: "id", label: "breed" } as const;
    const told = await opened("l.csv", "id,breed,age\na.png,pug,3\nb/b.png,corgi,4\n", { columns });
    expect([told.classes, told.unreadColumns]).toEqual([["corgi", "pug"], ["age"]]);
    await expect(opened("l.csv", "id,bread\na.png,x\n", { columns })).rejects.toThrow(
      'l.csv, line 1: expected the column "breed" that was asked for, got "id", "bread"',
    );
  });

  it.each([
    ["file,lable\na.png,x\n", /l\.csv, line 1: expected columns of a known name \(file, .*\), got "lable"; say which/],
    ["name,label\na.png,x\n", /line 1: expected a column of image files, called file or .*, got "name", "label"/],
    ["file,path,label\na.png,a.png,x\n", 'line 1: expected one column of the file, got "file", "path"'],
    ["file,label,labels\na.png,x,y\n", 'line 1: expected one column of labels, got "label", "labels"'],
    ["file,file\na.png,b.png\n", 'line 1: expected every column once, got "file" twice'],
    ["file,label\na.png,x\n./a.png,y\n", 'line 3: expected every image once, got "a.png" in line 2, too'],
    ["file,label\na.png,x\nb/b.png, \n", 'line 3: expected a name or a number from 0 as label, got ""'],
    ["file,labels\na.png,\n", 'line 2: expected names as labels, or [] for an image without any, got ""'],
    ["file,labels\na.png,x;x\n", 'line 2: expected every label of an image once, got "x" twice'],
    ["file,label\na.png\n", 'line 2: expected 2 values, as the first line names columns, got 1: "a.png"'],
    ["file,label\n../a.png,x\n", 'line 2: expected a path below the list\'s own folder as file, got "../a.png"'],
    ["file,label\nb/../../a.png,x\n", "line 2: expected a path below the list's own folder"],
    ["file,label\n/etc/passwd,x\n", 'line 2: expected a path below the list\'s own folder as file, got "/etc/passwd"'],
    ["file,label\nC:\\a.png,x\n", "line 2: expected a path below the list's own folder"],
    ["file,label\n,x\n", 'line 2: expected the path of an image as file, got ""'],
    ["file,split\na.png,holdout\n", 'line 2: expected train, val or test as split, got "holdout"'],
    ["file,label\n", "expected a row for every image in"],
    ['file,label\n"a.png,x\n', "l.csv: Quote Not Closed"],
    ["file,label\nz.png,x\na.png,y\n", /got 1 that are not there:\n {2}.*l\.csv, line 2: z\.png does not exist/],
  ])("refuses %j by file, line and value", async (text, message) => {
    await expect(opened("l.csv", text)).rejects.toThrow(message);
  });

  it("sets missing and damaged images aside where it is asked to", async () => {
    const text = "file,label\nz.png,x\nbad.png,y\na.png,x\nb/b.png,y\n";
    const more = { "bad.png": photo.subarray(0, 40) };
    const good = await opened("l.csv", text, { skipBad: true }, more);
    expect([good.length, good.name(0), good.label(1), good.path?.(1).toString().endsWith("b.png")]).toEqual([
      2,
      "a.png",
      1,
      true,
    ]);
    expect(good.skipped.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/does not exist .*l\.csv, line 2\)/),
      expect.stringMatching(/damaged PNG.*l\.csv, line 3\)/),
    ]);
    await expect(opened("l.csv", "file\na.png\nbad.png\n", {}, more)).rejects.toThrow("1 that cannot be read");
  });
});

describe("a folder of Hugging Face's", () => {
  const line = (values: object) => `${JSON.stringify(values)}\n`;

  it("has its list in the folder of each split", async () => {
    const root = await tree({
      "train/x.png": photo,
      "train/more/y.png": photo,
      "train/forgotten.png": photo,
      "train/metadata.jsonl":
        line({ file_name: "x.png", label: 1, text: "x" }) + line({ file_name: "more/y.png", label: 0 }),
      "test/x.png": photo,
      "test/metadata.jsonl": line({ file_name: "x.png", label: 1 }),
    });
    expect(Object.keys((await datasetLayout(root)).splits)).toEqual(["train", "test"]);
    const train = await openDataset(root);
    expect([train.length, train.name(1), train.label(0), train.classes]).toEqual([
      2,
      "train/more/y.png",
      1,
      ["0", "1"],
    ]);
    expect([train.unreadColumns, train.unlisted]).toEqual([["text"], ["train/forgotten.png"]]);
    expect((await openDataset(root, { split: "test" })).label(0)).toBe(1);
    expect((await openDataset(join(root, "train"))).length).toBe(2);
    const asFolder = await openDataset(root, { lists: false });
    expect([asFolder.kind, asFolder.length]).toEqual(["folder", 3]);
  });

  it("has one list of all its images, also as CSV", async () => {
    const root = await tree({ ...photos, "metadata.csv": 'file_name,label\na.png,cat\n"c, d.png",dog\n' });
    const all = await openDataset(root);
    expect([all.length, all.classes, all.unlisted]).toEqual([2, ["cat", "dog"], ["b/b.png"]]);
  });

  it("says why there are no labels, and what is wrong in a line", async () => {
    const bare = await openDataset(await tree({ ...photos, "metadata.jsonl": line({ file_name: "a.png", lable: 3 }) }));
    expect([bare.classes, bare.unlabeled]).toEqual([
      undefined,
      expect.stringMatching(/no column label or labels, only "lable"/),
    ]);
    const wrong = async (text: string) => openDataset(await tree({ ...photos, "metadata.jsonl": text }));
    await expect(wrong("{")).rejects.toThrow(/metadata\.jsonl, line 1: expected JSON, got/);
    await expect(wrong(`\n${line({ file_name: "a.png", label: 1.5 })}`)).rejects.toThrow(
      "line 2: expected a name or a number from 0 as label, got 1.5",
    );
    await expect(wrong(line({ file_name: "a.png", label: null }))).rejects.toThrow("got null");
    await expect(wrong(line({ file_name: "a.png", label: 1 }) + line({ file_name: "b/b.png" }))).rejects.toThrow(
      "line 2: expected a name or a number from 0 as label, got nothing",
    );
    await expect(wrong("[1]\n")).rejects.toThrow("line 1: expected an object, got [1]");
  });

  it("refuses lists in some splits only", async () => {
    const root = await tree({ "train/x.png": photo, "train/metadata.csv": "file_name\nx.png\n", "val/x.png": photo });
    await expect(openDataset(root)).rejects.toThrow(
      /expected metadata.jsonl or metadata.csv in every folder of a split, .* got none in .*val/,
    );
  });
});

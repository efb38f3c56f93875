import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import sharp from "sharp";
import { afterEach, describe, expect, it } from "vitest";
import { datasetLayout, openDataset, type DatasetSplit } from "./index.ts";

const made: string[] = [];
afterEach(async () => {
  for (const folder of made.splice(0)) await rm(folder, { recursive: true });
});

async function tree(contents: Record<string, Uint8Array | string>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "beit-open-"));
  made.push(root);
  for (const [name, content] of Object.entries(contents)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
  return root;
}

const images = (count: number) =>
  Buffer.concat([Buffer.of(0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 2, 0, 0, 0, 2), Buffer.alloc(count * 4, 7)]);
const labels = (...values: number[]) => Buffer.of(0, 0, 8, 1, 0, 0, 0, values.length, ...values);
const cifar = (...label: number[]) => Buffer.concat([Buffer.of(...label), Buffer.alloc(3072, 50)]);
const photo = await sharp({ create: { width: 3, height: 2, channels: 3, background: "blue" } })
  .png()
  .toBuffer();

describe("IDX", () => {
  const mnist = {
    "train-images-idx3-ubyte": images(3),
    "train-labels-idx1-ubyte": labels(0, 2, 1),
    "t10k-images-idx3-ubyte.gz": gzipSync(images(2)),
    "t10k-labels-idx1-ubyte.gz": gzipSync(labels(1, 0)),
  };

  it("opens both splits, plain or compressed", async () => {
    const root = await tree(mnist);
    const train = await openDataset(root);
    expect([train.kind, train.length, train.label(1), train.classes]).toEqual(["idx", 3, 2, ["0", "1", "2"]]);
    const test = await openDataset(root, { split: "test" });
    expect([test.length, test.label(0)]).toEqual([2, 1]);
    expect((await test.get(1)).name).toBe(`${join(root, "t10k-images-idx3-ubyte.gz")}#1`);
    expect((await test.get(1)).image).toMatchObject({ width: 2, height: 2, channels: 1 });
    expect(Object.keys((await datasetLayout(root)).splits)).toEqual(["test", "train"]);
  });

  it("reads class names, prefers plain files, and goes without labels", async () => {
    const root = await tree({
      ...mnist,
      "train-images-idx3-ubyte.gz": gzipSync(images(9)),
      "classes.txt": "shoe\nbag \ncoat\n\n",
    });
    expect((await openDataset(root)).classes).toEqual(["shoe", "bag", "coat"]);
    expect((await openDataset(root)).length).toBe(3);
    const bare = await openDataset(await tree({ "train-images.idx3-ubyte": images(3) }));
    expect([bare.length, bare.classes]).toEqual([3, undefined]);
    const dotted = await tree({ "train-images.idx3-ubyte": images(1), "train-labels.idx1-ubyte": labels(4) });
    expect((await openDataset(dotted)).label(0)).toBe(4);
  });

  it("names the file that is broken or missing", async () => {
    const cut = await tree({
      "train-images-idx3-ubyte": images(3).subarray(0, 20),
      "train-labels-idx1-ubyte": labels(0, 1, 2),
    });
    await expect(openDataset(cut)).rejects.toThrow(
      `3 x 2 x 2 = 12 bytes of data in ${join(cut, "train-images-idx3-ubyte")}, got 4`,
    );
    const zipped = await tree({ "train-images-idx3-ubyte.gz": gzipSync(images(3)).subarray(0, 20) });
    await expect(openDataset(zipped)).rejects.toThrow(
      `${join(zipped, "train-images-idx3-ubyte.gz")}: unexpected end of file`,
    );
    const text = await tree({ "train-images-idx3-ubyte.gz": "<html>" });
    await expect(openDataset(text)).rejects.toThrow("incorrect header check");
    const { "t10k-images-idx3-ubyte.gz": _, ...trainOnly } = mnist;
    const root = await tree(trainOnly);
    await expect(openDataset(root, { split: "test" })).rejects.toThrow(
      `expected a test split in ${root} (idx), got only train`,
    );
    const two = await tree({ ...mnist, "emnist-train-images-idx3-ubyte": images(1) });
    await expect(openDataset(two)).rejects.toThrow("expected one IDX train file");
    const fewer = await tree({ ...mnist, "train-labels-idx1-ubyte": labels(0, 1) });
    await expect(openDataset(fewer)).rejects.toThrow("got 3 in");
  });
});

describe("CIFAR", () => {
  it("opens CIFAR-10", async () => {
    const names = Array.from({ length: 10 }, (_, i) => `name ${i}`).join("\n");
    const root = await tree({
      "data_batch_2.bin": cifar(5),
      "data_batch_1.bin": Buffer.concat([cifar(3), cifar(4)]),
      "test_batch.bin": cifar(9),
      "batches.meta.txt": `${names}\n`,
    });
    const train = await openDataset(root);
    expect([train.kind, train.length, train.label(2), train.classes?.[5]]).toEqual(["cifar10", 3, 5, "name 5"]);
    expect(train.name(2)).toBe(`${join(root, "data_batch_2.bin")}#0`);
    expect((await openDataset(root, { split: "test" })).label(0)).toBe(9);
  });

  it("opens CIFAR-100 with fine or coarse labels", async () => {
    const root = await tree({ "train.bin": cifar(19, 99), "test.bin": cifar(1, 2) });
    const fine = await openDataset(root);
    expect([fine.kind, fine.label(0), fine.classes?.length]).toEqual(["cifar100", 99, 100]);
    const coarse = await openDataset(root, { labels: "coarse", split: "test" });
    expect([coarse.label(0), coarse.classes?.length]).toEqual([1, 20]);
  });

  it("refuses broken files and lists of the wrong length", async () => {
    const cut = await tree({ "data_batch_1.bin": cifar(3).subarray(0, 3000) });
    await expect(openDataset(cut)).rejects.toThrow(
      `records of 3073 bytes in ${join(cut, "data_batch_1.bin")}, got 3000 bytes`,
    );
    const wrong = await tree({ "data_batch_1.bin": cifar(3), "batches.meta.txt": "cat\ndog\n" });
    await expect(openDataset(wrong)).rejects.toThrow("expected 10 names");
    const both = await tree({ "data_batch_1.bin": cifar(3), "train.bin": cifar(3, 3) });
    await expect(openDataset(both)).rejects.toThrow("got files of both");
    await expect(openDataset(cut, { split: "test" })).rejects.toThrow("got only train");
  });
});

describe("folders", () => {
  it("opens a folder as the training split", async () => {
    const root = await tree({ "cat/1.png": photo, "dog/2.png": photo });
    const dataset = await openDataset(root);
    expect([dataset.kind, dataset.length, dataset.classes]).toEqual(["folder", 2, ["cat", "dog"]]);
    await expect(openDataset(root, { split: "test" })).rejects.toThrow("expected a test split");
  });

  it("finds every split, however it is called", async () => {
    const root = await tree({ "train/cat/1.png": photo, "val/cat/2.png": photo, "README.md": "text", ".cache/x": "" });
    const found = async (path: string) =>
      Promise.all(
        Object.keys((await datasetLayout(path)).splits).map(async (split) => {
          const dataset = await openDataset(path, { split: split as DatasetSplit });
          return [split, dataset.name(0), dataset.length, dataset.classes?.join()];
        }),
      );
    expect(await found(root)).toEqual([
      ["train", "train/cat/1.png", 1, "cat"],
      ["val", "val/cat/2.png", 1, "cat"],
    ]);
    await expect(openDataset(root, { split: "test" })).rejects.toThrow(
      `expected a test split in ${root} (folder), got only train, val`,
    );
    for (const [train, val, test] of [
      ["train", "valid", "test"],
      ["Train", "Validation", "TEST"],
      ["training", "dev", "testing"],
      ["training_set", "val-images", "Test Set"],
      ["train2017", "val2017", "test2017"],
      ["trainset", "valset", "testset"],
      ["seg_train", "seg_val", "seg_test"],
    ]) {
      const images = ["cat", "dog"].flatMap((name) => [
        [`${train}/${name}/1.png`, photo] as const,
        [`${train}/${name}/2.png`, photo] as const,
        [`${val}/${name}/3.png`, photo] as const,
        [`${test}/${name}/4.png`, photo] as const,
      ]);
      expect(await found(await tree(Object.fromEntries(images)))).toEqual([
        ["train", `${train}/cat/1.png`, 4, "cat,dog"],
        ["val", `${val}/cat/3.png`, 2, "cat,dog"],
        ["test", `${test}/cat/4.png`, 2, "cat,dog"],
      ]);
    }
  });

  it("names images from the folder that was asked for", async () => {
    const root = await tree({ "train/a/1.png": photo, "train/a/2.png": photo.subarray(0, 50), "val/a/1.png": photo });
    const train = await openDataset(root, { skipBad: true });
    expect([train.name(0), (await train.get(0)).name]).toEqual(["train/a/1.png", "train/a/1.png"]);
    expect(train.skipped).toMatchObject([{ name: "train/a/2.png", path: join(root, "train/a/2.png") }]);
    expect((await openDataset(root, { split: "val" })).name(0)).toBe("val/a/1.png");
    expect((await openDataset(join(root, "val"))).name(0)).toBe("a/1.png");
  });

  it("has no training split where there is none, and no split twice", async () => {
    const held = await tree({ "val/a/1.png": photo, "test/a/2.png": photo });
    await expect(openDataset(held)).rejects.toThrow("expected a train split in");
    expect((await openDataset(held, { split: "val" })).length).toBe(1);
    const twice = await tree({ "train/a/1.png": photo, "val/a/1.png": photo, "validation/a/2.png": photo });
    await expect(openDataset(twice)).rejects.toThrow(
      `expected one folder of the val split in ${twice}, got ${join(twice, "val")} and ${join(twice, "validation")}`,
    );
  });

  it("refuses a folder beside splits, unless folders are classes", async () => {
    const root = await tree({ "train/a/1.png": photo, "test/a/2.png": photo, "unlabeled/3.png": photo });
    await expect(openDataset(root)).rejects.toThrow(
      `expected nothing but splits in ${root}, as train, test are there, got the folders "unlabeled" too; ` +
        `open one folder by its own path (${join(root, "unlabeled")})`,
    );
    expect((await datasetLayout(root)).others).toEqual(["unlabeled"]);
    expect((await openDataset(root, { classesAreFolders: true })).classes).toEqual(["test", "train", "unlabeled"]);
    const class100 = await tree({ "train/1.png": photo, "plane/3.png": photo });
    await expect(openDataset(class100)).rejects.toThrow(/as train is there, got the folders "plane" too/);
    const named = await tree({ "bullet train/1.png": photo, "plane/3.png": photo, "test tube/2.png": photo });
    await expect(openDataset(named)).rejects.toThrow(/as bullet train, test tube are there/);
    const alone = await tree({ "bullet train/1.png": photo, "plane/3.png": photo });
    expect((await openDataset(alone)).classes).toEqual(["bullet train", "plane"]);
  });

  it("never takes a split below for a class", async () => {
    const wrapped = await tree({ "archive/train/a/1.png": photo, "archive/test/a/2.png": photo });
    await expect(openDataset(wrapped)).rejects.toThrow(
      `expected classes in ${wrapped}/archive, got folders that are called like splits: test, train; open ${wrapped}/archive, or say`,
    );
    const doubled = await tree({ "train/train/a/1.png": photo });
    await expect(openDataset(doubled)).rejects.toThrow(
      `expected classes in ${join(doubled, "train")}, got folders that are called like splits: train`,
    );
    expect((await openDataset(join(doubled, "train"))).classes).toEqual(["a"]);
    expect((await openDataset(doubled, { classesAreFolders: true })).length).toBe(1);
    const vehicles = await tree({ "vehicle/train/1.png": photo, "vehicle/car/2.png": photo });
    expect((await openDataset(vehicles)).classes).toEqual(["vehicle"]);
  });

  it("stops at a bad image, sets it aside, or waits until it is read", async () => {
    const root = await tree({ "a/1.png": photo, "a/2.png": photo.subarray(0, 50) });
    await expect(openDataset(root)).rejects.toThrow(
      `expected 2 readable images, got 1 that cannot be read:\n  ${join(root, "a/2.png")}: damaged PNG`,
    );
    const kept = await openDataset(root, { skipBad: true });
    expect([kept.length, kept.skipped.map(({ name }) => name)]).toEqual([1, ["a/2.png"]]);
    expect((await openDataset(root, { verify: false })).length).toBe(2);
  });

  it("says when there is nothing to open", async () => {
    const root = await tree({ "file.txt": "x" });
    await expect(openDataset(join(root, "gone"))).rejects.toThrow(
      `expected a folder at ${join(root, "gone")}: does not exist`,
    );
    await expect(openDataset(join(root, "file.txt"))).rejects.toThrow("expected a folder at");
    await expect(openDataset(root)).rejects.toThrow("expected images");
  });
});

// IDX and CIFAR bytes, whole and broken.
import { describe, expect, it } from "vitest";
import { cifarDataset, idxDataset, parseCifar, parseIdxImages, parseIdxLabels } from "./index.ts";

function idx(magic: number, sizes: number[], data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * sizes.length + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic);
  for (const [i, size] of sizes.entries()) view.setUint32(4 + 4 * i, size);
  bytes.set(data, 4 + 4 * sizes.length);
  return bytes;
}

const pixels = Uint8Array.from({ length: 12 }, (_, i) => i * 20);
const images = idx(0x803, [2, 3, 2], pixels); // 2 images of 3 rows and 2 columns
const labels = idx(0x801, [2], Uint8Array.of(4, 1));
const sources = { images: "dir/images", labels: "dir/labels" };

describe("IDX", () => {
  it("reads images and labels", async () => {
    expect(parseIdxImages(images, "x")).toEqual({ count: 2, rows: 3, columns: 2, data: pixels });
    expect(parseIdxLabels(labels, "x")).toEqual(Uint8Array.of(4, 1));
    const dataset = idxDataset({ images, labels, sources });
    expect(dataset.classes).toEqual(["0", "1", "2", "3", "4"]);
    const image = { width: 2, height: 3, channels: 1, data: pixels.subarray(6) };
    expect(await dataset.get(1)).toEqual({ image, label: 1, name: "dir/images#1" });
  });

  it("reads a part of a larger buffer", () => {
    const shifted = new Uint8Array(images.length + 5);
    shifted.set(images, 5);
    expect(parseIdxImages(shifted.subarray(5), "x").data).toEqual(pixels);
  });

  it("goes without labels, and takes class names", () => {
    const { labels: _, ...imagesOnly } = sources;
    expect(idxDataset({ images, sources: imagesOnly }).classes).toBeUndefined();
    const classes = ["shirt", "trouser", "pullover", "dress", "coat"];
    expect(idxDataset({ images, labels, classes, sources }).classes).toBe(classes);
    expect(() => idxDataset({ images, labels, classes: ["a", "b"], sources })).toThrow(
      "labels below 2, got 4 for dir/images#0",
    );
  });

  it.each([
    ["cut in the header", images.subarray(0, 15), "a header of 16 bytes in f, got 15 bytes"],
    ["empty", new Uint8Array(0), "a header of 16 bytes in f, got 0 bytes"],
    ["cut in the data", images.subarray(0, 27), "2 x 3 x 2 = 12 bytes of data in f, got 11"],
    ["longer than it says", idx(0x803, [2, 3, 2], new Uint8Array(13)), "12 bytes of data in f, got 13"],
    ["of labels", labels, "a header of 16 bytes in f, got 10 bytes"],
    ["of another magic number", idx(0x801, [2, 3, 2], pixels), "IDX magic number 0x00000803 in f, got 0x00000801"],
    ["of floats", idx(0xd03, [2, 3, 2], pixels), "got 0x00000d03"],
    ["still compressed", Uint8Array.of(0x1f, 0x8b, 8, 0, ...new Uint8Array(20)), "got 0x1f8b0800"],
    ["without images", idx(0x803, [0, 28, 28], new Uint8Array(0)), "sizes above 0 in f, got 0 x 28 x 28"],
    ["lying about its size", idx(0x803, [0xffffffff, 0xffff, 0xffff], pixels), "4294967295 x 65535 x 65535"],
  ])("refuses a file %s", (_, bytes, message) => {
    expect(() => parseIdxImages(bytes, "f")).toThrow(message);
  });

  it("refuses labels that do not fit", () => {
    expect(() => parseIdxLabels(images, "f")).toThrow(
      "[parseIdxLabels] expected IDX magic number 0x00000801 in f, got 0x00000803",
    );
    expect(() => parseIdxLabels(labels.subarray(0, 9), "f")).toThrow("2 = 2 bytes of data in f, got 1");
    const three = idx(0x801, [3], Uint8Array.of(1, 2, 3));
    expect(() => idxDataset({ images, labels: three, sources })).toThrow("got 2 in dir/images and 3 in dir/labels");
  });
});

describe("CIFAR", () => {
  // One record: red counts up, green is 100, blue 200.
  const record = (...label: number[]) =>
    Uint8Array.of(
      ...label,
      ...Array.from({ length: 1024 }, (_, i) => i & 255),
      ...Array<number>(1024).fill(100),
      ...Array<number>(1024).fill(200),
    );
  const join = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

  it("reads labels and interleaves the colors", () => {
    const { count, data, labels: found } = parseCifar(join(record(3), record(9)), { kind: "cifar10", source: "f" });
    expect([count, ...found]).toEqual([2, 3, 9]);
    expect([...data.subarray(3072 + 9, 3072 + 15)]).toEqual([3, 100, 200, 4, 100, 200]);
  });

  it("reads both labels of CIFAR-100", () => {
    const bytes = join(record(19, 99), record(0, 7));
    expect([...parseCifar(bytes, { kind: "cifar100", source: "f" }).labels]).toEqual([99, 7]);
    expect([...parseCifar(bytes, { kind: "cifar100", labels: "coarse", source: "f" }).labels]).toEqual([19, 0]);
  });

  it("joins files, each example named after its own", async () => {
    const files = [
      { bytes: join(record(1), record(2)), source: "a.bin" },
      { bytes: record(3), source: "b.bin" },
    ];
    const dataset = cifarDataset({ kind: "cifar10", files });
    expect([0, 1, 2].map((index) => [dataset.name(index), dataset.label(index)])).toEqual([
      ["a.bin#0", 1],
      ["a.bin#1", 2],
      ["b.bin#0", 3],
    ]);
    expect((await dataset.get(2)).image).toMatchObject({ width: 32, height: 32, channels: 3 });
    expect(dataset.classes).toHaveLength(10);
    const coarse = cifarDataset({ kind: "cifar100", labels: "coarse", files: [{ bytes: record(1, 2), source: "c" }] });
    expect(coarse.classes).toHaveLength(20);
  });

  it("refuses other lengths and labels", () => {
    const parse =
      (bytes: Uint8Array, kind: "cifar10" | "cifar100" = "cifar10") =>
      () =>
        parseCifar(bytes, { kind, source: "f" });
    expect(parse(join(record(1), record(2)).subarray(0, 6000))).toThrow(
      "records of 3073 bytes in f, got 6000 bytes (1 records and 2927 bytes)",
    );
    expect(parse(new Uint8Array(0))).toThrow("got 0 bytes");
    expect(parse(record(1), "cifar100")).toThrow("records of 3074 bytes in f, got 3073 bytes");
    expect(parse(join(record(1), record(10)))).toThrow("labels below 10, got 10 in record 1 of f");
    expect(parse(record(20, 5), "cifar100")).toThrow("labels below 20, got 20 in record 0 of f");
    expect(parse(record(5, 100), "cifar100")).toThrow("labels below 100, got 100 in record 0 of f");
  });
});

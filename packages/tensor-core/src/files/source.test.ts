// Sources in memory, as Blobs and on the disk: ranges, their checks, and what is said when a file is not what it was.
import { describe, expect, it } from "vitest";
import { createChunkWriter } from "./chunks.ts";
import { blobSource, bytesSource, readWhole } from "./index.ts";
import type { FileSource } from "./index.ts";

const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);

describe.each<readonly [string, () => FileSource]>([
  ["bytesSource", () => bytesSource(bytes, "a.bin")],
  ["blobSource", () => blobSource(new Blob([bytes]), "a.bin")],
  ["blobSource of a File", () => blobSource(new File([bytes], "a.bin"))],
])("%s", (_, make) => {
  it("reads ranges, the empty ones at both ends too", async () => {
    const source = make();
    expect([source.name, source.size]).toEqual(["a.bin", 100]);
    expect(await source.read(10, 13)).toEqual(Uint8Array.of(10, 11, 12));
    expect(await readWhole(source)).toEqual(bytes);
    expect([(await source.read(0, 0)).length, (await source.read(100, 100)).length]).toEqual([0, 0]);
  });

  it.each([
    [-1, 2],
    [5, 4],
    [99, 101],
    [0.5, 2],
    [NaN, 1],
    [0, Infinity],
  ])("refuses the range [%s, %s)", async (start, end) => {
    await expect(make().read(start, end)).rejects.toThrow(
      `[read] expected a range within the 100 bytes of a.bin, got [${start}, ${end})`,
    );
  });
});

it("bytesSource copies nothing", async () => {
  const part = await bytesSource(bytes).read(3, 5);
  expect([part.buffer === bytes.buffer, part.byteOffset]).toEqual([true, 3]);
});

it("reports a Blob that gives fewer bytes than it has, or none any more", async () => {
  const blob = (read: () => Promise<ArrayBuffer>) => ({ size: 10, slice: () => ({ arrayBuffer: read }) });
  const short = blobSource(
    blob(async () => new ArrayBuffer(3)),
    "b",
  );
  await expect(short.read(2, 8)).rejects.toThrow("[read] expected 6 bytes from byte 2 of b, got 3: the file changed");
  const gone = blobSource(
    blob(() => Promise.reject(new Error("NotReadableError"))),
    "c",
  );
  await expect(gone.read(2, 8)).rejects.toThrow("[read] expected bytes 2 to 8 of c, got an error: Error: NotReadable");
});

it("readWhole refuses what no array holds, before reading", async () => {
  const source = { name: "large", size: 2 ** 31 + 1, read: () => Promise.reject(new Error("read")) };
  await expect(readWhole(source)).rejects.toMatchObject({
    code: "TooLarge",
    message: "[readWhole] expected at most 2147483648 bytes, got 2147483649: read large in ranges",
  });
});

it("chunks of any size read back across block borders", async () => {
  const size = (9 << 20) + 5;
  const whole = new Uint8Array(size);
  for (let i = 0; i < size; i++) whole[i] = Math.imul(i, 0x9e3779b1) >>> 24;
  const writer = createChunkWriter();
  for (let at = 0, n = 1; at < size; at += n, n = (n * 7 + 3) % 700_000) writer.write(whole.subarray(at, at + n));
  const source = writer.finish("chunks");
  expect(source.size).toBe(size);
  const block = 4 << 20;
  const equal = async (start: number, end: number) =>
    Buffer.compare(await source.read(start, end), whole.subarray(start, end)) === 0;
  expect(await equal(0, size)).toBe(true);
  for (const edge of [block, 2 * block]) {
    for (const [start, end] of [
      [edge - 3, edge],
      [edge - 1, edge + 1],
      [edge, edge + 9],
      [edge, edge],
      [5, edge + 5],
    ]) {
      expect(await equal(start!, end!)).toBe(true);
    }
  }
  expect((await createChunkWriter().finish("none").read(0, 0)).length).toBe(0);
});

// openTensors against the readers of whole files, on torch's own checkpoints and on what people call weights by mistake.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bytesSource, openTensors, sniffSource } from "./index.ts";
import type { FileSource, TensorFile } from "./index.ts";
import { describeFile, readTorchFile } from "../pickle/index.ts";
import type { FileKind } from "../pickle/index.ts";
import { fromFloat32, readSafetensors, writeSafetensors } from "../safetensors.ts";
import type { SafeTensor } from "../safetensors.ts";

const golden = new URL("../../../../tools/golden/", import.meta.url);
const load = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, golden)));
const checkpoints = ["bare.pt", "mixed.pt", "mixed-legacy.pt", "model.pt", "model-legacy.pt", "module.pt", "shared.pt"]
  .concat(["shared-legacy.pt", "encoder.pkl", "older.pt"])
  .map((name) => `pickle/${name}`);

async function readAll({ tensors }: TensorFile): Promise<[string, SafeTensor][]> {
  return Promise.all([...tensors].map(async ([name, tensor]) => [name, await tensor.read()] as [string, SafeTensor]));
}

/** A source that counts what is read from it. */
function counted(bytes: Uint8Array): { source: FileSource; ranges: [number, number][]; total(): number } {
  const ranges: [number, number][] = [];
  const inner = bytesSource(bytes, "counted");
  const read = (start: number, end: number) => (ranges.push([start, end]), inner.read(start, end));
  return { source: { ...inner, read }, ranges, total: () => ranges.reduce((sum, [from, to]) => sum + to - from, 0) };
}

describe("openTensors", () => {
  it.each(checkpoints)("reads %s as readTorchFile does", async (name) => {
    const bytes = load(name);
    const whole = readTorchFile(bytes);
    const file = await openTensors(bytesSource(bytes));
    expect(file.root).toEqual(whole.root);
    expect(file.kind).toBe(bytes[0] === 0x50 ? "torch-zip" : "torch-legacy");
    expect(file.metadata).toEqual({});
    expect(await readAll(file)).toEqual([...whole.tensors]);
    for (const [key, { dtype, shape }] of file.tensors) {
      expect({ dtype, shape }).toEqual({ dtype: whole.tensors.get(key)!.dtype, shape: whole.tensors.get(key)!.shape });
    }
  });

  it("reads safetensors as readSafetensors does, the header in two ranges", async () => {
    for (const bytes of [
      load("safetensors/numpy.safetensors"),
      writeSafetensors([["a", fromFloat32(Float32Array.of(1, 2, 3), [3])]], { format: "pt" }),
      writeSafetensors([]),
    ]) {
      const { source, ranges } = counted(bytes);
      const file = await openTensors(source);
      expect(ranges.slice(-2)).toEqual([
        [0, 8],
        [0, 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true))],
      ]);
      const whole = readSafetensors(bytes);
      expect([file.kind, file.root, file.metadata]).toEqual(["safetensors", undefined, whole.metadata]);
      expect(await readAll(file)).toEqual([...whole.tensors]);
    }
  });

  it("says how much of a safetensors file is missing or too much", async () => {
    const bytes = writeSafetensors([["a", fromFloat32(new Float32Array(100), [100])]]);
    const open = (part: Uint8Array) => openTensors(bytesSource(part, "a.safetensors"));
    await expect(open(bytes.subarray(0, bytes.length - 1))).rejects.toMatchObject({
      code: "MetadataIncompleteBuffer",
      message: `[openTensors] truncated: expected ${bytes.length} bytes, got ${bytes.length - 1}: a.safetensors`,
    });
    await expect(open(Uint8Array.of(...bytes, 0))).rejects.toThrow(
      `expected ${bytes.length} bytes, got ${bytes.length + 1}`,
    );
    // Cut within its header.
    await expect(open(bytes.subarray(0, 40))).rejects.toMatchObject({
      name: "SafetensorsError",
      code: "InvalidHeaderLength",
    });
  });

  it("is not misled by a safetensors header whose length begins as another format does", async () => {
    // 640 is 0x80 0x02, how a pickle begins; 35615 is 0x1f 0x8b, how gzip does.
    for (const length of [640, 0x380, 0x480, 0x580, 35615]) {
      const json = new TextEncoder().encode('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}'.padEnd(length));
      const bytes = new Uint8Array(8 + length + 1);
      new DataView(bytes.buffer).setUint32(0, length, true);
      bytes.set(json, 8);
      bytes[8 + length] = 7;
      expect((await (await openTensors(bytesSource(bytes))).tensors.get("a")!.read()).data).toEqual(Uint8Array.of(7));
    }
  });

  const ascii = (text: string) => new TextEncoder().encode(text);
  it.each<readonly [FileKind, string, Uint8Array]>([
    ["html", "Format", ascii("<!DOCTYPE html><html>")],
    ["lfs-pointer", "Format", ascii("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")],
    ["wget-log", "Format", ascii("--2022-03-01 10:00:00--  https://example.org/beit.pth\nResolving")],
    ["gzip", "Format", Uint8Array.of(0x1f, 0x8b, 8, 0)],
    ["truncated-zip", "Truncated", load("pickle/model.pt").subarray(0, 3000)],
    ["empty", "Truncated", new Uint8Array(0)],
    [
      "pickle",
      "Format",
      ascii("\x80\x02N.")
        .map((byte, i) => (i === 0 ? 0x80 : byte))
        .slice(-4),
    ],
    ["unknown", "Format", ascii("hello, world")],
  ])("says what is no weight file: %s", async (kind, code, bytes) => {
    const named = kind === "pickle" ? Uint8Array.of(0x80, 2, 0x4e, 0x2e) : bytes;
    expect(await sniffSource(bytesSource(named))).toBe(kind);
    await expect(openTensors(bytesSource(named, "w.bin"))).rejects.toMatchObject({
      name: "FileError",
      code,
      message: `[openTensors] expected safetensors or a PyTorch checkpoint, got ${describeFile(kind)}: w.bin`,
    });
  });

  it("finds a damaged record when one of its tensors is read, and says the same every time", async () => {
    const bytes = load("pickle/model.pt").slice();
    const { source, ranges } = counted(bytes);
    const opened = await openTensors(source);
    ranges.length = 0;
    await opened.tensors.get("model.head.weight")!.read();
    const [begin] = ranges[0]!;
    bytes[begin] ^= 1;
    const again = await openTensors(bytesSource(bytes));
    for (let i = 0; i < 2; i++) {
      await expect(again.tensors.get("model.head.weight")!.read()).rejects.toMatchObject({ code: "Checksum" });
    }
    expect((await again.tensors.get("model.head.bias")!.read()).data.length).toBe(8);
    // Checked once: what was read whole and sound is not checked again.
    expect((await opened.tensors.get("model.head.weight")!.read()).data[0]).toBe(bytes[begin]);
  });

  it("reads a storage once for all the tensors on it, one after another and at once", async () => {
    const { source, ranges } = counted(load("pickle/shared.pt"));
    const { tensors } = await openTensors(source);
    const names = ["row", "column", "window"];
    ranges.length = 0;
    for (const name of names) await tensors.get(name)!.read();
    expect(ranges.map(([start, end]) => end - start)).toEqual([96]);
    await Promise.all(names.map((name) => tensors.get(name)!.read()));
    expect(ranges).toHaveLength(1);
  });

  it("reads nothing for an empty tensor", async () => {
    const { source, ranges } = counted(load("pickle/mixed.pt"));
    const { tensors } = await openTensors(source);
    ranges.length = 0;
    expect(await tensors.get("empty")!.read()).toEqual({ dtype: "F32", shape: [0, 4], data: new Uint8Array(0) });
    expect(ranges).toEqual([]);
  });

  it("hands out bytes of its own where it keeps the storage", async () => {
    const { tensors } = await openTensors(bytesSource(load("pickle/shared.pt").slice()));
    const first = (await tensors.get("row")!.read()).data;
    const kept = first.slice();
    first.fill(0);
    expect((await tensors.get("row")!.read()).data).toEqual(kept);
  });

  it("bounds what is held while opening", async () => {
    for (const name of ["pickle/model.pt", "pickle/model-legacy.pt"]) {
      const open = openTensors(bytesSource(load(name)), { maxHeldBytes: 100 });
      await expect(open).rejects.toMatchObject({ name: "PickleError", code: "Limit" });
    }
    await expect(openTensors(bytesSource(load("pickle/model.pt")), { maxHeldBytes: 0 })).rejects.toThrow(RangeError);
  });

  it("passes on what a source says", async () => {
    const bytes = load("pickle/model.pt");
    const broken = { ...bytesSource(bytes), read: () => Promise.reject(new Error("the disk is gone")) };
    await expect(openTensors(broken)).rejects.toThrow("the disk is gone");
  });
});

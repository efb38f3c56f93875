// Files of features: the bytes readers expect, no name before they are whole, and no start without room for the end.
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fromFloat32, readSafetensors, writeSafetensors } from "@beitjs/tensor-core/safetensors";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createFeatureFile } from "./feature-file.ts";
import { npyHeader } from "./npy.ts";
import { makeFolder } from "../testing/run-cli.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
const at = (name: string) => join(folder.path, name);
const rows = Float32Array.from({ length: 12 }, (_, i) => i / 7);

beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

describe("createFeatureFile", () => {
  it("writes in pieces what is written at once otherwise", async () => {
    const metadata = { layer: "last", names: '["dög 🐶.png","b"]' };
    const file = await createFeatureFile(at("a.safetensors"), { format: "safetensors", shape: [4, 3], metadata });
    for (const start of [0, 3, 9]) await file.write(rows.subarray(start, start === 3 ? 9 : start + 3));
    expect(await readdir(folder.path)).toEqual([expect.stringMatching(/^a\.safetensors\..*\.partial$/)]);
    await file.finish();
    expect(await readdir(folder.path)).toEqual(["a.safetensors"]);
    const bytes = await readFile(at("a.safetensors"));
    const whole = writeSafetensors([["features", fromFloat32(rows, [4, 3])]], metadata);
    expect(bytes.length).toBe(whole.length);
    const [got, expected] = [readSafetensors(bytes), readSafetensors(whole)];
    expect(got.tensors).toEqual(expected.tensors);
    expect(got.metadata).toEqual(metadata);
  });

  it("leaves nothing when it is discarded", async () => {
    const before = await readdir(folder.path);
    const file = await createFeatureFile(at("b.npy"), { format: "npy", shape: [4, 3], metadata: {} });
    await file.write(rows.subarray(0, 6));
    await file.discard();
    expect(await readdir(folder.path)).toEqual(before);
  });

  it("refuses what the disk has no room for, with the numbers, and names no header can hold", async () => {
    const before = await readdir(folder.path);
    const tokens = createFeatureFile(at("c.npy"), { format: "npy", shape: [1e9, 197, 768], metadata: {} });
    await expect(tokens).rejects.toThrow(
      /c\.npy would take 563621\.5 GiB \(float32 \[1000000000, 197, 768\]\), but \d+\.\d GiB are free on its disk; take fewer/,
    );
    const names = { names: "x".repeat(100_000_001) };
    const many = createFeatureFile(at("d.safetensors"), { format: "safetensors", shape: [1, 1], metadata: names });
    await expect(many).rejects.toThrow(/names of the images take 1000\d{5} bytes, more than the 100000000/);
    expect(await readdir(folder.path)).toEqual(before);
  });

  it("names the file that cannot be written", async () => {
    const nowhere = createFeatureFile(at("nowhere/e.npy"), { format: "npy", shape: [1, 1], metadata: {} });
    await expect(nowhere).rejects.toThrow(/could not write .*e\.npy: ENOENT/);
  });
});

describe("npyHeader", () => {
  it.each([
    [[7], "(7,)"],
    [[60_000, 768], "(60000, 768)"],
    [[4, 197, 768], "(4, 197, 768)"],
  ])("of %j", (shape, tuple) => {
    const header = npyHeader(shape);
    expect(header.length % 64).toBe(0);
    expect([...header.subarray(0, 8)]).toEqual([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
    expect(header[8] + 256 * header[9]).toBe(header.length - 10);
    expect(new TextDecoder().decode(header.subarray(10))).toMatch(/\n$/);
    expect(new TextDecoder().decode(header.subarray(10)).trimEnd()).toBe(
      `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`,
    );
  });
});

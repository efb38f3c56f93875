// Against the reference implementation: a file that Python wrote, and numpy's reading of every 16-bit float.
// tools/golden/safetensors/make.py writes both fixtures.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { readSafetensors, toFloat32, toInt32, writeSafetensors } from "../safetensors.ts";
import type { SafeDtype, SafeTensor } from "../safetensors.ts";

const golden = new URL("../../../../tools/golden/safetensors/", import.meta.url);
const python = new Uint8Array(readFileSync(new URL("numpy.safetensors", golden)));

it("reads what Python wrote", () => {
  const { tensors, metadata } = readSafetensors(python);
  const floats = (name: string) => [...toFloat32(tensors.get(name) as SafeTensor)];
  const integers = (name: string) => [...toInt32(tensors.get(name) as SafeTensor)];
  const float = Math.fround;
  expect(metadata).toEqual({ format: "np" });
  expect(tensors.get("blocks.10.weight")?.shape).toEqual([2, 3]);
  expect(floats("blocks.10.weight")).toEqual([0, 1, 2, 3, 4, 5].map((i) => float(i / 7)));
  expect(floats("blocks.9.weight")).toEqual([float(1e-45), -0, Infinity, float(-3.4e38)]);
  expect(floats("double")).toEqual([float(1 / 3), -Infinity, 0]);
  expect(floats("half")).toEqual([0, -0, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 0.333251953125, 1, -2, 65504, -Infinity]);
  expect(floats("empty")).toEqual([]);
  expect(integers("scalar")).toEqual([42]);
  expect(tensors.get("scalar")?.shape).toEqual([]);
  expect(integers("wide")).toEqual([-1, 2 ** 31 - 1, -(2 ** 31)]);
  expect(integers("short")).toEqual([-32768, 32767]);
  expect(integers("bytes")).toEqual([0, 1, 2, 3, 4]);
  expect(integers("mask")).toEqual([1, 0, 1]);
  expect(integers('ü世😀 "quoted"\\\n')).toEqual([-128, 127]);
  expect(integers("\uff5a")).toEqual([3]);
  expect(() => toInt32(tensors.get("unsigned") as SafeTensor)).toThrow("got 4000000000");
});

it("writes the very bytes that Python wrote", () => {
  const { tensors, metadata } = readSafetensors(python);
  expect(writeSafetensors([...tensors].reverse(), metadata)).toEqual(python);
});

it("widens every 16-bit float as numpy does", () => {
  const expected = JSON.parse(readFileSync(new URL("expected.json", golden), "utf8")) as Record<string, string>;
  const every = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const digest = (dtype: SafeDtype) => {
    const values = toFloat32({ dtype, shape: [65536], data: new Uint8Array(every.buffer) });
    return createHash("sha256")
      .update(new Uint8Array(values.map((value) => (Number.isNaN(value) ? 0 : value)).buffer))
      .digest("hex");
  };
  expect(digest("F16")).toBe(expected.allHalfAsFloat32);
  expect(digest("BF16")).toBe(expected.allBrainAsFloat32);
});

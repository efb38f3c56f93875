// Checkpoints by torch itself (tools/golden/pickle/make.py): every tensor of every file, byte for byte.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isKind, readTorchFile } from "./index.ts";
import type { PickleDict, PickleValue } from "./index.ts";

type Described = readonly [dtype: string, shape: ReadonlyArray<number>, hex: string];
type Golden = { readonly torch: string; readonly files: Readonly<Record<string, Readonly<Record<string, Described>>>> };

const folder = new URL("../../../../tools/golden/pickle/", import.meta.url);
const golden = JSON.parse(readFileSync(new URL("expected.json", folder), "utf8")) as Golden;
const load = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, folder)));
const torchNames: Readonly<Record<string, string>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
  I64: "int64",
  I32: "int32",
  I16: "int16",
  I8: "int8",
  U8: "uint8",
  BOOL: "bool",
  U16: "uint16",
  U64: "uint64",
  C64: "complex64",
  F8_E4M3: "float8_e4m3fn",
};

function read(name: string): Readonly<Record<string, Described>> {
  const entries = [...readTorchFile(load(name)).tensors].map(([path, { dtype, shape, data }]) => {
    return [path, [torchNames[dtype], shape, Buffer.from(data).toString("hex")]] as const;
  });
  return Object.fromEntries(entries) as Readonly<Record<string, Described>>;
}

function at(value: PickleValue | undefined, ...keys: ReadonlyArray<string>): PickleValue | undefined {
  for (const key of keys) value = (value as PickleDict).entries.get(key);
  return value;
}

describe(`torch ${golden.torch}`, () => {
  it.each(Object.keys(golden.files))("reads %s", (name) => {
    const expected = golden.files[name]!;
    expect(Object.keys(expected).length).toBeGreaterThan(5);
    expect(read(name)).toEqual(expected);
  });

  it.each(["mixed", "shared", "model"])("reads the container before 1.6 of %s", (name) => {
    expect(read(`${name}-legacy.pt`)).toEqual(golden.files[`${name}.pt`]);
  });

  it("keeps what lies beside the tensors as inert records", () => {
    const { root } = readTorchFile(load("model.pt"));
    expect(at(root, "epoch")).toBe(3);
    expect(at(root, "lr")).toEqual({ kind: "global", name: "torch.float32" });
    const args = at(root, "args");
    if (!isKind(args, "object")) throw new Error("no record of the arguments");
    expect(args.className).toBe("argparse.Namespace");
    expect(at(args.state, "lr")).toBe(1e-3);
    expect(at(args.state, "model")).toBe("beit_base");
    expect(at(args.state, "seed")).toBe(2 ** 40);
    expect(at(args.state, "root")).toBe(2n ** 70n);
    expect(at(args.state, "layers")).toEqual({ kind: "list", items: [1, 2] });
    expect(at(args.state, "nested")).toEqual({ kind: "tuple", items: [null, true, -7, 3.5] });
  });

  it("names a pickled module's tensors as its state dict does, and keeps its attributes", () => {
    const { root, tensors } = readTorchFile(load("encoder.pkl"));
    expect([...tensors.keys()]).toContain("blocks.group_1.block_1.res_path.conv_1.w");
    expect([...tensors.keys()]).toContain("blocks.group_1.block_1.id_path.b");
    expect([...tensors.keys()]).toContain("blocks.output.conv.w");
    if (!isKind(root, "object")) throw new Error("no record of the module");
    expect(root.className).toBe("dall_e.encoder.Encoder");
    expect(at(root.state, "vocab_size")).toBe(8);
  });

  it("returns views where elements are contiguous and one copy for a shared tensor", () => {
    const bytes = load("shared.pt");
    const { tensors } = readTorchFile(bytes);
    expect(tensors.get("whole")!.data.buffer).toBe(bytes.buffer);
    expect(tensors.get("row")!.data.buffer).toBe(bytes.buffer);
    expect(tensors.get("row")!.data.byteOffset - tensors.get("whole")!.data.byteOffset).toBe(2 * 6 * 4);
    expect(tensors.get("column")!.data.buffer).not.toBe(bytes.buffer);
  });
});

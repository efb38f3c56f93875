// Files as torch.save writes them, from tensors in memory: a pickle of {name: tensor} and a record of bytes a tensor, in a zip
// archive. The published weights come so, and random ones in their place have to.
import type { SafeTensor } from "@beitjs/tensor-core/safetensors";
import { putTogether, type NewRecord } from "../fuzz/archive.ts";
import { concat, little } from "../fuzz/bytes.ts";

/** float32 tensors at the top of a dict, or under one of its keys: unilm saves `{"model": …}`. */
export function torchFile(tensors: ReadonlyMap<string, SafeTensor>, key?: string): Uint8Array {
  const entries = [...tensors];
  const body = dict(entries.map(([name, { shape }], i) => [name, rebuildTensor(shape, i)]));
  const root = key === undefined ? body : dict([[key, body]]);
  const pickle = concat(Uint8Array.of(0x80, 2), root, op("."));
  const storages = entries.map(([, { data }], i): NewRecord => ({ name: `archive/data/${i}`, data }));
  const version = { name: "archive/version", data: text("3\n") };
  return putTogether([{ name: "archive/data.pkl", data: pickle }, ...storages, version], false);
}

// Opcodes of pickle, protocol 2. (CPython, Lib/pickletools.py)
const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value));
const op = text;
const string = (value: string): Uint8Array => concat(op("X"), little(text(value).length, 4), text(value));
const integer = (value: number): Uint8Array => concat(op("J"), little(value, 4));
const tuple = (...items: readonly Uint8Array[]): Uint8Array => concat(op("("), ...items, op("t"));
const global = (module: string, name: string): Uint8Array => op(`c${module}\n${name}\n`);
const emptyTuple = op(")");
const falsehood = Uint8Array.of(0x89);
const reduce = op("R");

function dict(items: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  return concat(op("}("), ...items.map(([name, value]) => concat(string(name), value)), op("u"));
}

function rebuildTensor(shape: readonly number[], storage: number): Uint8Array {
  const size = shape.reduce((product, side) => product * side, 1);
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((product, side) => product * side, 1));
  const name = [string("storage"), global("torch", "FloatStorage"), string(`${storage}`), string("cpu"), integer(size)];
  const hooks = concat(global("collections", "OrderedDict"), emptyTuple, reduce);
  const parts = [
    concat(tuple(...name), op("Q")),
    integer(0),
    tuple(...shape.map(integer)),
    tuple(...strides.map(integer)),
  ];
  return concat(global("torch._utils", "_rebuild_tensor_v2"), tuple(...parts, falsehood, hooks), reduce);
}

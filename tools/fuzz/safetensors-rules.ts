// The rules of safetensors once more, slowly and by other means than the reader's (JSON.parse, BigInt, whole-text patterns):
// what the reader accepts must hold here, and what holds here the reader must accept.
import type { SafeTensor } from "../../packages/tensor-core/src/safetensors.ts";

/** Bits an element takes (huggingface/safetensors, README). */
const bits: Readonly<Record<string, bigint>> = {
  ...{ BOOL: 8n, U8: 8n, I8: 8n, F8_E5M2: 8n, F8_E4M3: 8n, F8_E8M0: 8n, F8_E4M3FNUZ: 8n, F8_E5M2FNUZ: 8n },
  ...{ F4: 4n, F6_E2M3: 6n, F6_E3M2: 6n, I16: 16n, U16: 16n, F16: 16n, BF16: 16n, I32: 32n, U32: 32n, F32: 32n },
  ...{ C64: 64n, F64: 64n, I64: 64n, U64: 64n },
};
type Info = { readonly dtype: string; readonly shape: number[]; readonly data_offsets: [number, number] };
export type Judged = { readonly broken: string } | { readonly tensors: Map<string, SafeTensor> };

export function judgeSafetensors(bytes: Uint8Array): Judged {
  try {
    return { tensors: judge(bytes) };
  } catch (error) {
    return { broken: (error as Error).message };
  }
}

function must(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new Error(rule);
}

function judge(bytes: Uint8Array): Map<string, SafeTensor> {
  must(bytes.length >= 8, "eight bytes of length");
  const length = Buffer.from(bytes.buffer, bytes.byteOffset, 8).readBigUInt64LE();
  must(length <= 100_000_000n && 8n + length <= BigInt(bytes.length), "a header inside the file");
  const json = Buffer.from(bytes.subarray(8, 8 + Number(length)));
  const text = json.toString("utf8");
  must(Buffer.from(text, "utf8").equals(json), "UTF-8");
  must(text.startsWith("{") && /\} *$/.test(text), "an object, then spaces");
  const header = JSON.parse(text) as Record<string, unknown>;
  const outside = text.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  must(!/[-+.eE]/.test(outside.replace(/true|false/g, "")), "unsigned integers only");
  must((outside.match(/""\s*:/g)?.length ?? 0) === countKeys(header), "no key twice");
  const named = Object.entries(header).filter(([name]) => name !== "__metadata__");
  must(isStrings(Object.hasOwn(header, "__metadata__") ? header["__metadata__"] : {}), "metadata of strings");
  must(
    stringsOf(header).every((value) => Buffer.from(value, "utf8").toString("utf8") === value),
    "whole characters",
  );
  const infos = named.map(([name, info]) => [name, checkInfo(info)] as const);
  infos.sort(([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1]);
  const dataStart = 8 + Number(length);
  let covered = 0;
  const tensors = new Map<string, SafeTensor>();
  for (const [name, { dtype, shape, data_offsets }] of infos) {
    must(data_offsets[0] === covered, "no hole and no overlap");
    covered = data_offsets[1];
    const data = bytes.subarray(dataStart + data_offsets[0], dataStart + covered);
    tensors.set(name, { dtype: dtype as SafeTensor["dtype"], shape, data });
  }
  must(dataStart + covered === bytes.length, "data to the end of the file");
  return tensors;
}

function checkInfo(value: unknown): Info {
  must(isObject(value) && Object.keys(value).sort().join() === "data_offsets,dtype,shape", "three keys");
  const { dtype, shape, data_offsets: offsets } = value as Info;
  must(typeof dtype === "string" && Object.hasOwn(bits, dtype), "a dtype");
  must(Array.isArray(shape) && Array.isArray(offsets) && offsets.length === 2, "lists");
  must(
    [...shape, ...offsets].every((number) => Number.isSafeInteger(number)),
    "integers below 2^53",
  );
  let size = bits[dtype] as bigint;
  // The reader refuses what overflows on the way, even where a zero follows.
  for (const dimension of shape) {
    size *= BigInt(dimension);
    must(size < 1n << 53n, "a size below 2^53 bits");
  }
  must(
    size % 8n === 0n && BigInt(offsets[1]) - BigInt(offsets[0]) === size / 8n,
    "offsets as far apart as the shape says",
  );
  return value as Info;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isStrings(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((item) => typeof item === "string");
}

function countKeys(value: unknown): number {
  let count = 0;
  for (const node of nodesOf(value)) if (isObject(node)) count += Object.keys(node).length;
  return count;
}

function stringsOf(value: unknown): string[] {
  return nodesOf(value).flatMap((node) =>
    isObject(node) ? Object.keys(node) : typeof node === "string" ? [node] : [],
  );
}

/** Every value of a tree, without recursion: headers may be nested as deep as they are long. */
function nodesOf(value: unknown): unknown[] {
  const nodes = [value];
  for (const node of nodes) {
    if (typeof node !== "object" || node === null) continue;
    for (const child of Object.values(node)) nodes.push(child);
  }
  return nodes;
}

// Damaged safetensors files: blindly, in the text of the header, and in its structure with all lengths kept right. Whatever
// comes, both readers agree with each other and with the rules of safetensors-rules.ts.
import { readdirSync, readFileSync } from "node:fs";
import { concat, extremes, little, overwrite, pick, resize } from "./bytes.ts";
import { expectEqual, readRanged, readWith } from "./readers.ts";
import type { FuzzFormat, FuzzInput } from "./run.ts";
import { judgeSafetensors } from "./safetensors-rules.ts";
import { createRng } from "../../packages/tensor-core/src/random.ts";
import type { Rng } from "../../packages/tensor-core/src/random.ts";
import { readSafetensors, safeDtypes, writeSafetensors } from "../../packages/tensor-core/src/safetensors.ts";
import type { SafeTensor } from "../../packages/tensor-core/src/safetensors.ts";
import { dtypeBits } from "../../packages/tensor-core/src/safetensors/dtypes.ts";

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

const pieces = [
  '"',
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "\\",
  "\\u0061",
  "\\ud800",
  '"dtype":"F32",',
  "0,",
  "1e9",
  "-1",
  "\ufeff",
]
  .concat(["null", "[[[[", '{"a":', "\u0000", "\u00e9", "__metadata__", "data_offsets", "9007199254740993"])
  .map((text) => new Uint8Array(Buffer.from(text)));

export function safetensorsFormat(): FuzzFormat {
  const corpus = loadCorpus();
  return { name: "safetensors", make: (rng) => makeInput(rng, corpus), check };
}

function loadCorpus(): ReadonlyArray<Uint8Array> {
  const folder = new URL("../golden/safetensors/", import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith(".safetensors"));
  const files = names.sort().map((name) => new Uint8Array(readFileSync(new URL(name, folder))));
  return [...files, ...Array.from({ length: 60 }, (_, index) => randomFile(createRng({ seed: 77, index })))];
}

function randomFile(rng: Rng): Uint8Array {
  const tensors = Array.from({ length: rng.integer(5) }, (_, i): [string, SafeTensor] => {
    const dtype = pick(safeDtypes, rng);
    // A multiple of four elements fills whole bytes in every dtype.
    const shape = [4, ...Array.from({ length: rng.integer(3) }, () => rng.integer(4))];
    const length = (shape.reduce((product, size) => product * size, 1) * dtypeBits(dtype)) / 8;
    return [`tensor.${i}`, { dtype, shape, data: Uint8Array.from({ length }, () => rng.integer(256)) }];
  });
  return writeSafetensors(tensors, rng.integer(2) === 0 ? undefined : { format: "pt", note: "\u00fcn\u00ef" });
}

const makers: Readonly<Record<string, (rng: Rng, bytes: Uint8Array, other: Uint8Array) => Uint8Array>> = {
  untouched: (_rng, bytes) => bytes,
  anywhere: (rng, bytes, other) => damage(rng, bytes, other),
  // The length follows the text, so that damage gets past the first rule.
  text: (rng, bytes, other) => rejoin(damage(rng, headerOf(bytes), headerOf(other)), dataOf(bytes)),
  structure: (rng, bytes) => rejoin(editJson(rng, headerOf(bytes)), dataOf(bytes)),
  exchanged: (_rng, bytes, other) => rejoin(headerOf(bytes), dataOf(other)),
  length: (rng, bytes) => concat(little(pick(extremes, rng), 8), bytes.subarray(8)),
  data: (rng, bytes, other) => rejoin(headerOf(bytes), resize(rng, dataOf(bytes), pieces, other)),
};

function makeInput(rng: Rng, corpus: ReadonlyArray<Uint8Array>): FuzzInput {
  const label = pick(Object.keys(makers).concat("structure", "structure", "text"), rng);
  return { label, bytes: (makers[label] as (typeof makers)[string])(rng, pick(corpus, rng), pick(corpus, rng)) };
}

function damage(rng: Rng, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  let copy: Uint8Array = bytes.slice();
  for (let i = rng.integer(4); i >= 0; i--) {
    if (rng.integer(2) === 0) overwrite(rng, copy, pieces);
    else copy = resize(rng, copy, pieces, other);
  }
  return copy;
}

const headerEnd = (bytes: Uint8Array): number => 8 + Number(Buffer.from(bytes).readBigUInt64LE());
const headerOf = (bytes: Uint8Array): Uint8Array => bytes.subarray(8, headerEnd(bytes));
const dataOf = (bytes: Uint8Array): Uint8Array => bytes.subarray(headerEnd(bytes));
const rejoin = (json: Uint8Array, data: Uint8Array): Uint8Array => concat(little(json.length, 8), json, data);

/** One to three edits of the tree; raw tokens, such as numbers that no JavaScript value has, stand in marked strings. */
function editJson(rng: Rng, header: Uint8Array): Uint8Array {
  const tree = JSON.parse(Buffer.from(header).toString()) as Json;
  for (let i = rng.integer(3); i >= 0; i--) editNode(rng, tree);
  const text = JSON.stringify(tree).replace(
    /"@raw:((?:[^"\\]|\\.)*)"/g,
    (_, raw: string) => JSON.parse(`"${raw}"`) as string,
  );
  const twice = rng.integer(8) === 0 ? repeatKey(rng, text) : text;
  return new Uint8Array(Buffer.from(twice.padEnd(twice.length + rng.integer(3), pick([" ", " ", "\n", "\t"], rng))));
}

function editNode(rng: Rng, root: Json): void {
  let node = root;
  for (;;) {
    if (typeof node !== "object" || node === null) return;
    const keys = Object.keys(node);
    if (keys.length === 0) return;
    const key = pick(keys, rng);
    const parent = node as { [key: string]: Json };
    const child = parent[key] as Json;
    if (typeof child === "object" && child !== null && rng.integer(4) > 0) {
      node = child;
      continue;
    }
    const action = rng.integer(6);
    if (action === 0) delete parent[key];
    else if (action === 1)
      parent[pick(["dtype", "shape", "data_offsets", "__metadata__", "__proto__x", "0"], rng)] = child;
    else if (action === 2 && typeof child === "number") parent[key] = child + pick([-8, -4, -1, 1, 4, 8], rng);
    else if (action === 3 && Array.isArray(node)) node.splice(rng.integer(node.length + 1), 0, pick([0, 1, 2], rng));
    else parent[key] = randomValue(rng);
    return;
  }
}

function randomValue(rng: Rng): Json {
  const depth = 1 + rng.integer(2000);
  const values: ReadonlyArray<() => Json> = [
    () => `@raw:${pick(extremes, rng)}`,
    () => `@raw:${pick(["-0", "1e2", "1.0", "-1", "1e999", "00", "0x1", "NaN", "Infinity", "+1"], rng)}`,
    () => `@raw:${"[".repeat(depth)}${"]".repeat(depth)}`,
    () => `@raw:${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`,
    () => pick(safeDtypes, rng),
    () => pick<Json>([null, true, false, "", [], {}, "F128", [0], [1, 1], "\ud800", "a\u0000b"], rng),
  ];
  return pick(values, rng)();
}

/** One `"key": value` once more, the key perhaps in another spelling. */
function repeatKey(rng: Rng, text: string): string {
  const pairs = [...text.matchAll(/"((?:[^"\\]|\\.)+)":(?:"[^"]*"|\[[\d,]*\]|\{[^{}]*\})/g)];
  if (pairs.length === 0) return text;
  const found = pick(pairs, rng);
  const spelled =
    rng.integer(2) === 0
      ? found[0]
      : found[0].replace(/^"(.)/, (_, c: string) => `"\\u00${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
  const at = found.index + found[0].length;
  return `${text.slice(0, at)},${spelled}${text.slice(at)}`;
}

async function check({ bytes }: FuzzInput): Promise<string> {
  const judged = judgeSafetensors(bytes);
  const whole = readWith(() => readSafetensors(bytes).tensors);
  const { outcome: ranged } = await readRanged(bytes);
  if ("tensors" in whole) {
    if ("broken" in judged) throw new Error(`accepted a file without ${judged.broken}`);
    if (!("tensors" in ranged)) throw new Error(`in ranges refused with ${ranged.code}`);
    expectEqual(whole.tensors, judged.tensors);
    expectEqual(whole.tensors, ranged.tensors);
    return "accepted";
  }
  if ("tensors" in judged) throw new Error(`refused a sound file with ${whole.code}`);
  if ("tensors" in ranged) throw new Error(`refused with ${whole.code}, accepted in ranges`);
  // Content that does not even look like it is refused by its looks.
  if (ranged.error === "format" && ranged.code !== whole.code) {
    throw new Error(`expected ${whole.code} in ranges, got ${ranged.code}`);
  }
  return whole.code;
}

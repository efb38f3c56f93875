// Mutates real checkpoints and reads them: whatever is done to a file, the reader either refuses it with a PickleError,
// quickly, or returns tensors within its bounds, and in a zip archive never other tensors than were written.
// node --import jiti/register tools/fuzz/pickle.ts [COUNT=1000000] [SEED=1] [SECONDS]
import { readdirSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { crc32 } from "../../packages/tensor-core/src/pickle/crc32.ts";
import { PickleError, readTorchFile } from "../../packages/tensor-core/src/pickle/index.ts";
import type { TorchFile } from "../../packages/tensor-core/src/pickle/index.ts";
import { readZip } from "../../packages/tensor-core/src/pickle/zip.ts";
import { defaultLimits } from "../../packages/tensor-core/src/pickle/limits.ts";
import { createRng } from "../../packages/tensor-core/src/random.ts";
import type { Rng } from "../../packages/tensor-core/src/random.ts";

type Seed = {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly fingerprint: string;
  /** Of a zip archive: where its pickle lies, and where the directory keeps the pickle's checksum. */
  readonly pickle: { readonly start: number; readonly end: number; readonly crcAt: number } | undefined;
};
type Mode = "raw" | "repaired" | "legacy";

export type FuzzReport = {
  readonly inputs: Record<Mode, number>;
  readonly refused: Record<string, number>;
  /** Read without an error: in raw archives only where no checked byte changed. */
  readonly accepted: Record<Mode, number>;
  slowestMilliseconds: number;
};
export type FuzzOptions = { readonly count: number; readonly seed: number; readonly seconds?: number };

/** Opcodes with large operands or effects, more likely than chance to lead anywhere. */
const pieces = [
  "(",
  ")",
  "}",
  "]",
  "0",
  "R",
  "b",
  "t",
  "u",
  "e",
  "Q",
  "i",
  "o",
  "\x81",
  "\x82",
  "\x94",
  "h\x00",
  "q\x00",
]
  .concat(["K\xff", "J\xff\xff\xff\x7f", "J\xff\xff\xff\xff", "M\xff\xff", "X\xff\xff\xff\xff", "\x8a\xff", "\x8a\x00"])
  .concat(["cos\nsystem\n", "cbuiltins\neval\n", "ctorch\nSize\n", "ccollections\nOrderedDict\n", "\xff\xff\xff\xff"])
  .map((text) => Uint8Array.from(text, (character) => character.charCodeAt(0)));

/** Runs `count` inputs, or as many as fit in `seconds`; throws on the first that breaks a promise, with its number. */
export function fuzzPickle({ count, seed, seconds = Infinity }: FuzzOptions): FuzzReport {
  const seeds = loadSeeds();
  const report: FuzzReport = {
    inputs: { raw: 0, repaired: 0, legacy: 0 },
    refused: {},
    accepted: { raw: 0, repaired: 0, legacy: 0 },
    slowestMilliseconds: 0,
  };
  const deadline = performance.now() + seconds * 1000;
  for (let index = 0; index < count && performance.now() < deadline; index++) {
    const rng = createRng({ seed, index });
    const original = seeds[rng.integer(seeds.length)] as Seed;
    const mode = original.pickle === undefined ? "legacy" : rng.integer(2) === 0 ? "raw" : "repaired";
    const bytes = mutate(rng, original, mode);
    report.inputs[mode]++;
    try {
      readOne(original, mode, bytes, report);
    } catch (error) {
      throw new Error(`[fuzzPickle] input ${index} of seed ${seed} (${original.name}, ${mode})`, { cause: error });
    }
  }
  return report;
}

function readOne(original: Seed, mode: Mode, bytes: Uint8Array, report: FuzzReport): void {
  const begin = performance.now();
  const file = tryRead(bytes, report);
  let milliseconds = performance.now() - begin;
  // A pause of this process is no hang: what seems slow is read once more.
  if (milliseconds > 20) milliseconds = Math.min(milliseconds, timeAgain(bytes));
  report.slowestMilliseconds = Math.max(report.slowestMilliseconds, milliseconds);
  if (file === undefined) return;
  report.accepted[mode]++;
  if (mode === "raw" && fingerprintOf(file) !== original.fingerprint) throw new Error("other tensors, and no error");
  const copied = new Set([...file.tensors.values()].map(({ data }) => data.buffer).filter((b) => b !== bytes.buffer));
  const total = [...copied].reduce((sum, buffer) => sum + buffer.byteLength, 0);
  const bound = bytes.length + defaultLimits.maxExtraBytes;
  if (total > bound) throw new Error(`expected at most ${bound} bytes of copies, got ${total}`);
}

function timeAgain(bytes: Uint8Array): number {
  const begin = performance.now();
  tryRead(bytes, { refused: {} });
  return performance.now() - begin;
}

function tryRead(bytes: Uint8Array, report: Pick<FuzzReport, "refused">): TorchFile | undefined {
  try {
    return readTorchFile(bytes);
  } catch (error) {
    if (!(error instanceof PickleError)) throw error;
    report.refused[error.code] = (report.refused[error.code] ?? 0) + 1;
    return undefined;
  }
}

function fingerprintOf({ tensors }: TorchFile): string {
  return [...tensors].map(([name, { dtype, shape, data }]) => `${name} ${dtype} ${shape} ${crc32(data)}`).join("\n");
}

/** One to four changes anywhere; in a repaired archive inside its pickle, with the checksum made to fit again. */
function mutate(rng: Rng, { bytes, pickle }: Seed, mode: Mode): Uint8Array {
  const changes = 1 + rng.integer(4);
  if (mode === "repaired" && pickle !== undefined) {
    const copy = bytes.slice();
    const inside = copy.subarray(pickle.start, pickle.end);
    for (let i = 0; i < changes; i++) overwrite(rng, inside);
    new DataView(copy.buffer).setUint32(pickle.crcAt, crc32(inside), true);
    return copy;
  }
  let copy: Uint8Array = bytes.slice();
  for (let i = 0; i < changes; i++) {
    if (rng.integer(3) > 0) overwrite(rng, copy);
    else copy = resize(rng, copy);
  }
  return copy;
}

function overwrite(rng: Rng, bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  const at = rng.integer(bytes.length);
  const piece = pieces[rng.integer(pieces.length)] as Uint8Array;
  const length = Math.min(1 + rng.integer(32), bytes.length - at);
  const kind = rng.integer(4);
  if (kind === 0) bytes[at] = (bytes[at] as number) ^ (1 << rng.integer(8));
  else if (kind === 1) bytes[at] = rng.integer(256);
  else if (kind === 2) bytes.set(piece.subarray(0, bytes.length - at), at);
  else bytes.copyWithin(at, rng.integer(bytes.length - length + 1), at + length);
}

/** A piece put in, a range cut out or repeated, or the end cut off. */
function resize(rng: Rng, bytes: Uint8Array): Uint8Array {
  const at = rng.integer(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + rng.integer(64));
  const kind = rng.integer(4);
  if (kind === 0) return bytes.slice(0, at);
  const middle = kind === 1 ? (pieces[rng.integer(pieces.length)] as Uint8Array) : bytes.subarray(at, end);
  return join(
    bytes.subarray(0, kind === 2 ? end : at),
    kind === 3 ? new Uint8Array(0) : middle,
    bytes.subarray(kind === 3 ? end : kind === 2 ? end : at),
  );
}

function join(...parts: ReadonlyArray<Uint8Array>): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function loadSeeds(): ReadonlyArray<Seed> {
  const folder = new URL("../golden/pickle/", import.meta.url);
  const names = readdirSync(folder)
    .filter((name) => /\.(pt|pkl)$/.test(name))
    .sort();
  return names.map((name) => {
    const bytes = new Uint8Array(readFileSync(new URL(name, folder)));
    return { name, bytes, fingerprint: fingerprintOf(readTorchFile(bytes)), pickle: findPickle(bytes) };
  });
}

function findPickle(bytes: Uint8Array): Seed["pickle"] {
  if (bytes[0] !== 0x50) return undefined;
  const pickle = [...readZip(bytes, defaultLimits).values()].find(({ name }) => name.endsWith("/data.pkl"))!;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const crc = crc32(pickle.data);
  for (let at = bytes.length - 46; at > 0; at--) {
    if (view.getUint32(at, true) !== 0x02014b50 || view.getUint32(at + 16, true) !== crc) continue;
    return { start: pickle.dataStart, end: pickle.dataStart + pickle.data.length, crcAt: at + 16 };
  }
  throw new Error("[fuzzPickle] expected the pickle in the archive's directory, got none");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [count = 1_000_000, seed = 1, seconds = Infinity] = process.argv.slice(2).map(Number);
  const report = fuzzPickle({ count, seed, seconds });
  console.log(JSON.stringify(report, null, 2));
}

// Damaged PyTorch checkpoints: blindly, in the fields of the archive, and in the pickle and the records of archives that are
// put together again with right checksums. Whatever comes, the reader of whole files and that of ranges agree, and a raw
// archive never gives other tensors than were written.
import { readdirSync, readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { fieldsOf, putNested, putTogether, takeApart } from "./archive.ts";
import type { NewRecord } from "./archive.ts";
import { concat, extremes, little, overwrite, pick, resize } from "./bytes.ts";
import { describeTensors, expectEqual, readRanged, readWith, refusalOf } from "./readers.ts";
import type { Outcome, Ranges, Tensors } from "./readers.ts";
import type { FuzzFormat, FuzzInput } from "./run.ts";
import { readSourceRanges } from "../../packages/tensor-core/src/files/ranges.ts";
import { bytesSource } from "../../packages/tensor-core/src/files/source.ts";
import { defaultLimits, describeFile, readTorchFile, sniffFile } from "../../packages/tensor-core/src/pickle/index.ts";
import { readTorchContents } from "../../packages/tensor-core/src/pickle/torch.ts";
import type { Rng } from "../../packages/tensor-core/src/random.ts";

type Seed = { readonly bytes: Uint8Array; readonly fingerprint: string; readonly records: ReadonlyArray<NewRecord> };
/** `originals`: what a raw archive's tensors must be; its damage may be another file in its place. */
type PickleInput = FuzzInput & { readonly originals: ReadonlyArray<string> | undefined };
type Maker = (rng: Rng, seed: Seed, other: Seed) => Uint8Array;

/** Opcodes with large operands or effects, more likely than chance to lead anywhere. */
const pieces = [..."()}]0RbtueQio\x81\x82\x94\x85\x86\x87.N\x88", "h\x00", "q\x00", "\x80\x02", "\x80\x05", "K\xff"]
  .concat([
    "J\xff\xff\xff\x7f",
    "J\xff\xff\xff\xff",
    "M\xff\xff",
    "X\xff\xff\xff\xff",
    "\x8a\xff",
    "\x8a\x00",
    "\x95\xff\xff",
  ])
  .concat(["cos\nsystem\n", "cbuiltins\neval\n", "ctorch\nSize\n", "ccollections\nOrderedDict\n", "\xff\xff\xff\xff"])
  .concat([
    "ccollections\ndefaultdict\n",
    "cbuiltins\ndict\n",
    "ctorch\nuint64\n",
    "ctorch._utils\n_rebuild_tensor_v3\n",
  ])
  .concat([
    "I01\n",
    "L99L\n",
    "S'a'\n",
    "p0\n",
    "g0\n",
    "(ios\nsystem\n",
    "\x92",
    "\x8b\xff\xff\xff\xff",
    "1",
    "2",
    "ld",
  ])
  .concat(["ccopyreg\n_reconstructor\n", "ctorch._tensor\n_rebuild_from_type_v2\n", "ctorch\nQInt32Storage\n"])
  .concat(["ctorch.storage\nUntypedStorage\n", "X\x07\x00\x00\x00storage", "]q\x01h\x01a", "(((((((((((((((("])
  .map((text) => Uint8Array.from(text, (character) => character.charCodeAt(0)));

/** `raw` archives keep their checksums, so that no changed byte of a record may be accepted. */
const zipMakers: Readonly<Record<string, Maker>> = {
  untouched: (_rng, { bytes }) => bytes,
  raw: (rng, { bytes }, other) => damage(rng, bytes, other.bytes),
  "raw fields": (rng, { bytes }) => damageFields(rng, bytes),
  "wide fields": (rng, { records }) => damageFields(rng, putTogether(records, true)),
  pickle: (rng, { records }, other) => putTogether(changePickle(rng, records, other), rng.integer(4) === 0),
  opcodes: (rng, { records }) => putTogether(changeOpcodes(rng, records), false),
  nested: (rng, { records }) => putNested(records, pick(records.filter(isAside), rng), pick(records, rng)),
  records: (rng, { records }, other) => putTogether(changeRecords(rng, records, other), rng.integer(4) === 0),
};
const legacyMakers: Readonly<Record<string, Maker>> = {
  untouched: (_rng, { bytes }) => bytes,
  legacy: (rng, { bytes }, other) => damage(rng, bytes, other.bytes),
  "legacy opcodes": (rng, { bytes }) => replaceOpcodes(rng, bytes.slice()),
};

export function pickleFormat(): FuzzFormat {
  const seeds = loadSeeds();
  const make = (rng: Rng): PickleInput => {
    const seed = pick(seeds, rng);
    const makers = seed.records.length > 0 ? zipMakers : legacyMakers;
    const label = pick(Object.keys(makers), rng);
    const other = pick(seeds, rng);
    const bytes = (makers[label] as Maker)(rng, seed, other);
    const kept = label === "untouched" || label === "raw" || label.endsWith("fields");
    return { label, bytes, originals: kept ? [seed.fingerprint, other.fingerprint] : undefined };
  };
  return { name: "pickle", make, check: (input) => check(input as PickleInput) };
}

function loadSeeds(): ReadonlyArray<Seed> {
  const folder = new URL("../golden/pickle/", import.meta.url);
  // Not among them: what is refused untouched, and an archive without checksums, in which damage cannot show.
  const names = readdirSync(folder).filter(
    (name) => /\.(pt|pkl)$/.test(name) && !/^(deflated|script|unsummed)/.test(name),
  );
  return names.sort().map((name) => {
    const bytes = new Uint8Array(readFileSync(new URL(name, folder)));
    return { bytes, fingerprint: fingerprintOf(readTorchFile(bytes).tensors), records: takeApart(bytes) ?? [] };
  });
}

function fingerprintOf(tensors: Tensors): string {
  return `${describeTensors(tensors)}\n${[...tensors.values()].map(({ data }) => crc32(data)).join()}`;
}

function damage(rng: Rng, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  let copy: Uint8Array = bytes.slice();
  for (let i = rng.integer(4); i >= 0; i--) {
    if (rng.integer(3) > 0) overwrite(rng, copy, pieces);
    else copy = resize(rng, copy, pieces, other);
  }
  return copy;
}

/** Numbers of the archive's structure to extremes, to their neighbors, and to the number of another field. */
function damageFields(rng: Rng, bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  const fields = fieldsOf(copy);
  for (let i = rng.integer(3); i >= 0 && fields.length > 0; i--) {
    const { at, size } = pick(fields, rng);
    const from = pick(fields, rng);
    const near = Buffer.from(copy).readUIntLE(at, Math.min(size, 6)) + pick([-1, 1, 4, -30], rng);
    const values = [little(pick(extremes, rng), size), copy.slice(from.at, from.at + Math.min(size, from.size))];
    copy.set(pick([...values, little(Math.max(0, near), size)], rng), at);
  }
  return copy;
}

/** A record that nothing is read from. */
const isAside = ({ name }: NewRecord): boolean => /\/(version|\.[^/]*|serialization_id)$/.test(name);
const isPickle = ({ name }: NewRecord): boolean => name.endsWith("data.pkl");

function changePickle(rng: Rng, records: ReadonlyArray<NewRecord>, other: Seed): NewRecord[] {
  const donor = other.records.find(isPickle)?.data ?? other.bytes;
  return records.map((record) => (isPickle(record) ? { ...record, data: damage(rng, record.data, donor) } : record));
}

function changeOpcodes(rng: Rng, records: ReadonlyArray<NewRecord>): NewRecord[] {
  return records.map((record) =>
    isPickle(record) ? { ...record, data: replaceOpcodes(rng, record.data.slice()) } : record,
  );
}

/** Bytes that are likely opcodes become others; numbers behind BININT and its kin become extremes. */
function replaceOpcodes(rng: Rng, bytes: Uint8Array): Uint8Array {
  const opcodes = [...bytes.keys()].filter(
    (at) => bytes[at] === 0x28 || (bytes[at] as number) >= 0x80 || bytes[at] === 0x4b,
  );
  for (let i = rng.integer(3); i >= 0 && opcodes.length > 0; i--) {
    const at = pick(opcodes, rng);
    if (bytes[at] === 0x4b && at + 1 < bytes.length) bytes[at + 1] = rng.integer(256);
    else bytes[at] = pick(pieces, rng)[0] as number;
  }
  return bytes;
}

/** Records dropped, doubled, renamed, cut, grown and taken from another archive: lies about what the pickle expects. */
function changeRecords(rng: Rng, records: ReadonlyArray<NewRecord>, other: Seed): NewRecord[] {
  const copy = [...records];
  const at = rng.integer(copy.length);
  const record = copy[at] as NewRecord;
  const size = rng.integer(record.data.length + 1);
  const change: ReadonlyArray<() => unknown> = [
    () => copy.splice(at, 1),
    () => copy.splice(at, 0, record),
    () => (copy[at] = { ...record, name: pick(records, rng).name }),
    () => (copy[at] = { ...record, name: `${record.name}${pick(["x", "/", "\u0000", "/data.pkl", ""], rng)}` }),
    () => (copy[at] = { ...record, data: record.data.subarray(0, size) }),
    () => (copy[at] = { ...record, data: concat(record.data, record.data.subarray(0, size)) }),
    () => (copy[at] = { ...record, data: (other.records[at] ?? record).data }),
    () => copy.reverse(),
    () =>
      copy.push({
        name: record.name.replace(/[^/]*$/, pick(["constants.pkl", "byteorder", "x"], rng)),
        data: record.data,
      }),
  ];
  pick(change, rng)();
  return copy;
}

async function check({ label, bytes, originals }: PickleInput): Promise<string> {
  const whole = readWith(() => readTorchFile(bytes).tensors);
  const { outcome: ranged, ranges } = await readRanged(bytes);
  const kind = sniffFile(bytes);
  if (kind === "torch-legacy") await checkPrefixes(bytes, whole);
  if ("tensors" in whole) {
    if (!("tensors" in ranged)) throw new Error(`accepted, in ranges refused with ${ranged.code}`);
    expectEqual(whole.tensors, ranged.tensors);
    expectBounded(bytes, whole.tensors);
    if (kind === "torch-zip") expectSoundRecords(bytes, whole.tensors);
    if (kind === "torch-zip") expectOriginal(whole.tensors, originals);
    return "accepted";
  }
  if (label === "untouched") throw new Error(`refused a sound file with ${whole.code}`);
  const torch = kind === "torch-zip" || kind === "torch-legacy";
  if (torch) expectSameRefusal(bytes, whole, ranged, ranges, originals);
  else if (kind !== "safetensors" && ("tensors" in ranged || ranged.code !== whole.code) && !isCut(ranged)) {
    throw new Error(`expected ${whole.code} for ${describeFile(kind)}, got ${JSON.stringify(ranged)}`);
  }
  return whole.code;
}

/** What looks like safetensors that were cut off is judged by the rules of safetensors. */
const isCut = (outcome: Outcome): boolean => "code" in outcome && outcome.code === "InvalidHeaderLength";

/** In ranges, a damaged record shows when it is read: later than another fault of the file, or never. */
function expectSameRefusal(
  bytes: Uint8Array,
  whole: Outcome & { readonly code: string },
  ranged: Outcome,
  ranges: Ranges,
  originals: ReadonlyArray<string> | undefined,
): void {
  if ("code" in ranged && ranged.code === whole.code) return;
  if (whole.code !== "Checksum") throw new Error(`expected ${whole.code} in ranges, got ${JSON.stringify(ranged)}`);
  if ("code" in ranged) return;
  const damaged = (takeApart(bytes) ?? []).filter(({ sound }) => !sound);
  const used = damaged.find(({ start, data }) => ranges.some(([from, to]) => from < start + data.length && start < to));
  if (used !== undefined) throw new Error(`read tensors from the damaged record ${used.name}`);
  expectOriginal(ranged.tensors, originals);
}

function expectOriginal(tensors: Tensors, originals: ReadonlyArray<string> | undefined): void {
  if (originals?.includes(fingerprintOf(tensors)) === false) throw new Error("other tensors, and no error");
}

/** The old container read in prefixes that grow from a few bytes gives the same, or fails the same way. */
async function checkPrefixes(bytes: Uint8Array, whole: Outcome): Promise<void> {
  const input = { size: bytes.length, limits: defaultLimits, whole: false, firstPrefix: 16 };
  let got: Outcome | string;
  try {
    const { tensors } = await readSourceRanges(readTorchContents("torch-legacy", input), bytesSource(bytes));
    got = [...tensors].map(([name, { dtype, shape }]) => `${name} ${dtype} ${shape}`).join();
  } catch (error) {
    got = refusalOf(error);
  }
  const expected =
    "code" in whole ? whole.code : [...whole.tensors].map(([name, t]) => `${name} ${t.dtype} ${t.shape}`).join();
  const found = typeof got === "string" ? got : "code" in got ? got.code : "";
  if (found !== expected) throw new Error(`in prefixes expected ${expected}, got ${found}`);
}

function expectBounded(bytes: Uint8Array, tensors: Tensors): void {
  const copied = new Set(
    [...tensors.values()].map(({ data }) => data.buffer).filter((buffer) => buffer !== bytes.buffer),
  );
  const total = [...copied].reduce((sum, buffer) => sum + buffer.byteLength, 0);
  const bound = bytes.length + defaultLimits.maxExtraBytes;
  if (total > bound) throw new Error(`expected at most ${bound} bytes of copies, got ${total}`);
}

/** By an independent look at the archive: every record is sound, and every tensor that is a view lies in a storage's. */
function expectSoundRecords(bytes: Uint8Array, tensors: Tensors): void {
  const records = takeApart(bytes);
  const damaged = records === undefined ? "the directory" : records.find(({ sound }) => !sound)?.name;
  if (damaged !== undefined) throw new Error(`accepted, though ${damaged} is damaged`);
  const storages = (records ?? []).filter(({ name }) => /^[^/]*\/data\/./.test(name));
  for (const [name, { data }] of tensors) {
    if (data.buffer !== bytes.buffer || data.length === 0) continue;
    const start = data.byteOffset - bytes.byteOffset;
    const inside = storages.some(
      (record) => record.start <= start && start + data.length <= record.start + record.data.length,
    );
    if (!inside) throw new Error(`${name} lies in no storage`);
  }
}

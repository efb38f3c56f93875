// 20,000 damaged files, from a seed: the reader either throws a SafetensorsError or what it returns holds by an
// independent check (JSON.parse and BigInt). Damage that must show, such as a moved offset, must never be accepted.
import { expect, it } from "vitest";
import { createRng } from "../random.ts";
import type { Rng } from "../random.ts";
import { readSafetensors, safeDtypes, SafetensorsError, writeSafetensors } from "../safetensors.ts";
import type { SafeTensor, SafetensorsFile } from "../safetensors.ts";
import { dtypeBits } from "./dtypes.ts";

type Info = { dtype: string; shape: number[]; data_offsets: number[] };
type Parts = { header: Record<string, Info>; data: Uint8Array };
type Mutation = (parts: Parts, rng: Rng) => Uint8Array;

const pick = <T>(items: ReadonlyArray<T>, rng: Rng): T => items[rng.integer(items.length)];

function randomFile(rng: Rng): Uint8Array {
  const tensors = Array.from({ length: 1 + rng.integer(4) }, (_, i): [string, SafeTensor] => {
    const dtype = pick(safeDtypes, rng);
    // A multiple of four elements fills whole bytes in every dtype; the first tensor is never empty.
    const shape = [4, ...Array.from({ length: rng.integer(3) }, () => (i === 0 ? 1 : 0) + rng.integer(4))];
    const length = (shape.reduce((product, size) => product * size, 1) * dtypeBits(dtype)) / 8;
    return [`tensor.${i}`, { dtype, shape, data: Uint8Array.from({ length }, () => rng.integer(256)) }];
  });
  return writeSafetensors(tensors, rng.integer(2) === 0 ? undefined : { format: "pt", note: "ünï" });
}

function split(bytes: Uint8Array): Parts {
  const dataStart = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, dataStart))) as Record<string, Info>;
  return { header, data: bytes.slice(dataStart) };
}

function join(json: string, data: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(json);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

function edit({ header, data }: Parts, rng: Rng, change: (info: Info, name: string) => void): Uint8Array {
  const copy = structuredClone(header);
  const filled = Object.keys(copy).filter((name) => name !== "__metadata__" && !copy[name].shape.includes(0));
  const name = pick(filled, rng);
  change(copy[name], name);
  return join(JSON.stringify(copy), data);
}

const whole = ({ header, data }: Parts) => join(JSON.stringify(header), data);

/** Every one of these breaks the declared structure, so none may be accepted. */
const breaking: Readonly<Record<string, Mutation>> = {
  truncate: (parts, rng) => whole(parts).slice(0, rng.integer(whole(parts).length)),
  append: (parts, rng) => {
    const bytes = whole(parts);
    const longer = new Uint8Array(bytes.length + 1 + rng.integer(16)).fill(pick([0, 0x20, 0x7d], rng));
    longer.set(bytes);
    return longer;
  },
  headerLength: (parts, rng) => {
    const bytes = whole(parts);
    bytes[rng.integer(8)] ^= 1 << rng.integer(8);
    return bytes;
  },
  offset: (parts, rng) =>
    edit(parts, rng, ({ data_offsets }) => {
      data_offsets[rng.integer(2)] += pick([-1, 1, 4, -8, 0.5, 2 ** 53, 1e300], rng);
    }),
  dimension: (parts, rng) =>
    edit(parts, rng, ({ shape }) => {
      shape[rng.integer(shape.length)] += pick([1, 2, -0.5, 1e9, 2 ** 53], rng);
    }),
  rank: (parts, rng) => edit(parts, rng, ({ shape }) => shape.push(pick([0, 2, 3, 2 ** 40], rng))),
  dtype: (parts, rng) =>
    edit(parts, rng, (info) => {
      const wrong = safeDtypes.filter((dtype) => dtypeBits(dtype) !== dtypeBits(info.dtype as SafeTensor["dtype"]));
      info.dtype = pick([...wrong, "F128", "", "__proto__"], rng);
    }),
  missing: (parts, rng) =>
    edit(parts, rng, (info) => {
      delete info[pick(["dtype", "shape", "data_offsets"] as const, rng)];
    }),
  twice: (parts, rng) => {
    const name = pick(Object.keys(parts.header), rng);
    const json = JSON.stringify(parts.header);
    const again = JSON.stringify({ [name]: parts.header[name] });
    return join(`${json.slice(0, -1)},${again.slice(1)}`, parts.data);
  },
  dropped: ({ header, data }, rng) => {
    const filled = Object.keys(header).filter((name) => name !== "__metadata__" && !header[name].shape.includes(0));
    const gone = pick(filled, rng);
    return join(JSON.stringify(Object.fromEntries(Object.entries(header).filter(([name]) => name !== gone))), data);
  },
};

/** Blind damage to the header: what comes out may be another sound file, or an error. */
const blind: Readonly<Record<string, Mutation>> = {
  bytes: (parts, rng) => {
    const bytes = whole(parts);
    const headerEnd = bytes.length - parts.data.length;
    for (let i = rng.integer(4); i >= 0; i--) bytes[rng.integer(headerEnd)] = rng.integer(256);
    return bytes;
  },
  symbols: (parts, rng) => {
    const json = JSON.stringify(parts.header).split("");
    for (let i = rng.integer(3); i >= 0; i--)
      json[rng.integer(json.length)] = pick([...'0123456789[]{},:" \\ue-.F'], rng);
    return join(json.join(""), parts.data);
  },
  splice: (parts, rng) => {
    const json = JSON.stringify(parts.header);
    const from = rng.integer(json.length);
    const piece = json.slice(from, from + rng.integer(40));
    const at = rng.integer(json.length);
    return join(json.slice(0, at) + piece + json.slice(at + rng.integer(2) * piece.length), parts.data);
  },
};

/** Checks an accepted file by other means than the reader's: throws or fails where they differ. */
function expectSound(bytes: Uint8Array, { tensors }: SafetensorsFile): void {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(
    bytes.subarray(8, 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true))),
  );
  const header = JSON.parse(text) as Record<string, Info>;
  const keys = Object.values(header).reduce(
    (count, value) => count + Object.keys(value).length,
    Object.keys(header).length,
  );
  expect(text.match(/"(?:[^"\\]|\\.)*"\s*:/g)?.length ?? 0).toBe(keys);
  const infos = Object.entries(header).filter(([name]) => name !== "__metadata__");
  expect(infos.map(([name]) => name).sort()).toEqual([...tensors.keys()].sort());
  let covered = 0n;
  for (const [, { dtype, shape, data_offsets }] of infos.sort(
    ([, a], [, b]) => a.data_offsets[1] - b.data_offsets[1],
  )) {
    expect(BigInt(data_offsets[0])).toBe(covered);
    const bits = shape.reduce(
      (product, size) => product * BigInt(size),
      BigInt(dtypeBits(dtype as SafeTensor["dtype"])),
    );
    covered += bits / 8n;
    expect(bits % 8n).toBe(0n);
    expect(BigInt(data_offsets[1])).toBe(covered);
  }
  expect(covered).toBe(BigInt(bytes.length) - 8n - BigInt(new TextEncoder().encode(text).length));
}

/** The error's code, or "accepted" after the independent check. */
function outcome(bytes: Uint8Array): string {
  let file: SafetensorsFile;
  try {
    file = readSafetensors(bytes);
  } catch (error) {
    if (error instanceof SafetensorsError) return error.code;
    throw error;
  }
  expectSound(bytes, file);
  return "accepted";
}

it("never crashes and never accepts a broken structure, over 20,000 mutations", () => {
  const mutations = [...Object.entries(breaking), ...Object.entries(blind)];
  const seen = new Map<string, number>();
  for (let index = 0; index < 20_000; index++) {
    const rng = createRng({ seed: 20, index });
    const [name, mutate] = mutations[index % mutations.length];
    const result = outcome(mutate(split(randomFile(rng)), rng));
    if (name in breaking && result === "accepted") throw new Error(`${name} was accepted, index ${index}`);
    seen.set(result, (seen.get(result) ?? 0) + 1);
  }
  // The damage is varied enough to reach every rule, and some of it (a changed name) leaves a sound file.
  const codes = ["HeaderTooLarge", "HeaderTooSmall", "InvalidHeaderLength", "InvalidHeader", "InvalidHeaderStart"];
  codes.push("InvalidOffset", "MetadataIncompleteBuffer", "ValidationOverflow", "TensorInvalidInfo", "DuplicateKey");
  expect([...seen.keys()].sort()).toEqual([...codes, "UnknownDtype", "accepted"].sort());
});

it("accepts the same files undamaged", () => {
  for (let index = 0; index < 500; index++)
    expect(outcome(randomFile(createRng({ seed: 20, index })))).toBe("accepted");
});

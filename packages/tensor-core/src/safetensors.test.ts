// The safetensors reader and writer: every rule has its error code, and what is written is read back (fast-check).
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  fromFloat32,
  fromInt32,
  readSafetensors,
  readSafetensorsHeader,
  readSafetensorsHeaderLength,
  safeDtypes,
  SafetensorsError,
  toFloat32,
  toInt32,
  writeSafetensors,
} from "./safetensors.ts";
import type { SafeTensor, SafetensorsErrorCode } from "./safetensors.ts";
import { dtypeBits } from "./safetensors/dtypes.ts";

/** A file with this header text, unpadded, and this many zero bytes of data. */
function file(header: string | Uint8Array, dataLength = 0): Uint8Array {
  const json = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + json.length + dataLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

function codeOf(run: () => unknown): SafetensorsErrorCode | "no error" {
  try {
    run();
  } catch (error) {
    if (error instanceof SafetensorsError) return error.code;
    throw error;
  }
  return "no error";
}

const info = (dtype: string, shape: string, offsets: string) =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;

describe("every rule of the format", () => {
  const twoTensors = (a: string, b: string) => `{"a":${info("U8", "[4]", a)},"b":${info("U8", "[4]", b)}}`;
  const latin1 = Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x7d]);
  const cases: ReadonlyArray<readonly [string, SafetensorsErrorCode, Uint8Array]> = [
    ["no bytes at all", "HeaderTooSmall", new Uint8Array(0)],
    ["seven bytes", "HeaderTooSmall", new Uint8Array(7)],
    ["a header of 100 MB and one byte", "HeaderTooLarge", Uint8Array.from([1, 0xe1, 0xf5, 5, 0, 0, 0, 0, 0x7b])],
    ["a header length of 2^64 - 1", "HeaderTooLarge", new Uint8Array(16).fill(255)],
    ["a header longer than the file", "InvalidHeaderLength", file("{}").subarray(0, 9)],
    ["an empty header", "InvalidHeaderStart", file("")],
    ["a space in front", "InvalidHeaderStart", file(" {}")],
    ["a byte order mark", "InvalidHeaderStart", file("\ufeff{}")],
    ["an array", "InvalidHeaderStart", file("[]")],
    ["bytes that are not UTF-8", "InvalidHeader", file(latin1)],
    ["broken JSON", "InvalidHeader", file('{"a":')],
    ["a missing comma", "InvalidHeader", file('{"__metadata__":{} "a":{}}')],
    ["a trailing comma", "InvalidHeader", file(`{"a":${info("U8", "[0]", "[0,0]")},}`)],
    ["text after the header", "InvalidHeader", file("{}{}")],
    ["a newline as padding", "InvalidHeader", file("{}\n")],
    ["a zero byte as padding", "InvalidHeader", file("{}\0")],
    ["a tensor that is a number", "InvalidHeader", file('{"a":1}')],
    ["a raw control character in a name", "InvalidHeader", file('{"a\tb":1}')],
    ["a lone surrogate in a name", "InvalidHeader", file(`{"\\ud800":${info("U8", "[0]", "[0,0]")}}`)],
    ["an unfinished escape", "InvalidHeader", file('{"a\\')],
    ["a missing dtype", "InvalidHeader", file('{"a":{"shape":[0],"data_offsets":[0,0]}}')],
    ["a missing shape", "InvalidHeader", file('{"a":{"dtype":"U8","data_offsets":[0,0]}}')],
    ["missing offsets", "InvalidHeader", file('{"a":{"dtype":"U8","shape":[0]}}')],
    ["an unknown key", "InvalidHeader", file('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":"y"}}')],
    ["a shape of strings", "InvalidHeader", file(`{"a":${info("U8", '["4"]', "[0,4]")}}`, 4)],
    ["metadata that is a number", "InvalidHeader", file('{"__metadata__":1}')],
    ["metadata with a number", "InvalidHeader", file('{"__metadata__":{"epoch":1}}')],
    ["metadata with null", "InvalidHeader", file('{"__metadata__":{"epoch":null}}')],
    ["metadata with an object", "InvalidHeader", file('{"__metadata__":{"a":{}}}')],
    ["a tensor twice", "DuplicateKey", file(`{"a":${info("U8", "[0]", "[0,0]")},"a":${info("U8", "[0]", "[0,0]")}}`)],
    ["a name twice, once escaped", "DuplicateKey", file(`{"a":${info("U8", "[0]", "[0,0]")},"\\u0061":{}}`)],
    ["__proto__ twice", "DuplicateKey", file('{"__metadata__":{"__proto__":"a","__proto__":"b"}}')],
    ["metadata twice", "DuplicateKey", file('{"__metadata__":{},"__metadata__":{}}')],
    ["a dtype twice", "DuplicateKey", file('{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}')],
    ["an unknown dtype", "UnknownDtype", file(`{"a":${info("F128", "[1]", "[0,16]")}}`, 16)],
    ["a dtype in lower case", "UnknownDtype", file(`{"a":${info("f32", "[1]", "[0,4]")}}`, 4)],
    ["a dtype from Object.prototype", "UnknownDtype", file(`{"a":${info("constructor", "[1]", "[0,4]")}}`, 4)],
    ["one offset", "InvalidOffset", file(`{"a":${info("U8", "[4]", "[0]")}}`, 4)],
    ["three offsets", "InvalidOffset", file(`{"a":${info("U8", "[4]", "[0,4,4]")}}`, 4)],
    ["a negative offset", "InvalidOffset", file(`{"a":${info("U8", "[4]", "[-4,0]")}}`, 4)],
    ["minus zero", "InvalidOffset", file(`{"a":${info("U8", "[4]", "[-0,4]")}}`, 4)],
    ["a fractional offset", "InvalidOffset", file(`{"a":${info("U8", "[4]", "[0,4.0]")}}`, 4)],
    ["an offset with an exponent", "InvalidOffset", file(`{"a":${info("U8", "[4]", "[0,4e0]")}}`, 4)],
    ["an offset of 2^53", "InvalidOffset", file(`{"a":${info("U8", "[4]", "[0,9007199254740992]")}}`, 4)],
    [
      "an offset of 2^53 + 4, which rounds",
      "InvalidOffset",
      file(`{"a":${info("U8", "[4]", "[0,9007199254740997]")}}`),
    ],
    ["an end before its begin", "InvalidOffset", file(`{"a":${info("U8", "[4]", "[4,0]")}}`, 4)],
    ["a first tensor that does not start at 0", "InvalidOffset", file(`{"a":${info("U8", "[4]", "[4,8]")}}`, 8)],
    ["a hole", "InvalidOffset", file(twoTensors("[0,4]", "[5,9]"), 9)],
    ["an overlap", "InvalidOffset", file(twoTensors("[0,4]", "[3,7]"), 7)],
    ["the same bytes twice", "InvalidOffset", file(twoTensors("[0,4]", "[0,4]"), 4)],
    ["data that ends early", "MetadataIncompleteBuffer", file(twoTensors("[0,4]", "[4,8]"), 7)],
    ["bytes after the data", "MetadataIncompleteBuffer", file(twoTensors("[0,4]", "[4,8]"), 9)],
    ["data without tensors", "MetadataIncompleteBuffer", file("{}", 1)],
    ["a shape of 2^53", "ValidationOverflow", file(`{"a":${info("U8", "[9007199254740992]", "[0,4]")}}`, 4)],
    [
      "a shape that overflows",
      "ValidationOverflow",
      file(`{"a":${info("U8", "[4294967296,4294967296]", "[0,4]")}}`, 4),
    ],
    ["a dtype that overflows", "ValidationOverflow", file(`{"a":${info("F64", "[9007199254740991]", "[0,4]")}}`, 4)],
    [
      "an overflow hidden by a zero",
      "ValidationOverflow",
      file(`{"a":${info("U8", "[4294967296,4294967296,0]", "[0,0]")}}`),
    ],
    ["fewer bytes than the shape says", "TensorInvalidInfo", file(`{"a":${info("F32", "[2]", "[0,4]")}}`, 4)],
    ["more bytes than the shape says", "TensorInvalidInfo", file(`{"a":${info("F32", "[]", "[0,8]")}}`, 8)],
    ["a negative shape", "TensorInvalidInfo", file(`{"a":${info("U8", "[-1,-4]", "[0,4]")}}`, 4)],
    ["a fractional shape", "TensorInvalidInfo", file(`{"a":${info("U8", "[0.5,8]", "[0,4]")}}`, 4)],
    ["half a byte", "TensorInvalidInfo", file(`{"a":${info("F4", "[3]", "[0,2]")}}`, 2)],
  ];
  it.each(cases)("refuses %s: %s", (_, code, bytes) => {
    expect(codeOf(() => readSafetensors(bytes))).toBe(code);
  });

  it("names the function, the tensor and the numbers", () => {
    const bytes = file(`{"head.weight":${info("F32", "[2,3]", "[0,20]")}}`, 20);
    expect(() => readSafetensors(bytes)).toThrow(
      '[readSafetensors] expected 24 bytes for tensor "head.weight" (F32 [2, 3]), got 20',
    );
  });

  it("accepts what the format allows: no tensors, padding, whitespace, any order, scalars, empty tensors", () => {
    expect(readSafetensors(file("{}")).tensors.size).toBe(0);
    expect(readSafetensors(file('{"__metadata__":{}}   ')).metadata).toEqual({});
    const header = `{ "b" :\n${info("U8", "[ 2 ]", "[ 3 , 5 ]")},\t"e":${info("F64", "[7,0]", "[3,3]")},"a":${info("U8", "[]", "[2,3]")},"c":${info("U16", "[1]", "[0,2]")}}  `;
    const { tensors } = readSafetensors(file(header, 5));
    expect([...tensors].map(([name, { shape, data }]) => [name, shape, data.length])).toEqual([
      ["c", [1], 2],
      ["a", [], 1],
      ["e", [7, 0], 0],
      ["b", [2], 2],
    ]);
  });

  it("treats __proto__, constructor and the empty name as names like any other", () => {
    const names = ["__proto__", "constructor", "toString", ""];
    const tensors = names.map((name, i) => [name, { dtype: "U8", shape: [1], data: Uint8Array.of(i) }] as const);
    const metadata = Object.fromEntries(names.map((name) => [name, `<${name}>`]));
    const read = readSafetensors(writeSafetensors(tensors, metadata));
    for (const [i, name] of names.entries()) {
      expect(read.tensors.get(name)?.data).toEqual(Uint8Array.of(i));
      expect(read.metadata[name]).toBe(`<${name}>`);
    }
    expect(Object.getPrototypeOf(read.metadata)).toBeNull();
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("reads a header without the data behind it", () => {
    const bytes = writeSafetensors([["a", fromFloat32(new Float32Array(1000), [10, 100])]], { epoch: "3" });
    const needed = readSafetensorsHeaderLength(bytes.subarray(0, 8));
    const header = readSafetensorsHeader(bytes.subarray(0, needed));
    expect(header.dataStart).toBe(needed);
    expect(header.fileLength).toBe(bytes.length);
    expect(header.metadata.epoch).toBe("3");
    expect([...header.tensors]).toEqual([["a", { dtype: "F32", shape: [10, 100], begin: 0, end: 4000 }]]);
    expect(codeOf(() => readSafetensorsHeader(bytes.subarray(0, needed - 1)))).toBe("InvalidHeaderLength");
  });
});

describe("writeSafetensors", () => {
  const bytes = (length: number) => new Uint8Array(length);
  const tensor = (dtype: string, shape: number[], length: number) =>
    ({ dtype, shape, data: bytes(length) }) as SafeTensor;

  it.each<[string, SafetensorsErrorCode, Array<[string, SafeTensor]>, Record<string, string>?]>([
    ["a wrong length", "TensorInvalidInfo", [["a", tensor("F32", [2], 7)]]],
    ["a negative shape", "TensorInvalidInfo", [["a", tensor("U8", [-1, -1], 1)]]],
    ["a fractional shape", "TensorInvalidInfo", [["a", tensor("U8", [0.5, 2], 1)]]],
    ["an overflow", "ValidationOverflow", [["a", tensor("U8", [2 ** 40, 2 ** 40], 1)]]],
    ["an unknown dtype", "UnknownDtype", [["a", tensor("Q4", [2], 1)]]],
    [
      "a repeated name",
      "DuplicateKey",
      [
        ["a", tensor("U8", [1], 1)],
        ["a", tensor("F32", [1], 4)],
      ],
    ],
    ["the metadata's name", "InvalidHeader", [["__metadata__", tensor("U8", [1], 1)]]],
    ["a lone surrogate", "InvalidHeader", [["\udc00", tensor("U8", [1], 1)]]],
    ["metadata that is no string", "InvalidHeader", [], { epoch: 3 } as unknown as Record<string, string>],
    ["metadata with a lone surrogate", "InvalidHeader", [], { note: "\ud83d" }],
    ["a header beyond 100 MB", "HeaderTooLarge", [], { note: "\u0001".repeat(17_000_000) }],
  ])("refuses %s: %s", (_, code, tensors, metadata) => {
    expect(codeOf(() => writeSafetensors(tensors, metadata))).toBe(code);
  });

  it("pads the header to 8 bytes with spaces, so that data is aligned", () => {
    for (let length = 0; length < 16; length++) {
      const written = writeSafetensors([["n".repeat(length), fromFloat32(Float32Array.of(1, 2), [2])]]);
      const { dataStart } = readSafetensorsHeader(written);
      expect(dataStart % 8).toBe(0);
      expect(new TextDecoder().decode(written.subarray(8, dataStart))).toMatch(/^\{.*\} {0,7}$/);
    }
  });

  it("gives the same bytes in whatever order tensors and metadata come", () => {
    const tensors = ["b", "a", "C", "1", "é", "\uff5a", "😀"].flatMap((name) => [
      [name, tensor("U8", [3], 3)] as const,
      [`${name}.f`, tensor("F32", [1], 4)] as const,
    ]);
    const written = writeSafetensors(tensors, { b: "1", a: "2" });
    expect(writeSafetensors([...tensors].reverse(), { a: "2", b: "1" })).toEqual(written);
    expect(writeSafetensors(new Map(tensors), { a: "2", b: "1" })).toEqual(written);
  });
});

describe("round trip", () => {
  const named = fc.dictionary(
    fc.string({ unit: "binary", maxLength: 12 }).filter((name) => name !== "__metadata__"),
    fc.record({
      dtype: fc.constantFrom(...safeDtypes),
      shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
      seed: fc.integer({ min: 0, max: 255 }),
    }),
    { maxKeys: 8 },
  );
  const metadata = fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }));

  it("gives back every tensor and every string, in reference order, as views of one buffer", () => {
    fc.assert(
      fc.property(named, metadata, fc.nat(7), (entries, strings, shift) => {
        const tensors = Object.entries(entries).map(([name, { dtype, shape, seed }]): [string, SafeTensor] => {
          // F4 and F6 need whole bytes: four elements of either always fill them.
          const whole = dtypeBits(dtype) % 8 === 0 ? shape : [...shape, 4];
          const length = (whole.reduce((product, size) => product * size, 1) * dtypeBits(dtype)) / 8;
          return [name, { dtype, shape: whole, data: Uint8Array.from({ length }, (_, i) => seed + 31 * i) }];
        });
        const written = writeSafetensors(tensors, strings);
        // Any alignment of the file in memory must do.
        const shifted = new Uint8Array(written.length + shift).subarray(shift);
        shifted.set(written);
        const read = readSafetensors(shifted);
        expect(read.tensors).toEqual(new Map(tensors));
        expect({ ...read.metadata }).toEqual({ ...strings });
        expect(writeSafetensors(read.tensors, read.metadata)).toEqual(written);
        for (const { data } of read.tensors.values()) expect(data.buffer).toBe(shifted.buffer);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it("reads from a Node Buffer and still gives plain views", () => {
    const buffer = Buffer.from(writeSafetensors([["a", fromInt32(Int32Array.of(1, -2), [2])]]));
    const tensor = readSafetensors(buffer).tensors.get("a") as SafeTensor;
    expect(tensor.data.constructor).toBe(Uint8Array);
    expect(toInt32(tensor)).toEqual(Int32Array.of(1, -2));
  });
});

describe("toFloat32 and toInt32", () => {
  it("give back 32-bit values bit for bit, from any alignment", () => {
    fc.assert(
      fc.property(fc.float32Array({ maxLength: 40 }), fc.nat(3), (values, shift) => {
        const { data, ...rest } = fromFloat32(values, [values.length]);
        const moved = new Uint8Array(data.length + shift).subarray(shift);
        moved.set(data);
        const read = toFloat32({ ...rest, data: moved });
        expect(new Uint8Array(read.buffer)).toEqual(data);
        expect(read.buffer).not.toBe(moved.buffer);
        expect(toInt32({ dtype: "I32", shape: rest.shape, data: moved })).toEqual(new Int32Array(read.buffer));
      }),
      { seed: 2 },
    );
  });

  it("refuse dtypes, values and lengths they cannot hold", () => {
    const one = (dtype: SafeTensor["dtype"], data: Uint8Array): SafeTensor => ({ dtype, shape: [1], data });
    expect(() => toFloat32(one("I32", new Uint8Array(4)))).toThrow(
      "[toFloat32] expected a tensor of F16, BF16, F32 or F64",
    );
    expect(() => toInt32(one("F32", new Uint8Array(4)))).toThrow(
      "[toInt32] expected a tensor of integers or BOOL, got F32",
    );
    expect(() => toInt32(one("U32", new Uint8Array(4).fill(255)))).toThrow("that fit 32 bits, got 4294967295");
    expect(() => toInt32(one("I64", Uint8Array.of(0, 0, 0, 128, 0, 0, 0, 0)))).toThrow(
      "that fit 32 bits, got 2147483648",
    );
    expect(() => toInt32(one("U64", new Uint8Array(8).fill(255)))).toThrow(
      "that fit 32 bits, got 18446744073709551615",
    );
    expect(() => toFloat32(one("F32", new Uint8Array(8)))).toThrow("expected 4 bytes for F32 [1], got 8");
    expect(() => fromFloat32(new Float32Array(3), [2])).toThrow("expected 2 values for shape [2], got 3");
  });
});

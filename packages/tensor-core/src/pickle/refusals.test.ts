// What the reader refuses: hand-made pickles in hand-made containers, each refusal by its code, its name and its byte.
import * as zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import { crc32, portableCrc32 } from "./crc32.ts";
import { describeFile, PickleError, readTorchFile, sniffFile } from "./index.ts";
import type { FileKind, PickleErrorCode, PickleLimits } from "./index.ts";

type Part = string | ReadonlyArray<number> | Uint8Array;
type ZipOptions = { readonly zip64?: boolean; readonly method?: number; readonly crc?: number };

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

function join(...parts: ReadonlyArray<Part>): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...(typeof part === "string" ? ascii(part) : part)]));
}

function little(value: number, size: number): number[] {
  return Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** i) % 256);
}

/** A stored archive; with `zip64`, every size lies in the wide fields. */
function zip(
  records: ReadonlyArray<readonly [string, Uint8Array]>,
  { zip64 = false, method = 0, crc }: ZipOptions = {},
) {
  const small = (value: number): number[] => (zip64 ? [255, 255, 255, 255] : little(value, 4));
  let body = new Uint8Array(0);
  let directory = new Uint8Array(0);
  for (const [name, data] of records) {
    const sum = little(crc ?? crc32(data), 4);
    const shared = [...little(0, 2), ...little(method, 2), 0, 0, 0, 0, ...sum];
    const names = little(name.length, 2);
    const wide = zip64
      ? [1, 0, 24, 0, ...little(data.length, 8), ...little(data.length, 8), ...little(body.length, 8)]
      : [];
    const sizes = [...small(data.length), ...small(data.length)];
    const rest = [...names, ...little(wide.length, 2), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...small(body.length)];
    directory = join(
      directory,
      "PK\x01\x02",
      [45, 0, 45, 0],
      shared,
      sizes,
      rest,
      name,
      wide,
    ) as Uint8Array<ArrayBuffer>;
    body = join(body, "PK\x03\x04", [45, 0], shared, sizes, names, [0, 0], name, data) as Uint8Array<ArrayBuffer>;
  }
  const count = little(records.length, 2);
  const where = [...little(directory.length, 8), ...little(body.length, 8)];
  const counts = [...little(records.length, 8), ...little(records.length, 8)];
  const head = [...little(44, 8), 45, 0, 45, 0, ...little(0, 8)];
  const wideEnd = join("PK\x06\x06", head, counts, where, "PK\x06\x07", little(0, 4));
  const locator = zip64 ? join(wideEnd, little(body.length + directory.length, 8), little(1, 4)) : [];
  const end = [0, 0, 0, 0, ...(zip64 ? [255, 255, 255, 255] : [...count, ...count])];
  return join(body, directory, locator, "PK\x05\x06", end, small(directory.length), small(body.length), [0, 0]);
}

const pickleStart = 30 + "a/data.pkl".length;
const torch = (pickle: Uint8Array, ...records: ReadonlyArray<readonly [string, Uint8Array]>): Uint8Array =>
  zip([["a/data.pkl", pickle], ...records]);
const pickled = (...parts: ReadonlyArray<Part>): Uint8Array => join("\x80\x02", ...parts, ".");
const text = (value: string): Uint8Array => join("X", little(value.length, 4), value);
const long = (value: number): number[] => [0x4a, ...little(value, 4)];

/** A tensor of float32 on storage "0". */
function tensor(shape: ReadonlyArray<number>, strides: ReadonlyArray<number>, length: number, start = 0): Uint8Array {
  const id = join("((", text("storage"), "ctorch\nFloatStorage\n", text("0"), text("cpu"), long(length), "tQ");
  const sizes = join("(", shape.flatMap(long), "t(", strides.flatMap(long), "t");
  return join("ctorch._utils\n_rebuild_tensor_v2\n", id, long(start), sizes, "\x89ccollections\nOrderedDict\n)RtR");
}

function fail(bytes: Uint8Array, options: Partial<PickleLimits> = {}): PickleError {
  try {
    readTorchFile(bytes, options);
  } catch (error) {
    if (error instanceof PickleError) return error;
    throw error;
  }
  throw new Error("expected a PickleError, got a checkpoint");
}

function expectRefusal(
  bytes: Uint8Array,
  code: PickleErrorCode,
  message: string,
  options: Partial<PickleLimits> = {},
): void {
  const error = fail(bytes, options);
  expect(error.message).toContain(message);
  expect(error.code).toBe(code);
}

const legacyHead = join(
  "\x80\x02\x8a\x0a",
  [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19],
  ".",
  pickled("M", [233, 3]),
);
const legacySystem = (little: boolean): Uint8Array =>
  pickled("}", text("little_endian"), little ? "\x88" : "\x89", "s");

describe("code", () => {
  it.each([
    ["os.system", join("cos\nsystem\n(", text("ls"), "tR")],
    ["posix.system", join("cposix\nsystem\n(", text("ls"), "tR")],
    ["builtins.eval", join("cbuiltins\neval\n(", text("1"), "tR")],
    ["__builtin__.getattr", join("c__builtin__\ngetattr\n)R")],
    ["torch.storage._load_from_bytes", join("ctorch.storage\n_load_from_bytes\n(C\x01xtR")],
    ["torch.load", join("ctorch\nload\n)R")],
    ["torch.nn.modulesx.Linear", join("ctorch.nn.modulesx\nLinear\n)R")],
    ["dall_e.encoder.Encoder.__init__", join("cdall_e.encoder\nEncoder.__init__\n)R")],
    ["os.system", join("\x8c\x02os\x8c\x06system\x93)R")],
  ])("refuses the global %s by name and byte", (name, body) => {
    const error = fail(torch(pickled(body)));
    expect(error.code).toBe("Global");
    expect(error.message).toContain(`got ${name} at byte ${error.offset}`);
    expect(error.offset).toBe(pickleStart + 2 + (body[0] === 0x8c ? body.indexOf(0x93) : 0));
  });

  it.each([
    ["INST", "(ios\nsystem\n"],
    ["OBJ", "(o"],
    ["EXT1", "\x82\x01"],
    ["EXT2", "\x83\x01\x00"],
    ["EXT4", "\x84\x01\x00\x00\x00"],
    ["PERSID", "Pa\n"],
    ["NEWOBJ_EX", "\x92"],
    ["BYTEARRAY8", "\x96"],
    ["LONG4", "\x8b"],
    ["0xff", "\xff"],
    ["PROTO 5", "\x80\x05"],
  ])("refuses the opcode %s by name and byte", (name, body) => {
    const error = fail(torch(pickled(body)));
    expect(error.code).toBe("Opcode");
    expect(error.message).toContain(`got ${name} at byte ${error.offset}`);
    expect(error.offset).toBe(pickleStart + 2 + (body.startsWith("(") ? 1 : 0));
  });

  it("refuses it in the old container too", () => {
    expectRefusal(join(legacyHead, legacySystem(true), pickled("cos\nsystem\n)R")), "Global", "got os.system at byte");
  });

  it("names the factory of a defaultdict and never calls it", () => {
    const factory = "c__builtin__\nlist\n";
    const { root } = readTorchFile(torch(pickled(`ccollections\ndefaultdict\n${factory}\x85R`, text("a"), "Ns")));
    expect(root).toEqual({ kind: "dict", entries: new Map([["a", null]]), attributes: null });
    for (const body of [`${factory})R`, `${factory})\x81`, "cbuiltins\ndict\n]\x85R"]) {
      expectRefusal(torch(pickled(body)), "Operand", "expected a class for a record, got builtins.");
    }
    expectRefusal(torch(pickled("ccollections\ndefaultdict\nNN\x86R")), "Operand", "expected a factory");
    expectRefusal(torch(pickled("ccollections\ndefaultdict\n]\x85R")), "Operand", "got list");
  });

  it("reads an element type beside an untyped storage, and refuses others and what reaches outside", () => {
    const file = (dtype: string, length = 6, shape = 3) => {
      const id = join(
        "((",
        text("storage"),
        "ctorch.storage\nUntypedStorage\n",
        text("0"),
        text("cpu"),
        long(length),
        "tQ",
      );
      const tail = join(long(0), long(shape), "\x85", long(1), "\x85\x89N", dtype);
      const body = join("ctorch._utils\n_rebuild_tensor_v3\n", id, tail, "tR");
      return torch(pickled(body), ["a/data/0", Uint8Array.of(1, 2, 3, 4, 5, 6).subarray(0, length)]);
    };
    const read = (dtype: string) => readTorchFile(file(dtype)).tensors.get("");
    expect(read("ctorch\nuint16\n")).toEqual({ dtype: "U16", shape: [3], data: Uint8Array.of(1, 2, 3, 4, 5, 6) });
    expect(read("ctorch\nint8\n")).toEqual({ dtype: "I8", shape: [3], data: Uint8Array.of(1, 2, 3) });
    expectRefusal(file("ctorch\nuint32\n"), "Storage", "inside 1 elements");
    expectRefusal(file("ctorch\nuint16\n", 5), "Storage", "inside 2 elements");
    expectRefusal(file("N"), "Operand", "expected an element type");
    expectRefusal(file("ctorch\ndevice\n"), "Operand", "expected an element type");
    expectRefusal(file("ctorch\nquint8\n"), "Global", "got torch.quint8");
  });

  it("makes records of opaque globals and calls nothing", () => {
    const { root, tensors } = readTorchFile(torch(pickled("cfunctools\npartial\n(ctorch.nn.functional\nrelu\ntR}b")));
    expect(root).toEqual({
      kind: "object",
      className: "functools.partial",
      args: [{ kind: "global", name: "torch.nn.functional.relu" }],
      state: { kind: "dict", entries: new Map(), attributes: null },
    });
    expect(tensors.size).toBe(0);
  });
});

describe("storages and views", () => {
  const data = new Uint8Array(16);
  const file = (body: Uint8Array, record = data) => torch(pickled(body), ["a/data/0", record]);

  it("reads a tensor that fits, in 32-bit and zip64 archives", () => {
    const records = [
      ["a/data.pkl", pickled(tensor([2, 2], [2, 1], 4))],
      ["a/data/0", data],
    ] as const;
    for (const zip64 of [false, true]) {
      expect(readTorchFile(zip(records, { zip64 })).tensors.get("")).toEqual({ dtype: "F32", shape: [2, 2], data });
    }
  });

  it.each([
    ["a view past its end", tensor([5], [1], 4), "Storage"],
    ["an offset past its end", tensor([1], [1], 4, 4), "Storage"],
    ["a stride past its end", tensor([2], [4], 4), "Storage"],
    ["a length other than the record's", tensor([1], [1], 5), "Storage"],
    ["negative sizes", tensor([-1], [1], 4), "Operand"],
    ["a product beyond 2^53", tensor([2 ** 30, 2 ** 30, 2 ** 30], [0, 0, 0], 4), "Storage"],
    ["a stride of zero that multiplies", tensor([2 ** 30], [0], 4), "Limit"],
    ["fewer strides than sizes", tensor([1, 1], [1], 4), "Operand"],
  ] as const)("refuses %s", (_, body, code) => expect(fail(file(body)).code).toBe(code));

  it("refuses a storage whose record is missing, or that changes its type", () => {
    expectRefusal(torch(pickled(tensor([1], [1], 4))), "Storage", "expected a record a/data/0, got none");
    const twice = join("(", tensor([1], [1], 4), tensor([1], [1], 3), "t");
    expectRefusal(file(twice), "Storage", "got F32 of 3");
  });
});

describe("containers", () => {
  const none = pickled("N");

  it("refuses compressed records, wrong checksums and big-endian files by name", () => {
    expectRefusal(zip([["a/data.pkl", none]], { method: 8 }), "Archive", "got a/data.pkl compressed (deflate)");
    expectRefusal(zip([["a/data.pkl", none]], { crc: 1 }), "Checksum", "expected a/data.pkl to have CRC-32 00000001");
    expectRefusal(torch(none, ["a/byteorder", ascii("big")]), "ByteOrder", 'got byte order "big"');
    expectRefusal(join(legacyHead, legacySystem(false), none, pickled("]")), "ByteOrder", 'got byte order "big"');
  });

  it("refuses repeated records, none, and TorchScript", () => {
    expectRefusal(torch(none, ["a/data.pkl", none]), "Archive", "expected one record a/data.pkl, got two");
    expectRefusal(zip([["b.txt", none]]), "Format", "a zip archive without data.pkl");
    expectRefusal(torch(none, ["a/constants.pkl", none]), "Format", "TorchScript");
  });

  it("reads an old container to its last byte, no more and no less", () => {
    const whole = join(legacyHead, legacySystem(true), pickled(tensor([2], [1], 2)), pickled("]", text("0"), "a"));
    const data = join(little(2, 8), new Uint8Array(8));
    expect(readTorchFile(join(whole, data)).tensors.get("")!.shape).toEqual([2]);
    expectRefusal(join(whole, data, [0]), "Format", "got more");
    expectRefusal(join(whole, data.subarray(1)), "Truncated", "expected 16 bytes of storage 0, got 15");
    expectRefusal(join(whole, little(3, 8), new Uint8Array(8)), "Storage", "of 2 elements, got 3");
  });

  it("refuses every proper prefix of a file", () => {
    const bytes = torch(pickled(tensor([2], [1], 2)), ["a/data/0", new Uint8Array(8)]);
    for (let length = 0; length < bytes.length; length++) fail(bytes.subarray(0, length));
  });
});

describe("limits", () => {
  const repeat = (part: string, count: number): Uint8Array => torch(pickled(part.repeat(count)));

  it("bounds steps, stack, memo, strings, depth, tensors and records", () => {
    expectRefusal(repeat("N", 20), "Limit", "at most 10 steps", { maxSteps: 10 });
    expectRefusal(repeat("N", 20), "Limit", "at most 10 values on the stack", { maxStack: 10 });
    expectRefusal(repeat("N\x94", 20), "Limit", "at most 10 values in the memo", { maxMemo: 10 });
    expectRefusal(torch(pickled("\x8a\x21", "a".repeat(33))), "Limit", "an integer of at most 32 bytes, got 33");
    expectRefusal(torch(pickled(text("eleven long"))), "Limit", "at most 10 bytes, got 11", { maxString: 10 });
    expectRefusal(torch(pickled("]".repeat(20), "a".repeat(19))), "Limit", "at most 10 levels", { maxDepth: 10 });
    const bytes = torch(pickled("(", tensor([0], [1], 0), tensor([0], [1], 0), "t"), ["a/data/0", new Uint8Array(0)]);
    expect(readTorchFile(bytes).tensors.size).toBe(2);
    expectRefusal(bytes, "Limit", "at most 1 tensors", { maxTensors: 1 });
    expectRefusal(bytes, "Limit", "at most 1 records, got 2", { maxRecords: 1 });
    expect(() => readTorchFile(bytes, { maxDepth: 0 })).toThrow(RangeError);
  });

  it("stops shared lists that multiply, and values that contain themselves", () => {
    // Thirty lists, each holding the one before twice: 2^30 places.
    const memo = (index: number): string => String.fromCharCode(index);
    const laughs = Array.from({ length: 30 }, (_, i) => `](h${memo(i)}h${memo(i)}eq${memo(i + 1)}`).join("");
    expectRefusal(torch(pickled("(]q\x00", laughs, "t")), "Limit", "places in the tree");
    expectRefusal(torch(pickled("]q\x00h\x00a")), "Tree", "contains itself");
    const copies = `(](${"N".repeat(1000)}e\x85q\x00${"ctorch\nSize\nh\x00R".repeat(1000)}t`;
    expectRefusal(torch(pickled(copies)), "Limit", "steps", { maxSteps: 100_000 });
  });

  it("refuses two tensors of one name", () => {
    const one = tensor([0], [1], 0);
    const body = join("}(", text("a.b"), one, text("a"), "}", text("b"), one, "su");
    expectRefusal(torch(pickled(body), ["a/data/0", new Uint8Array(0)]), "Tree", 'one tensor named "a.b"');
  });

  it("names what the stack lacks", () => {
    expectRefusal(torch(pickled("R")), "Stack", "more values for REDUCE");
    expectRefusal(torch(pickled("N(\x85")), "Stack", "more values for TUPLE1");
    expectRefusal(torch(pickled("h\x07")), "Stack", "memo 7");
    expectRefusal(torch(pickled("t")), "Stack", "expected a mark");
    expectRefusal(torch(pickled("NN")), "Stack", "one value at STOP, got 2");
  });
});

describe("sniffFile", () => {
  const header = '{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}';
  it.each<readonly [FileKind, Uint8Array]>([
    ["empty", new Uint8Array(0)],
    ["html", ascii("\n<!DOCTYPE html><html>")],
    ["html", ascii("\xef\xbb\xbf<html lang=en>")],
    ["lfs-pointer", ascii("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")],
    ["wget-log", ascii("--2022-03-01 10:00:00--  https://example.org/beit.pth\nResolving")],
    ["gzip", join([0x1f, 0x8b, 8, 0])],
    ["truncated-zip", torch(pickled("N")).subarray(0, 60)],
    ["zip", zip([["b.txt", new Uint8Array(0)]])],
    ["pickle", pickled("N")],
    ["safetensors", join(little(header.length, 8), header)],
    ["unknown", ascii("hello, world")],
  ])("recognizes %s, and the error says so", (kind, bytes) => {
    expect(sniffFile(bytes)).toBe(kind);
    expect(fail(bytes).message).toContain(`got ${describeFile(kind)}`);
  });

  it("recognizes both containers", () => {
    expect(sniffFile(torch(pickled("N")))).toBe("torch-zip");
    expect(
      sniffFile(
        zip([
          ["a/version", ascii("3")],
          ["a/data.pkl", pickled("N")],
        ]),
      ),
    ).toBe("torch-zip");
    expect(sniffFile(legacyHead)).toBe("torch-legacy");
  });
});

it("crc32 is the one of zip, Node's and our own, in one piece and in two", () => {
  const bytes = ascii("123456789".repeat(50));
  for (const sum of [crc32, portableCrc32]) {
    expect(sum(ascii("123456789"))).toBe(0xcbf43926);
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(sum(bytes.subarray(cut), sum(bytes.subarray(0, cut)))).toBe(zlib.crc32(bytes));
    }
  }
});

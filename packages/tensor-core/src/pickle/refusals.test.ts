// What the reader refuses: hand-made pickles in hand-made containers, each refusal by its code, its name and its byte.
import * as zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import { crc32, portableCrc32 } from "./crc32.ts";
import { describeFile, readTorchFile, sniffFile } from "./index.ts";
import type { FileKind, PickleErrorCode, PickleLimits } from "./index.ts";

import {
  ascii,
  join,
  legacyHead,
  legacySystem,
  little,
  pickled,
  tensor,
  text,
  torch,
  zip,
} from "../testing/torch-file.ts";
import { refusalOf } from "../testing/refusal.ts";
import type { Part } from "../testing/torch-file.ts";

function expectRefusal(
  bytes: Uint8Array,
  code: PickleErrorCode,
  message: string,
  options: Partial<PickleLimits> = {},
): void {
  const error = refusalOf(bytes, options);
  expect(error.message).toContain(message);
  expect(error.code).toBe(code);
}

const rootOf = (...parts: ReadonlyArray<Part>) => readTorchFile(torch(pickled(...parts))).root;

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
    ["fewer strides than sizes", tensor([1, 1], [1], 4), "Operand"],
  ] as const)("refuses %s", (_, body, code) => expect(refusalOf(file(body)).code).toBe(code));

  it("sets aside a stride of zero that multiplies, and keeps what lies beside it", () => {
    const [expanded, plain] = [tensor([2 ** 30], [0], 4), tensor([1], [1], 4)];
    const { tensors, setAside } = readTorchFile(file(join("(", expanded, plain, "t")));
    expect([...tensors.keys()]).toEqual(["1"]);
    expect(setAside.get("0")).toContain("a view whose copy takes 4294967296 bytes");
  });

  it("refuses a storage whose record is missing, or that changes its type", () => {
    expectRefusal(torch(pickled(tensor([1], [1], 4))), "Storage", "expected a record a/data/0, got none");
    const twice = join("(", tensor([1], [1], 4), tensor([1], [1], 3), "t");
    expectRefusal(file(twice), "Storage", "got F32 of 3");
  });
});

describe("containers", () => {
  const none = pickled("N");

  it("refuses compressed records, wrong checksums and unknown byte orders by name", () => {
    expectRefusal(zip([["a/data.pkl", none]], { method: 8 }), "Unsupported", "got a/data.pkl compressed (deflate)");
    expectRefusal(zip([["a/data.pkl", none]], { crc: 1 }), "Checksum", "expected a/data.pkl to have CRC-32 00000001");
    expectRefusal(torch(none, ["a/byteorder", ascii("mixed")]), "Unsupported", 'got "mixed"');
  });

  it("reads the old container of a big-endian machine, whose elements are little-endian all the same", () => {
    const head = join(legacyHead, legacySystem(false), pickled(tensor([1], [1], 1)), pickled("]", text("0"), "a"));
    const { data } = readTorchFile(join(head, little(1, 8), [1, 2, 3, 4])).tensors.get("")!;
    expect(data).toEqual(Uint8Array.of(1, 2, 3, 4));
  });

  it("keeps messages short, however long the names are", () => {
    const name = `a/${"n".repeat(60_000)}`;
    expect(
      refusalOf(
        zip([
          ["a/data.pkl", none],
          [name, none],
          [name, none],
        ]),
      ).message.length,
    ).toBeLessThan(4000);
    expectRefusal(
      torch(pickled(text("m".repeat(2000)), text("n"), "\x93")),
      "Limit",
      "a global's name of at most 1024",
    );
    const key = "k".repeat(2000);
    const one = join("}", text(key), tensor([1], [1], 4), "s");
    expectRefusal(torch(pickled(one), ["a/data/0", new Uint8Array(16)]), "Limit", "a tensor's name of at most 1024");
    expect(rootOf("}", text(key), "Ns")).toMatchObject({ entries: new Map([[key, null]]) });
  });

  it("refuses repeated records, none, and TorchScript", () => {
    expectRefusal(torch(none, ["a/data.pkl", none]), "Archive", "expected one record a/data.pkl, got two");
    expectRefusal(zip([["b.txt", none]]), "Format", "a zip archive without data.pkl");
    expectRefusal(torch(none, ["a/constants.pkl", none]), "Unsupported", "TorchScript");
  });

  it("reads an old container to its last byte, no more and no less", () => {
    const whole = join(legacyHead, legacySystem(true), pickled(tensor([2], [1], 2)), pickled("]", text("0"), "a"));
    const data = join(little(2, 8), new Uint8Array(8));
    expect(readTorchFile(join(whole, data)).tensors.get("")!.shape).toEqual([2]);
    expectRefusal(join(whole, data, [0]), "Unsupported", "got more");
    expectRefusal(join(whole, data.subarray(1)), "Truncated", "expected 16 bytes of storage 0, got 15");
    expectRefusal(join(whole, little(3, 8), new Uint8Array(8)), "Storage", "of 2 elements, got 3");
  });

  it("refuses every proper prefix of a file", () => {
    const bytes = torch(pickled(tensor([2], [1], 2)), ["a/data/0", new Uint8Array(8)]);
    for (let length = 0; length < bytes.length; length++) refusalOf(bytes.subarray(0, length));
  });
});

describe("limits", () => {
  const repeat = (part: string, count: number): Uint8Array => torch(pickled(part.repeat(count)));

  it("bounds steps, stack, memo, strings, depth, tensors and records", () => {
    expectRefusal(repeat("N", 20), "Limit", "at most 10 steps", { maxSteps: 10 });
    expectRefusal(repeat("N", 20), "Limit", "at most 10 values on the stack", { maxStack: 10 });
    expectRefusal(repeat("N\x94", 20), "Limit", "at most 10 values in the memo", { maxMemo: 10 });
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
    expect(rootOf("]q\x00h\x00a")).toMatchObject({ kind: "list" });
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
    ["tar", join("pickle", new Uint8Array(251), "ustar  \0")],
    ["truncated-zip", torch(pickled("N")).subarray(0, 60)],
    ["zip", zip([["b.txt", new Uint8Array(0)]])],
    ["pickle", pickled("N")],
    ["safetensors", join(little(header.length, 8), header)],
    ["unknown", ascii("hello, world")],
  ])("recognizes %s, and the error says so", (kind, bytes) => {
    expect(sniffFile(bytes)).toBe(kind);
    expect(refusalOf(bytes).message).toContain(`got ${describeFile(kind)}`);
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
    expect(sniffFile(ascii("L119547037146038801333356L\n."))).toBe("torch-legacy");
    expect(sniffFile(join("\x80\x04\x95", little(13, 8), legacyHead.subarray(2)))).toBe("torch-legacy");
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

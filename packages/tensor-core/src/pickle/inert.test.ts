// Code in pickles: every opcode of protocols 0 to 5 by hand, and what would be called as an inert record of it.
import { describe, expect, it } from "vitest";
import { readTorchFile } from "./index.ts";
import type { PickleErrorCode, PickleLimits } from "./index.ts";
import {
  join,
  legacyHead,
  legacySystem,
  little,
  long,
  pickled,
  pickleStart,
  text,
  torch,
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

const inert = (className: string, args: unknown[] = []) => ({ kind: "object", className, args, state: null });
const rootOf = (...parts: ReadonlyArray<Part>) => readTorchFile(torch(pickled(...parts))).root;

describe("code", () => {
  it.each([
    ["os.system", ["ls"], join("cos\nsystem\n(", text("ls"), "tR")],
    ["posix.system", ["ls"], join("cposix\nsystem\n(", text("ls"), "tR")],
    ["builtins.eval", ["1"], join("c__builtin__\neval\n(", text("1"), "tR")],
    ["torch.load", [], "ctorch\nload\n)R"],
    ["dall_e.encoder.Encoder.__init__", [], "cdall_e.encoder\nEncoder.__init__\n)R"],
    ["os.system", [], "\x8c\x02os\x8c\x06system\x93)R"],
    ["os.system", ["ls"], join("(", text("ls"), "ios\nsystem\n")],
    ["os.system", ["ls"], join("(cos\nsystem\n", text("ls"), "o")],
    ["os.system", [1, { kind: "dict" }], join("cos\nsystem\nK\x01\x85}", text("a"), "Ns\x92")],
    ["persistent id", ["a b"], "Pa b\n"],
    ["persistent id", [7], "K\x07Q"],
    ["pickle.PickleBuffer", [], "\x97\x98"],
  ])("makes a record of %s%j and calls nothing", (name, args, body) => {
    expect(rootOf(body)).toMatchObject(inert(name, args));
  });

  it("makes a record of what calls a record", () => {
    expect(rootOf("cfunctools\npartial\n)R)R")).toEqual(inert("functools.partial", [inert("functools.partial")]));
  });

  it("does it in the old container too", () => {
    const bytes = join(legacyHead, legacySystem(true), pickled("cos\nsystem\n)R"), pickled("]"));
    expect(readTorchFile(bytes).root).toEqual(inert("os.system"));
  });

  it.each([
    ["EXT1 1", "\x82\x01"],
    ["EXT2 256", "\x83\x00\x01"],
    ["EXT4 2", "\x84\x02\x00\x00\x00"],
    ["PROTO 6", "\x80\x06"],
  ])("refuses %s as not supported, with its byte and what to do", (name, body) => {
    const error = refusalOf(torch(pickled(body)));
    expect(error).toMatchObject({ code: "Unsupported", damaged: false, offset: pickleStart + 2 });
    expect(error.message).toContain(`got ${name}`);
    expect(error.message).toContain("torch.save(dict(model.state_dict())");
  });

  it("refuses a byte that is no opcode as damage", () => {
    const error = refusalOf(torch(pickled("\xff")));
    expect(error).toMatchObject({ code: "Opcode", damaged: true, offset: pickleStart + 2 });
    expect(error.message).toContain("got 0xff at byte");
  });

  it("reads the text forms of protocol 0, and refuses others in their place", () => {
    const items = rootOf("(I01\nI00\nI-7\nL12L\nF1.5e3\nF-inf\nS'a\\x41\\n\\'\\101'\nVa\\u00e9\\U0001f600\np5\n0g5\nl");
    const read = [true, false, -7, 12, 1500, -Infinity, "aA\n'A", "a\u00e9\u{1f600}"];
    expect(items).toEqual({ kind: "list", items: read });
    expect(rootOf("(", text("a"), "I1\nd")).toMatchObject({ kind: "dict", entries: new Map([["a", 1]]) });
    expect(rootOf("(NN1K\x0520")).toBe(5);
    for (const body of ["Ix\n", "L1.5L\n", "F1,5\n", "S'a\n", "Sa\n", "gx\n", "p-1\n"]) {
      expectRefusal(torch(pickled(body)), "Operand", "expected a");
    }
    expectRefusal(torch(pickled("I12")), "Truncated", "expected a line");
  });

  it("keeps integers of any width: beyond 2^53 as bigint, beyond any use as their bytes or digits", () => {
    expect(rootOf("\x8b\x09\x00\x00\x00", new Uint8Array(8), [1])).toBe(2n ** 64n);
    const wide = rootOf("\x8b\x01\x04\x00\x00", new Uint8Array(1025));
    expect(wide).toEqual(inert("builtins.int", [new Uint8Array(1025)]));
    expect(rootOf(`L${"9".repeat(3000)}L\n`)).toEqual(inert("builtins.int", ["9".repeat(3000)]));
  });

  it("reads long forms of text and bytes", () => {
    const eight = (...data: number[]) => [...little(data.length, 8), ...data];
    const items = ["abc", Uint8Array.of(1, 2), Uint8Array.of(3)];
    const body = join("(\x8d", eight(97, 98, 99), "\x8e", eight(1, 2), "\x96", eight(3), "t");
    expect(rootOf(body)).toEqual({ kind: "tuple", items });
    expectRefusal(torch(pickled("\x8e", little(2 ** 50, 8))), "Truncated", "more bytes in the pickle");
  });

  it("names the factory of a defaultdict and never calls it", () => {
    const factory = "c__builtin__\nlist\n";
    const { root } = readTorchFile(torch(pickled(`ccollections\ndefaultdict\n${factory}\x85R`, text("a"), "Ns")));
    expect(root).toEqual({ kind: "dict", entries: new Map([["a", null]]), attributes: null });
    expect(rootOf(`${factory})R`)).toEqual(inert("builtins.list"));
    expectRefusal(torch(pickled("ccollections\ndefaultdict\nNN\x86R")), "Operand", "expected a factory");
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
    const aside = readTorchFile(file("ctorch\nquint8\n"));
    expect([aside.tensors.size, [...aside.setAside]]).toEqual([0, [["", "a tensor of torch.quint8"]]]);
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

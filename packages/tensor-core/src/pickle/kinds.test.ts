// What training code leaves beside the weights (tools/golden/pickle/make_kinds.py): in every protocol and container the weights
// are torch's own, byte for byte, and all else is an inert record.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isKind, PickleError, readTorchFile } from "./index.ts";
import type { PickleDict, PickleObject, PickleValue, TorchFile } from "./index.ts";
import { bytesSource, openTensors } from "../files/index.ts";

type Described = readonly [dtype: string, shape: readonly number[], hex: string];
type Golden = {
  readonly torch: string;
  readonly files: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly aside: Readonly<Record<string, string>>;
};

const folder = new URL("../../../../tools/golden/pickle/", import.meta.url);
const golden = JSON.parse(readFileSync(new URL("expected-kinds.json", folder), "utf8")) as Golden;
const load = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, folder)));
const torchNames: Readonly<Record<string, string>> = {
  F32: "float32",
  F16: "float16",
  I64: "int64",
  I32: "int32",
  U8: "uint8",
  U16: "uint16",
  U32: "uint32",
  U64: "uint64",
  C64: "complex64",
  F8_E4M3: "float8_e4m3fn",
  F8_E5M2: "float8_e5m2",
  F8_E4M3FNUZ: "float8_e4m3fnuz",
  F8_E5M2FNUZ: "float8_e5m2fnuz",
};

function described({ tensors }: Pick<TorchFile, "tensors">): Readonly<Record<string, Described>> {
  const entries = [...tensors].map(([path, { dtype, shape, data }]) => {
    return [path, [torchNames[dtype], shape, Buffer.from(data).toString("hex")]] as const;
  });
  return Object.fromEntries(entries) as Readonly<Record<string, Described>>;
}

function thing(root: PickleValue | undefined, ...names: readonly string[]): PickleValue | undefined {
  let value = root;
  for (const name of names) value = (value as PickleDict).entries.get(name);
  return value;
}

function record(root: PickleValue | undefined, name: string): PickleObject {
  const value = thing(root, name);
  if (!isKind(value, "object")) throw new Error(`expected a record of ${name}`);
  return value;
}

describe(`files of torch ${golden.torch}`, () => {
  it.each(Object.keys(golden.files))("reads %s as torch does, whole and in ranges", async (name) => {
    const expected = golden.files[name]!;
    expect(Object.keys(expected).length).toBeGreaterThan(1);
    expect(described(readTorchFile(load(name)))).toEqual(expected);
    const { tensors } = await openTensors(bytesSource(load(name), name));
    const read = await Promise.all([...tensors].map(async ([path, lazy]) => [path, await lazy.read()] as const));
    expect(described({ tensors: new Map(read) })).toEqual(expected);
  });

  it("sets aside what is no plain tensor, and says what it is", async () => {
    const { setAside } = readTorchFile(load("kinds.pt"));
    expect([...setAside.keys()]).toEqual(Object.keys(golden.aside));
    for (const [name, reason] of Object.entries(golden.aside)) expect(setAside.get(name)).toContain(reason);
    expect((await openTensors(bytesSource(load("kinds.pt"), "kinds.pt"))).setAside).toEqual(setAside);
    const states = readTorchFile(load("states.pt"));
    expect([...states.setAside]).toContainEqual(["numpy.1", "a numpy array"]);
    expect(described(states)["model.head.bias"]).toEqual(golden.files["states.pt"]!["model.head.bias"]);
  });
});

const things = readdirSync(folder)
  .filter((name) => name.startsWith("extras-"))
  .map((name) => [name, thing(readTorchFile(load(name)).root, "things"), Number(/\d/.exec(name)?.[0])] as const);

describe.each(things)("what lies beside the weights in %s", (_, root, protocol) => {
  it("is the plain value where there is one", () => {
    expect(thing(root, "counts")).toMatchObject({ kind: "dict", entries: new Map([["a", 1]]) });
    expect(thing(root, "ordered")).toMatchObject({ kind: "dict", entries: new Map([["a", 1]]) });
    expect(thing(root, "wide")).toBe(2n ** 70n);
    expect(thing(root, "negative")).toBe(-(2n ** 2000n));
    expect(thing(root, "infinite")).toBe(Infinity);
    expect(thing(root, "text")).toBe("\u00e9\u4f60\u{1f600}\\\n");
    expect(thing(root, "set")).toMatchObject({ kind: "set", items: [1] });
    expect(thing(root, "size")).toMatchObject({ kind: "tuple", items: [1, 2] });
    expect(thing(root, "type")).toEqual({ kind: "global", name: "torch.float32" });
    if (protocol > 2) expect(thing(root, "bytes")).toEqual(Uint8Array.of(0, 255));
  });

  it("is a record of its class, arguments and state where there is none", () => {
    expect(record(root, "path")).toMatchObject({
      className: "pathlib.PurePosixPath",
      args: ["/", "data", "imagenet"],
    });
    expect(record(root, "complex")).toMatchObject({ className: "builtins.complex", args: [1, 2] });
    expect(record(root, "slice")).toMatchObject({ className: "builtins.slice", args: [1, null, 2] });
    expect(record(root, "took")).toMatchObject({ className: "datetime.timedelta", args: [0, 1, 500_000] });
    expect(record(root, "when").className).toBe("datetime.datetime");
    expect(thing(record(root, "counter").args[0], "b")).toBe(1);
    expect(record(root, "phase")).toMatchObject({ className: "training.Phase", args: ["warmup"] });
    expect(thing(record(root, "settings").state, "rate")).toBe(0.1);
    expect(record(root, "settings").className).toBe("training.Settings");
    expect(record(root, "attributes").entries).toEqual(new Map([["a", 1]]));
    expect(thing(record(root, "attributes").state, "note")).toBe("x");
    expect(record(root, "history").items).toEqual([0.5, 0.25]);
    expect(record(root, "error")).toMatchObject({ className: "builtins.ValueError", args: ["diverged"] });
    expect(record(root, "method")).toMatchObject({
      className: "builtins.getattr",
      args: [{ items: [1, 2] }, "index"],
    });
    expect(record(root, "numpy").className).toMatch(/^numpy\./);
    if (protocol >= 2) expect(record(root, "slotted").className).toBe("training.Slotted");
  });
});

describe("what is not read", () => {
  const refusal = (bytes: Uint8Array): PickleError => {
    try {
      readTorchFile(bytes);
    } catch (error) {
      if (error instanceof PickleError) return error;
      throw error;
    }
    throw new Error("expected a PickleError, got a checkpoint");
  };

  it.each([
    ["deflated.pt", "compressed (deflate)", "torch.save(dict(model.state_dict())"],
    ["script.pt", "a TorchScript archive", "torch.jit.load(path).state_dict()"],
  ])("refuses %s as not supported, and says what to do", (name, what, way) => {
    const { code, damaged, message } = refusal(load(name));
    expect({ code, damaged }).toEqual({ code: "Unsupported", damaged: false });
    expect(message).toContain(what);
    expect(message).toContain(way);
  });

  it("tells damage from what is not supported", () => {
    const bytes = load("extras-2.pt");
    bytes[Buffer.from(bytes).indexOf("imagenet")]! ^= 1;
    const error = refusal(bytes);
    expect(error).toMatchObject({ code: "Checksum", damaged: true });
    expect(error.message).toContain("the file is damaged: copy or download it again");
  });

  it("reads archives without checksums, but not records of another length", () => {
    const bytes = load("unsummed.pt");
    expect(refusal(bytes.subarray(0, -1)).code).toBe("Truncated");
    const record = Buffer.from(bytes).indexOf("PK\x01\x02");
    bytes[record + 24]! ^= 1;
    bytes[record + 20]! ^= 1;
    expect(refusal(bytes).damaged).toBe(true);
  });
});

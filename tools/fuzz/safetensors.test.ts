// The short run of the fuzzer and of its own judge; the long one is the command in main.ts.
import { expect, it } from "vitest";
import { fuzz, outcomesOf } from "./run.ts";
import { judgeSafetensors } from "./safetensors-rules.ts";
import { safetensorsFormat } from "./safetensors.ts";

it("reads 2,000 damaged safetensors files as their rules say, whole and in ranges", async () => {
  const report = await fuzz(safetensorsFormat(), { inputs: 2000, seed: 3 });
  expect(report.inputs).toBe(2000);
  // Damage gets past the first rules: every one is broken, and files with harmless damage are read.
  const codes = ["HeaderTooLarge", "InvalidHeaderLength", "InvalidHeader", "InvalidHeaderStart", "InvalidOffset"]
    .concat(["MetadataIncompleteBuffer", "TensorInvalidInfo", "DuplicateKey", "UnknownDtype", "ValidationOverflow"])
    .concat(["HeaderTooSmall", "accepted"]);
  expect(Object.keys(outcomesOf(report)).sort()).toEqual(codes.sort());
  expect(report.outcomes["untouched"]).toEqual({ accepted: expect.any(Number) as number });
});

it("judges by rules of its own", () => {
  const file = (json: string, data = 4) => {
    const text = Buffer.from(json);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    return new Uint8Array(Buffer.concat([length, text, Buffer.alloc(data)]));
  };
  const info = '{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';
  const broken = (json: string, data?: number) => (judgeSafetensors(file(json, data)) as { broken?: string }).broken;
  expect(broken(`{"a":${info}}  `)).toBeUndefined();
  expect(broken(`{"a":${info}}\n`)).toBe("an object, then spaces");
  expect(broken(`{"a":${info},"\\u0061":${info}}`)).toBe("no key twice");
  expect(broken(`{"a":${info.replace("[1]", "[1.0]")}}`)).toBe("unsigned integers only");
  expect(broken(`{"a":${info.replace("[1]", "[2]")}}`)).toBe("offsets as far apart as the shape says");
  expect(broken(`{"a":${info}}`, 5)).toBe("data to the end of the file");
  expect(broken(`{"a":${info},"__metadata__":{"x":1}}`)).toBe("metadata of strings");
  expect(broken(`{"a":${info},"__metadata__":null}`)).toBe("metadata of strings");
});

it("stops at a broken promise, and says which input it was", async () => {
  const format = {
    name: "broken",
    make: () => ({ label: "any", bytes: new Uint8Array(1) }),
    check: () => Promise.reject(new Error("other tensors")),
  };
  await expect(fuzz(format, { inputs: 5, seed: 9 })).rejects.toThrow("[fuzz] input 0 of seed 9 (broken, any)");
  const hungry = { ...format, check: async () => `${new Uint8Array(80 << 20).length}` };
  await expect(fuzz(hungry, { inputs: 1, seed: 9 })).rejects.toMatchObject({
    cause: { message: expect.stringContaining("bytes of memory") as string },
  });
  const slow = {
    ...format,
    check: async () => {
      const begin = process.cpuUsage();
      while (process.cpuUsage(begin).user < 300_000);
      return "accepted";
    },
  };
  await expect(fuzz(slow, { inputs: 1, seed: 9 })).rejects.toMatchObject({
    cause: { message: expect.stringContaining("expected at most 250 ms") as string },
  });
});

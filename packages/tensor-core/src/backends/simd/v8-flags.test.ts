// Which flags of V8's are set in which Node. That none of them ends a process is seen where whole processes run: in
// tools/node-versions.ts, on every version.
import { describe, expect, it } from "vitest";
import { enableMergedVectors, enableRelaxedSimd, withRightByteProducts } from "./v8-flags.ts";
import type { NodeProcess } from "../../host.ts";

/** A Node of a version, and the flags that were set in it. */
function nodeOf(node: string, arch = "x64"): { readonly process: NodeProcess; readonly set: readonly string[] } {
  const set: string[] = [];
  const getBuiltinModule = () => ({ setFlagsFromString: (flag: string) => set.push(flag) });
  const process = { versions: { node }, arch, hrtime: { bigint: () => 5_000_000n }, getBuiltinModule };
  return { process: process as unknown as NodeProcess, set };
}

const versions = ["20.19.0", "20.20.2", "22.23.5", "24.22.3", "26.12.1", "30.0.0"];

it.each(versions)(
  "Node %s: Liftoff is left out in 20 alone, where its product of bytes is wrong, and comes back",
  (node) => {
    const { process, set } = nodeOf(node);
    const during = withRightByteProducts(() => [...set], process);
    expect(during).toEqual(node.startsWith("20.") ? ["--no-liftoff"] : []);
    expect(set).toEqual(node.startsWith("20.") ? ["--no-liftoff", "--liftoff"] : []);
  },
);

it("Liftoff comes back after an error, too", () => {
  const { process, set } = nodeOf("20.20.2");
  const fail = (): never => {
    throw new Error("no such kernel");
  };
  expect(() => withRightByteProducts(fail, process)).toThrow("no such kernel");
  expect(set).toEqual(["--no-liftoff", "--liftoff"]);
});

it.each(versions)("Node %s: relaxed SIMD takes a flag in 20 alone", (node) => {
  const { process, set } = nodeOf(node);
  enableRelaxedSimd(process);
  expect(set).toEqual(node.startsWith("20.") ? ["--experimental-wasm-relaxed-simd"] : []);
});

describe("merged vectors", () => {
  it.each(versions)("Node %s: since 22, with a clock in milliseconds", (node) => {
    const { process, set } = nodeOf(node);
    const clock = enableMergedVectors(process);
    expect(clock?.()).toBe(node.startsWith("20.") ? undefined : 5);
    expect(set).toEqual(node.startsWith("20.") ? [] : ["--experimental-wasm-revectorize"]);
  });

  it("are for x64 alone", () => {
    const { process, set } = nodeOf("24.22.3", "arm64");
    expect(enableMergedVectors(process)).toBeUndefined();
    expect(set).toEqual([]);
  });
});

it("sets nothing in a browser", () => {
  const { set, process } = nodeOf("20.20.2");
  const browser = { ...process, versions: {} };
  enableRelaxedSimd(browser);
  expect(enableMergedVectors(browser)).toBeUndefined();
  expect(withRightByteProducts(() => 7, browser)).toBe(7);
  expect(set).toEqual([]);
});

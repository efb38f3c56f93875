import { describe, expect, it } from "vitest";
import { tableModule } from "./table.ts";
import type { WasmFunction } from "./wasm.ts";

const source = `
// @ts-ignore: decorator
@inline function two(x: f32): f32 { return x + x; }
export function scale(x: usize, factor: f32, begin: i32, end: i32, thread: i32): void {}
export function bytes(): i32 { return 4; }
`;
const readSource = (file: string): string => (file === "scale" ? source : "");
const scale: WasmFunction = { name: "scale", parameters: 5, returns: false, source: "assembly/scale/scale" };
const bytes: WasmFunction = { name: "bytes", parameters: 0, returns: true, source: "assembly/scale/bytes" };

describe("a table of kernels", () => {
  it("has their signatures, sorted, those over a range, and how many arguments each takes", () => {
    const text = tableModule(new Map([["base", [scale, bytes]]]), readSource);
    expect(text).toBe(`// Written by tools/kernels/build.ts; not in git.

/** What the compiled module exports. */
export type Kernels = {
  bytes(): number;
  scale(x: number, factor: number, begin: number, end: number, thread: number): void;
};

/** Those over a range: their last arguments are begin, end, thread. */
export type RangeKernelName =
  | "scale";

/** How many arguments each takes. */
export const argumentCounts: Readonly<Record<keyof Kernels, number>> = {
  bytes: 0,
  scale: 5,
};
`);
  });

  it("has no type of ranges where there are none", () => {
    expect(tableModule(new Map([["base", [bytes]]]), readSource)).not.toContain("RangeKernelName");
  });

  it("is one for all builds, whatever their order", () => {
    const builds = new Map([
      ["base", [scale, bytes]],
      ["relaxed", [bytes, scale]],
    ]);
    expect(tableModule(builds, readSource)).toContain("scale: 5");
  });

  it("is refused where the builds differ", () => {
    const builds = new Map([
      ["base", [scale, bytes]],
      ["relaxed", [{ ...scale, parameters: 6 }]],
    ]);
    expect(() => tableModule(builds, readSource)).toThrow(
      "[tableModule] expected relaxed to export what base does, got no scale(5), no bytes(0) -> 1, scale(6)",
    );
  });

  it("is refused where source and module differ", () => {
    const lying = { ...scale, parameters: 4 };
    expect(() => tableModule(new Map([["base", [lying]]]), readSource)).toThrow(
      "[tableModule] expected scale to have 4 parameters in assembly/scale/scale, got 5",
    );
  });
});

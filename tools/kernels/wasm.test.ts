import { describe, expect, it, test } from "vitest";
import { exportedFunctions, hasStaticData, withoutCustomSections } from "./wasm.ts";

declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number; maximum: number }) => object;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: object,
  ) => {
    readonly exports: Readonly<Record<string, { readonly length: number }>>;
  };
};

const [i32, i64, f32] = [0x7f, 0x7e, 0x7d];
const header = [0, 97, 115, 109, 1, 0, 0, 0];
const section = (id: number, ...content: number[]): number[] => [id, content.length, ...content];
const text = (value: string): number[] => [value.length, ...Buffer.from(value)];
const longCustom = [0, 0x82, 0x01, 0, ...new Array<number>(129).fill(11)];
const memory = section(5, 1, 0, 1);
const data = section(11, 1, 0, 0x41, 0, 0x0b, 1, 42);

test("a data section is found behind other sections", () => {
  expect(hasStaticData(Uint8Array.from([...header, ...longCustom, ...memory]))).toBe(false);
  expect(hasStaticData(Uint8Array.from([...header, ...longCustom, ...memory, ...data]))).toBe(true);
});

test("custom sections go, the others stay as they are", () => {
  const bytes = Uint8Array.from([...header, ...longCustom, ...memory, ...longCustom, ...data]);
  expect([...withoutCustomSections(bytes)]).toEqual([...header, ...memory, ...data]);
});

describe("exported functions", () => {
  // Imports a memory with a limit, a global and a function, so that functions of its own begin at index 1.
  const moduleOf = (first: readonly number[], names: readonly number[] = []): Uint8Array =>
    Uint8Array.from([
      ...header,
      ...section(1, 2, 0x60, first.length, ...first, 0, 0x60, 0, 1, f32),
      ...section(
        2,
        3,
        ...[...text("env"), ...text("memory"), 2, 1, 0, 0x80, 0x01],
        ...[...text("env"), ...text("width"), 3, i32, 0],
        ...[...text("env"), ...text("log"), 0, 1],
      ),
      ...section(3, 2, 0, 1),
      ...section(7, 3, ...text("width"), 3, 0, ...text("fill"), 0, 1, ...text("half"), 0, 2),
      ...section(10, 2, 2, 0, 0x0b, 7, 0, 0x43, 0, 0, 0, 0x3f, 0x0b),
      ...names,
    ]);

  it("are read with the numbers of their arguments, past imports and what is no function", () => {
    expect(exportedFunctions(moduleOf([i32, f32, i32]))).toEqual([
      { name: "fill", parameters: 3, returns: false, source: undefined },
      { name: "half", parameters: 0, returns: true, source: undefined },
    ]);
  });

  it("are what the engine says they are", () => {
    const memory = new WebAssembly.Memory({ initial: 0, maximum: 128 });
    const bytes = moduleOf([i32, f32]);
    const imports = { env: { memory, width: 8, log: () => 0 } };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
    for (const { name, parameters } of exportedFunctions(bytes)) expect(exports[name].length).toBe(parameters);
  });

  it("have the places in the sources that the compiler noted", () => {
    const moduleName = [0, 2, ...text("m")];
    const functionNames = [2, 1, ...text("assembly/fill/fill"), 2, ...text("assembly/half/half")];
    const names = section(0, ...text("name"), ...moduleName, 1, functionNames.length, ...functionNames);
    expect(exportedFunctions(moduleOf([i32], names)).map(({ source }) => source)).toEqual([
      "assembly/fill/fill",
      "assembly/half/half",
    ]);
  });

  it("are refused where one takes what is no number in JavaScript", () => {
    expect(() => exportedFunctions(moduleOf([i32, i64]))).toThrow(
      "[exportedFunctions] expected fill to take numbers and to give at most one, got other types",
    );
  });
});

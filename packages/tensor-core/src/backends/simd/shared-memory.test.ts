import { describe, expect, it } from "vitest";
import { wasmBytes } from "./module.ts";
import { withSharedMemory } from "./shared-memory.ts";

declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number; maximum: number; shared: boolean }) => object;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
};

const header = [0, 97, 115, 109, 1, 0, 0, 0];
const env = [3, 101, 110, 118];
const memory = [6, 109, 101, 109, 111, 114, 121];
const custom = [0, 0x82, 0x01, 1, 97, ...new Array<number>(128).fill(2)];

describe("withSharedMemory", () => {
  it("sets one bit, behind sections of any length", () => {
    const plain = Uint8Array.from([...header, ...custom, 2, 16, 1, ...env, ...memory, 2, 1, 0, 128, 128, 4]);
    const shared = withSharedMemory(plain);
    const changed = [...plain.keys()].filter((i) => plain[i] !== shared[i]);
    expect(changed).toEqual([plain.length - 5]);
    expect([plain[changed[0]], shared[changed[0]]]).toEqual([1, 3]);
    expect(withSharedMemory(shared)).toEqual(shared);
  });

  it("finds a memory behind imported globals", () => {
    const global = [...env, 1, 103, 3, 0x7f, 0];
    const plain = Uint8Array.from([...header, 2, 27, 2, ...global, ...env, ...memory, 2, 1, 0, 1]);
    const shared = withSharedMemory(plain);
    expect([...plain.keys()].filter((i) => plain[i] !== shared[i])).toEqual([plain.length - 3]);
  });

  it.each([
    ["no imports", [...header, ...custom]],
    ["an empty import section", [...header, 2, 1, 0]],
    ["an imported function", [...header, 2, 7, 1, ...env, 0, 0, 0]],
    ["a memory without a maximum", [...header, 2, 16, 1, ...env, ...memory, 2, 0, 0]],
    ["a section cut off", [...header, 1, 128]],
  ])("refuses %s", (_, bytes) => {
    expect(() => withSharedMemory(Uint8Array.from(bytes))).toThrow("[withSharedMemory] expected wasm that imports");
  });

  it("makes of every build one that takes shared memory, and no other", () => {
    for (const shared of [false, true]) {
      const module = new WebAssembly.Module(wasmBytes("base", shared));
      const over = (kind: boolean) =>
        new WebAssembly.Instance(module, {
          env: {
            panelWidth: 8,
            memory: new WebAssembly.Memory({ initial: 1, maximum: 4, shared: kind }),
          },
        });
      expect(Object.keys(over(shared).exports)).toContain("gemm");
      expect(() => over(!shared)).toThrow(/shared/);
    }
  });
});

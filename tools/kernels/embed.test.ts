import { expect, test } from "vitest";
import { kebabCase, plainScript, shadersModule, wasmModule, workerModule } from "./embed.ts";

test("a build name becomes a file name", () => {
  expect(["base", "baseShared", "relaxedShared"].map(kebabCase)).toEqual(["base", "base-shared", "relaxed-shared"]);
});

test("bytes survive the module", () => {
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => i & 255);
  const text = wasmModule("base", bytes);
  const base64 = /export const baseWasm: string =\s+"([^"]+)";/.exec(text)?.[1] ?? "";
  expect(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))).toEqual(bytes);
});

test("a worker becomes a classic script that runs", () => {
  const source =
    'import type { Socket } from "node:net";\ntype Pair = [number, Socket?];\nconst pair: Pair = [42];\npair[0]';
  const script = plainScript(source);
  expect(script).not.toMatch(/import|export|type /);
  expect(new Function(script.replace("pair[0]", "return pair[0]"))()).toBe(42);
  expect(workerModule(source)).toContain(`export const workerSource: string = ${JSON.stringify(script)};`);
});

test("a worker that imports is refused", () => {
  const source = 'import { join } from "node:path";\njoin("a");';
  expect(() => plainScript(source)).toThrow("[plainScript] expected a worker without imports and exports, got import");
});

test("shaders are embedded with what they include, each piece once", () => {
  const includes = new Map([
    ["both", "#include left\n#include right\n"],
    ["left", "#include right\nleft\n"],
    ["right", "// why\n\n  right // here\n"],
  ]);
  const text = shadersModule(new Map([["matmul", "#include both\nmain"]]), includes);
  const [, literal = ""] = /"matmul": (".*"),/.exec(text) ?? [];
  expect((JSON.parse(literal) as string).split("\n")).toEqual(["right", "left", "main"]);
  expect(() => shadersModule(new Map([["matmul", "#include nothing"]]), includes)).toThrow(
    "[shadersModule] expected include/nothing.wgsl, found none",
  );
});

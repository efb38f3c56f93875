import { expect, test } from "vitest";
import { expandShader } from "./expand-shader.ts";

const text = [
  "enable f16;",
  "#if FAST",
  "fast",
  "#if !ODD",
  "even",
  "#else",
  "odd",
  "#endif",
  "#else",
  "slow",
  "#endif",
  "end",
];

test.each([
  [{ FAST: true, ODD: false }, ["fast", "even", "end"]],
  [{ FAST: true, ODD: true }, ["fast", "odd", "end"]],
  [{ FAST: false, ODD: true }, ["slow", "end"]],
  [{}, ["slow", "end"]],
])("lines are chosen by constants: %o", (constants, lines) => {
  const declarations = Object.entries(constants).map(([name, value]) => `const ${name} = ${value};`);
  expect(expandShader(text.join("\n"), constants).split("\n")).toEqual(["enable f16;", ...declarations, ...lines]);
});

test("numbers become constants of the shader", () => {
  expect(expandShader("var<workgroup> a: array<f32, SIDE>;", { SIDE: 16 })).toBe(
    "const SIDE = 16;\nvar<workgroup> a: array<f32, SIDE>;",
  );
});

test("an open #if is refused", () => {
  expect(() => expandShader("#if A\n#if B\n#endif", {})).toThrow("expected an #endif for every #if, got 1 too few");
});

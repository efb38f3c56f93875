// Every wall of the layout, on small virtual repositories: each rule has a crossing that is reported and a twin that is not.
import { describe, expect, it } from "vitest";
import { checkLayers } from "./layers/check.ts";

const core = "packages/tensor-core/src";
const source = (path: string) => ({ "@beitjs/source": path, default: "./dist/index.js" });

const manifests: Record<string, string> = {
  "package.json": JSON.stringify({ devDependencies: { publint: "1" } }),
  "packages/tensor-core/package.json": JSON.stringify({
    name: "@beitjs/tensor-core",
    exports: {
      ".": source("./src/index.ts"),
      "./random": source("./src/random.ts"),
      "./simd": source("./src/backends/simd/index.ts"),
    },
  }),
  ...Object.fromEntries(
    ["masking", "dvae-tokenizer", "beit-encoder", "trainers"].map((name) => [
      `packages/${name}/package.json`,
      JSON.stringify({
        name: `@beitjs/${name}`,
        exports: { ".": source("./src/index.ts") },
        dependencies: {
          "@beitjs/tensor-core": "1",
          ...(name === "trainers" ? { sharp: "1", "@beitjs/masking": "1", "@beitjs/beit-encoder": "1" } : {}),
        },
      }),
    ]),
  ),
  "apps/cli/package.json": JSON.stringify({ name: "@beitjs/cli", dependencies: { "@beitjs/trainers": "1" } }),
  "apps/web/package.json": JSON.stringify({
    name: "@beitjs/web",
    private: true,
    dependencies: { "@beitjs/trainers": "1" },
    devDependencies: { vite: "1" },
  }),
};

/** What is reported about these files, as `file:line message`. */
function check(files: Record<string, string>): string[] {
  return checkLayers({ ...manifests, ...files }).map(({ path, line, message }) => `${path}:${line} ${message}`);
}

const imports = (specifier: string) => `import { x } from "${specifier}";\nexport const y = x;`;

describe("arrows between packages", () => {
  it.each([
    ["packages/masking/src/a.ts", "@beitjs/tensor-core/random"],
    ["packages/dvae-tokenizer/src/a.ts", "@beitjs/tensor-core"],
    ["packages/beit-encoder/src/a.ts", "@beitjs/tensor-core/random"],
    ["packages/beit-encoder/src/a.test.ts", "@beitjs/tensor-core/simd"],
    ["packages/trainers/src/a.ts", "@beitjs/masking"],
    ["packages/trainers/src/a.ts", "@beitjs/tensor-core/simd"],
    ["apps/cli/src/a.ts", "@beitjs/trainers"],
    ["apps/web/src/a.ts", "@beitjs/trainers?url"],
    ["apps/web/vite.config.ts", "vite"],
    ["tools/a.ts", "@beitjs/masking"],
    ["tools/a.ts", "../packages/tensor-core/src/ops/cases.ts"],
    ["tools/a.ts", "publint/utils"],
    ["packages/trainers/src/a.ts", "sharp"],
    ["packages/trainers/src/a.test.ts", "vitest"],
  ])("%s may import %s", (path, specifier) => {
    expect(check({ [path]: imports(specifier) })).toEqual([]);
  });

  it.each([
    ["packages/masking/src/a.ts", "@beitjs/tensor-core", "packages/masking may import @beitjs/tensor-core/random"],
    ["packages/masking/src/a.test.ts", "@beitjs/tensor-core/simd", "packages/masking may import"],
    ["packages/dvae-tokenizer/src/a.ts", "@beitjs/masking", "packages/dvae-tokenizer may import @beitjs/tensor-core"],
    ["packages/beit-encoder/src/a.ts", "@beitjs/dvae-tokenizer", "packages/beit-encoder may import"],
    ["packages/beit-encoder/src/a.ts", "@beitjs/tensor-core/simd", "model code is free of backends"],
    [`${core}/a.ts`, "@beitjs/masking", "packages/tensor-core may import no other package"],
    [`${core}/a.ts`, "@beitjs/tensor-core/random", "inside a package, imports are relative"],
    ["packages/trainers/src/a.ts", "@beitjs/cli", "nobody imports an app"],
    ["packages/trainers/src/a.ts", "@beitjs/tensor-core/src/tensor.ts", "which is not exported"],
    ["packages/trainers/src/a.ts", "../../masking/src/index.ts", "packages meet at package names"],
    ["packages/trainers/src/a.test.ts", "../../../tools/a.ts", "nobody imports tools"],
    ["apps/cli/src/a.ts", "../../../tools/a.ts", "nobody imports tools"],
    ["apps/web/src/a.ts", "@beitjs/masking", "which its package.json does not declare"],
    ["apps/cli/src/a.ts", "@beitjs/masking", "which its package.json does not declare"],
    ["packages/masking/src/a.ts", "sharp", "imports sharp, which its package.json does not declare"],
    ["tools/a.ts", "left-pad", "imports left-pad, which its package.json does not declare"],
  ])("%s may not import %s", (path, specifier, message) => {
    const reported = check({ [path]: imports(specifier) });
    expect(reported.join("\n")).toContain(message);
    expect(reported[0]).toMatch(`${path}:1 imports ${specifier}`);
  });

  it("sees every form of import, types too, at its line", () => {
    const path = "packages/masking/src/a.ts";
    for (const statement of [
      'import type { x } from "@beitjs/trainers";',
      'import "@beitjs/trainers";',
      'export * from "@beitjs/trainers";',
      'export type { x } from "@beitjs/trainers";',
      'const x = await import("@beitjs/trainers");',
      'type X = import("@beitjs/trainers").X;',
      'import x = require("@beitjs/trainers");',
    ]) {
      expect(check({ [path]: `// head\n\n${statement}` })[0]).toMatch(`${path}:3 imports @beitjs/trainers`);
    }
    expect(
      check({ [path]: '// import "@beitjs/trainers";\nexport const text = `import "@beitjs/trainers"`;' }),
    ).toEqual([]);
  });
});

describe("inside tensor-core", () => {
  it.each([
    ["ops/conv2d.ts", "../backends/simd/index.ts"],
    ["nn/linear.ts", "../backends/reference/index.ts"],
    ["tape.ts", "./backends/reference/index.ts"],
    ["index.ts", "./backends/simd/index.ts"],
    ["ops/conv2d.ts", "../nn/linear.ts"],
    ["backends/simd/index.ts", "../../nn/linear.ts"],
    ["tensor.ts", "./testing/index.ts"],
    ["image/resize.ts", "../ops/index.ts"],
  ])("%s may not import %s", (path, specifier) => {
    expect(check({ [`${core}/${path}`]: imports(specifier) })).toHaveLength(1);
  });

  it.each([
    ["tape.ts", "./ops/index.ts"],
    ["nn/linear.ts", "../ops/index.ts"],
    ["backends/simd/index.ts", "../../ops/index.ts"],
    ["backends/simd/index.ts", "../reference/index.ts"],
    ["testing/conformance.ts", "../backends/reference/index.ts"],
    ["ops/conv2d.test.ts", "../backends/reference/index.ts"],
  ])("%s may import %s", (path, specifier) => {
    expect(check({ [`${core}/${path}`]: imports(specifier) })).toEqual([]);
  });
});

describe("what stays in one place", () => {
  const tfjs = 'import type { Tensor } from "@tensorflow/tfjs-core";\nexport type X = Tensor;';
  const cases: ReadonlyArray<readonly [code: string, outside: string, inside: string]> = [
    [
      "export const m = new WebAssembly.Module(b);",
      `${core}/backends/simd/index.ts`,
      `${core}/backends/simd/module.ts`,
    ],
    ["export type M = WebAssembly.Memory;", "packages/masking/src/grid.ts", "packages/masking/src/bulk.ts"],
    [
      "declare const WebAssembly: { x: 1 };\nexport const m = WebAssembly.x;",
      `${core}/a.ts`,
      `${core}/backends/simd/worker.ts`,
    ],
    ["export const f = (d: GPUDevice) => d;", `${core}/ops/a.ts`, `${core}/backends/webgpu/dispatch.ts`],
    ["export const r = Math.random();", `${core}/a.test.ts`, "apps/cli/src/a.ts"],
    ["export const { random } = Math;", "packages/masking/src/a.ts", "tools/a.ts"],
    ["export const t = Date.now();", "packages/trainers/src/node/a.ts", "apps/cli/src/a.ts"],
    ["export const t = new Date();", "packages/trainers/src/a.ts", "tools/bench/a.ts"],
    ["export const t = globalThis.performance.now();", `${core}/a.ts`, `packages/tensor-core/bench/a.bench.ts`],
    ['export const t = (globalThis as any)["performance"];', `${core}/a.ts`, "tools/a.ts"],
    ["export const id = crypto.randomUUID();", "packages/trainers/src/a.ts", "apps/cli/src/a.ts"],
    ["export const w = window.innerWidth;", "packages/trainers/src/a.ts", "apps/web/src/a.ts"],
    ["export const draw = (c: HTMLCanvasElement) => c;", `${core}/image/a.ts`, "apps/web/src/a.ts"],
    ["export const e = process.env;", "packages/trainers/src/a.ts", "packages/trainers/src/node/a.ts"],
    ["export const b = { Buffer };", "packages/trainers/src/a.ts", "packages/trainers/src/a.test.ts"],
    [
      "const { Worker } = globalThis as Host;\nexport const w = Worker;",
      `${core}/backends/simd/index.ts`,
      `${core}/backends/simd/kernel-thread.ts`,
    ],
    [
      'import { x } from "node:fs";\nexport const y = x;',
      "packages/trainers/src/checkpoint.ts",
      "packages/trainers/src/node/a.ts",
    ],
    ['import { x } from "fs";\nexport const y = x;', `${core}/a.ts`, `${core}/a.test.ts`],
    ['import { x } from "node:fs";\nexport const y = x;', `${core}/files/url.ts`, `${core}/files/node.ts`],
    ["export const get = () => fetch('u');", `${core}/files/browser-cache.ts`, `${core}/files/request.ts`],
    ["export const n = navigator.storage;", `${core}/files/url.ts`, `${core}/files/browser-cache.ts`],
    [
      'export const f = () => import("node:os");',
      `${core}/backends/simd/index.ts`,
      `${core}/backends/simd/processors.ts`,
    ],
  ];
  it.each(cases)("%s: not in %s, but in %s", (code, outside, inside) => {
    expect(check({ [outside]: code }).length).toBeGreaterThan(0);
    expect(check({ [inside]: code })).toEqual([]);
  });

  it("keeps @tensorflow in its backend, for types as well", () => {
    expect(check({ [`${core}/ops/a.ts`]: tfjs }).join()).toContain(
      "belongs to packages/tensor-core/src/backends/tfjs/",
    );
    expect(check({ [`${core}/a.test.ts`]: tfjs }).join()).toContain(
      "belongs to packages/tensor-core/src/backends/tfjs/",
    );
    const declared = JSON.stringify({ peerDependencies: { "@tensorflow/tfjs-core": "4" } });
    expect(check({ "packages/tensor-core/package.json": declared, [`${core}/backends/tfjs/a.ts`]: tfjs })).toEqual([]);
  });

  it("is not fooled by members, parameters, locals, comments or strings of the same name", () => {
    const code = [
      "type Grid = { readonly window: number; process(): void };",
      "// WebAssembly, Math.random and Date.now are only named here",
      'export const note = "Math.random()";',
      "export function slide(window: number, self: Grid, location: { Date: number }) {",
      "  const history = [window, self.window, location.Date];",
      "  return { history, performance: history.length, navigator: 1 };",
      "}",
      "export class Queue { fetch() { return this.fetch; } }",
    ].join("\n");
    expect(check({ [`${core}/a.ts`]: code })).toEqual([]);
  });
});

describe("cycles", () => {
  it("tells a knot once, as a path", () => {
    const files = {
      [`${core}/a.ts`]: imports("./b.ts"),
      [`${core}/b.ts`]: imports("./c.ts"),
      [`${core}/c.ts`]: imports("./a.ts"),
      [`${core}/d.ts`]: imports("./a.ts"),
    };
    const loop = ["a", "b", "c", "a"].map((name) => `${core}/${name}.ts`).join(" -> ");
    expect(check(files)).toEqual([`${core}/a.ts:1 modules import each other: ${loop}`]);
  });

  it("sees a module that imports itself, and a cycle through a package's name", () => {
    expect(check({ [`${core}/a.ts`]: imports("./a.ts") })).toHaveLength(1);
    const files = {
      [`${core}/random.ts`]: imports("./a.test.ts"),
      [`${core}/a.test.ts`]: imports("@beitjs/tensor-core/random"),
    };
    expect(check(files).join()).toContain("modules import each other");
  });

  it("follows no import of types", () => {
    expect(
      check({
        [`${core}/a.ts`]: imports("./b.ts"),
        [`${core}/b.ts`]: 'import type { y } from "./a.ts";\nexport const x: typeof y = 1;',
      }),
    ).toEqual([]);
  });
});

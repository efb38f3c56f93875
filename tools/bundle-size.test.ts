// What a page has to load to turn images into visual tokens: bundled for the browser by the repository's vite, minified, the
// wasm embedded. No framework, no module of Node, and small.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { simdBuilds, wasmBytes } from "@beitjs/tensor-core/simd";
import type { Rolldown } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { masksWasm } from "../packages/masking/src/generated/masks.ts";
import { bundleForBrowser, type OutputFile } from "./browser/bundle.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const kilobyte = 1000;
const ours = /[/\\]packages[/\\](tensor-core|dvae-tokenizer)[/\\]src[/\\]/;

const page = `
import { openTokenizerEncoder, tokenize } from "@beitjs/dvae-tokenizer";
import { openUrl } from "@beitjs/tensor-core/files";
import { imageTensor } from "@beitjs/tensor-core/image";
import { createSimdBackend } from "@beitjs/tensor-core/simd";

globalThis.tokens = async (url, image) => {
  const backend = await createSimdBackend();
  const { tokenizer } = await openTokenizerEncoder(await openUrl(url), backend);
  return tokenize(tokenizer, imageTensor([image], { size: tokenizer.config.imageSize }, backend)).read();
};
`;

describe("a page that tokenizes", () => {
  const folder = mkdtempSync(join(root, "node_modules", ".beitjs-page-"));
  let files: readonly OutputFile[] = [];
  beforeAll(async () => {
    files = await bundle(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("takes at most 150 kB, compressed, of JavaScript and wasm together", () => {
    const compressed = files.reduce((sum, file) => sum + gzipSync(contents(file), { level: 9 }).length, 0);
    expect(compressed).toBeGreaterThan(20 * kilobyte);
    expect(compressed).toBeLessThanOrEqual(150 * kilobyte);
  });

  it("loads nothing but the code of the tokenizer and the tensors", () => {
    const modules = chunks(files).flatMap(({ moduleIds }) => moduleIds.filter((id) => !id.startsWith("\0")));
    expect(modules.length).toBeGreaterThan(50);
    expect(modules.filter((id) => !id.startsWith(folder) && !ours.test(id))).toEqual([]);
  });

  it("asks for no module of Node and for no file that is not part of it", () => {
    const names = files.map(({ fileName }) => fileName);
    const imported = chunks(files).flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports]);
    expect(imported.filter((name) => !names.includes(name))).toEqual([]);
    for (const { code } of chunks(files)) expect(code).not.toMatch(/from\s*["']node:/);
  });
});

it.each([
  "import { blockwiseMask as draw } from '@beitjs/masking'",
  "import { drawMask as draw } from '@beitjs/trainers'",
])("a page that draws masks one by one carries no WebAssembly for many: %s", async (imported) => {
  const folder = mkdtempSync(join(root, "node_modules", ".beitjs-page-"));
  try {
    const files = await bundle(folder, `${imported};\nglobalThis.draw = draw;\n`);
    expect(chunks(files).map(({ code }) => code.includes("minAspect"))).toContain(true);
    for (const { code } of chunks(files)) expect(code).not.toContain(masksWasm.slice(0, 100));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it.each(simdBuilds)("the wasm build %s takes at most 60 kB", (build) => {
  expect(wasmBytes(build, false).length).toBeLessThanOrEqual(60 * kilobyte);
});

function chunks(files: readonly OutputFile[]): readonly Rolldown.OutputChunk[] {
  return files.filter((file) => file.type === "chunk");
}

function contents(file: OutputFile): string | Uint8Array {
  return file.type === "chunk" ? file.code : file.source;
}

function bundle(folder: string, code = page): Promise<readonly OutputFile[]> {
  const entry = join(folder, "page.js");
  writeFileSync(entry, code);
  return bundleForBrowser(entry, { root: folder, minify: true });
}

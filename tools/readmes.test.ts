// The TypeScript of every README and guide compiles as it stands against the packages' sources.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type ts from "typescript";
import { describe, expect, it } from "vitest";

const compiler: typeof ts = createRequire(import.meta.url)("typescript");
const root = fileURLToPath(new URL("..", import.meta.url));

// What a reader has at hand: an image, its pixels as a tensor, bytes of a file.
const given = {
  "README.md": `declare const pixels: import("@beitjs/tensor-core").Tensor;`,
  "packages/tensor-core/README.md": "",
  "packages/masking/README.md": "",
  "packages/dvae-tokenizer/README.md": `declare const photo: import("@beitjs/tensor-core/image").Image;`,
  "packages/beit-encoder/README.md": `declare const pixels: import("@beitjs/tensor-core").Tensor;`,
  "packages/trainers/README.md": "",
  "docs/guides/tokenize-at-the-edge.md": "",
  "docs/guides/pre-train-on-your-folder.md": "",
  "docs/guides/fine-tune.md": "",
  "docs/guides/official-weights.md": "",
  "docs/guides/choose-a-backend.md": "",
} as const;

describe.each(Object.keys(given) as (keyof typeof given)[])("%s", (path) => {
  it("shows code that compiles", () => {
    const text = readFileSync(join(root, path), "utf8");
    const blocks = [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code);
    expect(blocks.length).toBeGreaterThan(0);
    const file = join(root, path).replace(/\.md$/, ".example.ts");
    expect(problemsOf(file, `${given[path]}\n${nested(blocks)}\nexport {};\n`)).toEqual([]);
  });
});

// A block may use what those before it have made, and may give its own things the same names.
function nested(blocks: readonly string[]): string {
  const imports = /^import [^;]*;$/gm;
  const bodies = blocks.map((code) => code.replace(imports, ""));
  const opened = bodies.map((body) => `{\n${body}`).join("\n");
  return `${blocks.flatMap((code) => code.match(imports) ?? []).join("\n")}\n${opened}\n${"}".repeat(bodies.length)}`;
}

function problemsOf(file: string, code: string): string[] {
  const { config } = compiler.readConfigFile(join(root, "tsconfig.json"), (name) => readFileSync(name, "utf8"));
  const { options } = compiler.parseJsonConfigFileContent(
    { ...config, include: [], files: [file] },
    compiler.sys,
    root,
  );
  const host = compiler.createCompilerHost({ ...options, noUnusedLocals: false });
  const { readFile, fileExists } = host;
  host.readFile = (name) => (name === file ? code : readFile(name));
  host.fileExists = (name) => name === file || fileExists(name);
  const program = compiler.createProgram([file], { ...options, noUnusedLocals: false }, host);
  const source = program.getSourceFile(file);
  return compiler
    .getPreEmitDiagnostics(program, source)
    .map(({ messageText }) => compiler.flattenDiagnosticMessageText(messageText, " "));
}

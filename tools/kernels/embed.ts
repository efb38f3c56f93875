// Text of the modules under src/generated/: wasm as base64, the thread worker and shaders as strings. Embedded bytes need no file
// access and no bundler plug-in, in Node and in browsers alike.
import { createRequire } from "node:module";

// Required, not imported: jiti would first transform the compiler's nine megabytes, for twenty seconds.
const { ModuleKind, ScriptTarget, transpileModule } = createRequire(import.meta.url)(
  "typescript",
) as typeof import("typescript");

/** First line of a generated module. */
export const notice = "// Written by tools/kernels/build.ts; not in git.\n";

/** `baseShared` -> `base-shared`. */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** A module exporting `<name>Wasm`, the bytes in base64. */
export function wasmModule(name: string, bytes: Uint8Array): string {
  return `${notice}export const ${name}Wasm: string =\n  "${Buffer.from(bytes).toString("base64")}";\n`;
}

/**
 * A module exporting `shaders`, the text of every shader by its file's name, and the type of those names. Lines
 * `#include name` become the text of `include/name`, once; comments and indentation stay behind, as pages load what is left.
 */
export function shadersModule(files: ReadonlyMap<string, string>, includes: ReadonlyMap<string, string>): string {
  const entries = [...files].map(([name, text]) => `  ${JSON.stringify(name)}: ${JSON.stringify(bare(expand(text)))},`);
  return `${notice}export const shaders = {\n${entries.join("\n")}\n} as const;\n\nexport type ShaderName = keyof typeof shaders;\n`;

  function expand(text: string, seen = new Set<string>()): string {
    return text.replace(/^#include (\S+)$/gm, (_, name: string) => {
      const included = includes.get(name);
      if (included === undefined) throw new Error(`[shadersModule] expected include/${name}.wgsl, found none`);
      if (seen.has(name)) return "";
      seen.add(name);
      return expand(included, seen).trimEnd();
    });
  }
}

// WGSL has no strings that a comment could begin in.
function bare(text: string): string {
  const lines = text.split("\n").map((line) => line.replace(/\/\/.*$/, "").trim());
  return lines.filter((line) => line !== "").join("\n");
}

/** A module exporting `workerSource`, the JavaScript of a TypeScript worker. */
export function workerModule(source: string): string {
  return `${notice}export const workerSource: string = ${JSON.stringify(plainScript(source))};\n`;
}

/**
 * JavaScript that runs as a classic script, in a worker made from a string. Types are erased, type imports too; any
 * other import or export throws, since such a script cannot have them.
 */
export function plainScript(source: string): string {
  const { outputText } = transpileModule(source, {
    compilerOptions: { target: ScriptTarget.ES2022, module: ModuleKind.ESNext, removeComments: true },
  });
  const script = outputText.replace(/^export \{\};\n/m, "");
  const statement = /^\s*(?:import|export)\b.*$/m.exec(script);
  if (statement !== null) {
    throw new Error(`[plainScript] expected a worker without imports and exports, got ${statement[0].trim()}`);
  }
  return script;
}

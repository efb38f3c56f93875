// The same few lines as a stranger's program, bundled in the ways that strangers bundle, and run. Each prints visual tokens.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { build as esbuild, type BuildOptions } from "esbuild-wasm";
import { build as vite, type Rolldown } from "vite";

/** What an edge user writes: no file, no Node, no DOM. */
export const program = `
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { createImage, imageTensor } from "@beitjs/tensor-core/image";
import { loadTokenizer, tokenize } from "@beitjs/dvae-tokenizer";

const cpu = await createSimdBackend({ threads: 1, build: "base" });
const tokenizer = await loadTokenizer("small", cpu);
const photo = createImage(90, 60, 3, Uint8Array.from({ length: 90 * 60 * 3 }, (_, i) => (i * 7) % 256));
const ids = await tokenize(tokenizer, imageTensor([photo], { size: tokenizer.config.imageSize }, cpu)).read();
console.log(JSON.stringify([...ids]));
`;

/** How bundles for workers of content networks are made. */
const edge = {
  bundle: true,
  write: false,
  platform: "neutral",
  mainFields: ["module", "main"],
  conditions: ["workerd", "worker", "browser"],
  target: "es2022",
  logLevel: "silent",
} as const satisfies BuildOptions;

/** Writes the program into a project; gives its path. */
export function writeProgram(folder: string): string {
  const path = join(folder, "tokens.mjs");
  writeFileSync(path, program);
  return path;
}

/** Bundled by Vite for browsers: the files it makes, by name. */
export async function bundleWithVite(folder: string): Promise<ReadonlyMap<string, string>> {
  const result = await vite({
    root: folder,
    configFile: false,
    logLevel: "error",
    build: { write: false, minify: true, target: "es2022", rolldownOptions: { input: writeProgram(folder) } },
  });
  const [{ output }] = (Array.isArray(result) ? result : [result]) as readonly Rolldown.RolldownOutput[];
  const chunks = output.filter((file): file is Rolldown.OutputChunk => file.type === "chunk");
  return new Map(chunks.map(({ fileName, code }) => [fileName, code]));
}

/** Bundled by esbuild for browsers into one file. */
export async function bundleWithEsbuild(folder: string): Promise<string> {
  const { outputFiles } = await esbuild({
    entryPoints: [writeProgram(folder)],
    absWorkingDir: folder,
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    logLevel: "silent",
  });
  return outputFiles[0].text;
}

/**
 * Bundled as for a worker of a content network, and run where nothing is but the web's own globals: no \`process\`, no \`require\`,
 * no threads. Gives what was logged.
 */
export async function runAsEdgeWorker(folder: string): Promise<string> {
  const { outputFiles } = await esbuild({
    stdin: { contents: `globalThis.done = (async () => {${asyncBody(program)}})();`, resolveDir: folder },
    absWorkingDir: folder,
    ...edge,
    format: "iife",
  });
  const said: string[] = [];
  const globals: Record<string, unknown> = {
    ...{
      WebAssembly: globalThis["WebAssembly" as keyof typeof globalThis],
      atob,
      TextDecoder,
      TextEncoder,
      URL,
      Response,
      crypto: globalThis.crypto,
    },
    console: { log: (text: string) => said.push(text), warn: (text: string) => said.push(text) },
  };
  runInNewContext(outputFiles[0].text, globals);
  await globals["done"];
  return said.join("\n");
}

/** Bundled for Cloudflare's workers, which take WebAssembly as a file only: `./base.wasm` stays an import. */
export async function bundleForCloudflare(folder: string): Promise<string> {
  const body = program.replace("createSimdBackend({", "createSimdBackend({ module: base,").replace(/^import .*$/gm, "");
  const imports = [...program.matchAll(/^import .*$/gm)].map(([line]) => line).join("\n");
  const answer = body.replace(/console\.log\((.*)\);/, "return new Response($1);");
  const { outputFiles } = await esbuild({
    stdin: {
      contents: `import base from "./base.wasm";\n${imports}\nexport default { async fetch() {${answer}} };`,
      resolveDir: folder,
    },
    absWorkingDir: folder,
    ...edge,
    format: "esm",
    external: ["./base.wasm"],
  });
  return outputFiles[0].text;
}

// Imports become dynamic ones, so that the program can be the body of an async function.
function asyncBody(code: string): string {
  return code.replace(/^import (\{.*\}) from (".*");$/gm, "const $1 = await import($2);");
}

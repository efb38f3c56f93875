// Compiles a package's assembly/ with AssemblyScript, once for each build in kernel-builds.ts, and embeds the bytes in
// src/generated/, with the text of its shaders/. Runs in the package's folder: node --import jiti/register ../../tools/kernels/build.ts <package>
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import asc from "assemblyscript/asc";
import { hasStaticData, kebabCase, shadersModule, wasmModule, workerModule } from "./embed.ts";
import { kernelBuilds, maximumPages } from "./builds.ts";
import type { KernelBuild } from "./builds.ts";

const generated = "src/generated";
const worker = "src/backends/simd/worker.ts";
const shaders = "shaders";

await main(process.argv[2]);

async function main(packageName: string | undefined): Promise<void> {
  const builds = kernelBuilds[packageName ?? ""];
  if (builds === undefined) {
    throw new Error(`[build-kernels] expected one of ${Object.keys(kernelBuilds).join(", ")}, got ${packageName}`);
  }
  mkdirSync(generated, { recursive: true });
  for (const build of builds) {
    const bytes = await compile(build);
    write(kebabCase(build.name), wasmModule(build.name, bytes));
    if (build.asFile) writeFile(build.name, bytes);
    console.log(`${packageName} ${build.name}: ${bytes.length} bytes of wasm`);
  }
  if (existsSync(worker)) write("worker-source", workerModule(readFileSync(worker, "utf8")));
  if (existsSync(shaders)) write("shaders", shadersModule(readShaders(shaders), readShaders(join(shaders, "include"))));
}

// Texts of a folder's WGSL files by their names without the extension.
function readShaders(folder: string): Map<string, string> {
  const files = readdirSync(folder).filter((file) => file.endsWith(".wgsl"));
  return new Map(files.sort().map((file) => [file.slice(0, -5), readFileSync(join(folder, file), "utf8")]));
}

/** Wasm of one build. It imports `env.memory`; kernels have no static data, so that memory belongs to the host. */
async function compile({ name, entry = "index.ts", features, small }: KernelBuild): Promise<Uint8Array> {
  const source = `assembly/${entry}`;
  if (!existsSync(source)) throw new Error(`[build-kernels] expected ${source} for the build ${name}, found none`);
  let binary: Uint8Array | undefined;
  const optimize = ["-O3", "--shrinkLevel", small ? "2" : "0", "--converge", "--noAssert"];
  const flags = ["--outFile", "out.wasm", "--runtime", "stub", ...optimize, "--importMemory"];
  const memory = ["--initialMemory", "0", "--maximumMemory", `${maximumPages}`, "--noExportMemory"];
  const enabled = features.length > 0 ? ["--enable", features.join(",")] : [];
  const { error, stderr } = await asc.main([source, ...flags, ...memory, ...enabled], {
    writeFile: (_, contents) => void (binary = typeof contents === "string" ? Buffer.from(contents) : contents),
  });
  if (error !== null) throw new Error(`[build-kernels] the build ${name} failed: ${error.message}\n${stderr}`);
  if (binary === undefined) throw new Error(`[build-kernels] expected wasm from the build ${name}, got none`);
  if (hasStaticData(binary)) {
    throw new Error(
      `[build-kernels] expected no static data in ${name}: no array literals, strings or classes in kernels`,
    );
  }
  return binary;
}

// For hosts that take WebAssembly as a file only.
function writeFile(name: string, bytes: Uint8Array): void {
  mkdirSync("wasm", { recursive: true });
  writeFileSync(join("wasm", `${name}.wasm`), bytes);
}

// An unchanged file keeps its time stamp, so watchers and incremental compilers rest.
function write(file: string, text: string): void {
  const path = join(generated, `${file}.ts`);
  if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
}

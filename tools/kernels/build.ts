// Compiles a package's assembly/ with AssemblyScript, once for each build in builds.ts, and embeds the bytes in src/generated/,
// with a typed table of what they export and the text of its shaders/. Runs in the package's folder:
// node --import jiti/register ../../tools/kernels/build.ts <package>
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import asc from "assemblyscript/asc";
import { kebabCase, shadersModule, wasmModule, workerModule } from "./embed.ts";
import { kernelModules, maximumPages } from "./builds.ts";
import type { KernelBuild, KernelModule } from "./builds.ts";
import { tableModule } from "./table.ts";
import { exportedFunctions, hasStaticData, withoutCustomSections, type WasmFunction } from "./wasm.ts";

const generated = "src/generated";
const worker = "src/backends/simd/worker.ts";
const shaders = "shaders";

await main(process.argv[2]);

async function main(packageName: string | undefined): Promise<void> {
  const modules = kernelModules[packageName ?? ""];
  if (modules === undefined) {
    throw new Error(`[build-kernels] expected one of ${Object.keys(kernelModules).join(", ")}, got ${packageName}`);
  }
  mkdirSync(generated, { recursive: true });
  for (const module of modules) await writeModule(packageName ?? "", module);
  if (existsSync(worker)) write("worker-source", workerModule(readFileSync(worker, "utf8")));
  if (existsSync(shaders)) write("shaders", shadersModule(readShaders(shaders), readShaders(join(shaders, "include"))));
}

async function writeModule(packageName: string, { table, entry, builds }: KernelModule): Promise<void> {
  const exported = new Map<string, WasmFunction[]>();
  for (const build of builds) {
    const compiled = await compile(build, entry);
    exported.set(build.name, exportedFunctions(compiled));
    const bytes = withoutCustomSections(compiled);
    write(kebabCase(build.name), wasmModule(build.name, bytes));
    if (build.asFile) writeFile(build.name, bytes);
    console.log(`${packageName} ${build.name}: ${bytes.length} bytes of wasm`);
  }
  write(
    table,
    tableModule(exported, (file) => readFileSync(join("assembly", `${file}.ts`), "utf8")),
  );
}

// Texts of a folder's WGSL files by their names without the extension.
function readShaders(folder: string): Map<string, string> {
  const files = readdirSync(folder).filter((file) => file.endsWith(".wgsl"));
  return new Map(files.sort().map((file) => [file.slice(0, -5), readFileSync(join(folder, file), "utf8")]));
}

/**
 * Wasm of one build, with the names of its functions. It imports `env.memory`; kernels have no static data, so that memory
 * belongs to the host.
 */
async function compile({ name, features, small }: KernelBuild, entry: string): Promise<Uint8Array> {
  const source = `assembly/${entry}`;
  if (!existsSync(source)) throw new Error(`[build-kernels] expected ${source} for the build ${name}, found none`);
  let binary: Uint8Array | undefined;
  const optimize = ["-O3", "--shrinkLevel", small ? "2" : "0", "--converge", "--noAssert"];
  const flags = ["--outFile", "out.wasm", "--runtime", "stub", ...optimize, "--debug", "--importMemory"];
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

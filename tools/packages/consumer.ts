// A project that has nothing but our tarballs installed, and what it sees of them: values, types, commands.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, sep } from "node:path";
import type ts from "typescript";
import { quietInstall, root, run } from "./publish.ts";
import type { Manifest, Tarball } from "./publish.ts";

const compiler: typeof ts = createRequire(import.meta.url)("typescript");

export type Resolution = "NodeNext" | "Bundler";

/** Makes the project and installs the tarballs with npm. */
export function installTarballs(folder: string, tarballs: ReadonlyArray<Tarball>): void {
  const dependencies = Object.fromEntries(tarballs.map(({ name, path }) => [name, `file:${path}`]));
  const manifest = { name: "consumer", version: "1.0.0", private: true, type: "module", dependencies };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify(lockOfDependencies(manifest)));
  run("npm", ["install", "--prefer-offline", "--prefix", folder, ...quietInstall], folder);
}

// The repository's own lock for what our packages depend on: the versions that were tested, and, after `npm ci`, versions
// that npm's cache holds, so that no registry needs to answer.
function lockOfDependencies(manifest: { readonly name: string; readonly version: string }): unknown {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    readonly packages: Record<string, { readonly dev?: boolean; readonly link?: boolean }>;
  };
  const entries = Object.entries(lock.packages).filter(
    ([path, { dev, link }]) => path.startsWith("node_modules/") && dev !== true && link !== true,
  );
  const { name, version } = manifest;
  return {
    name,
    version,
    lockfileVersion: 3,
    requires: true,
    packages: { "": { name, version }, ...Object.fromEntries(entries) },
  };
}

/** Everything a package lets others import, manifests, weights and wasm aside: `@beitjs/masking`, `@beitjs/masking/bulk`. */
export function entryPoints({ name, exports }: Manifest): string[] {
  return Object.keys(exports ?? {})
    .filter((subpath) => !/\.(json|safetensors|wasm)$/.test(subpath))
    .map((subpath) => name + subpath.slice(1));
}

/** What importing a specifier gives in Node: the names it exports. */
export function importedNames(folder: string, specifier: string): string[] {
  const script = `console.log(JSON.stringify(Object.keys(await import(${JSON.stringify(specifier)}))))`;
  return JSON.parse(run(process.execPath, ["--input-type=module", "--eval", script], folder)) as string[];
}

/** Compiles a strict consumer of these entry points and gives what the compiler says about it and about our types. */
export function typeErrors(folder: string, specifiers: ReadonlyArray<string>, resolution: Resolution): string[] {
  const file = join(folder, `consumer-${resolution}.ts`);
  writeFileSync(file, specifiers.map(consumerLines).join("\n"));
  const program = compiler.createProgram([file], {
    strict: true,
    noEmit: true,
    // Types that only their own authors' settings can read are of no use, so ours are checked as well.
    skipLibCheck: false,
    target: compiler.ScriptTarget.ES2022,
    lib: resolution === "Bundler" ? ["lib.es2022.d.ts", "lib.dom.d.ts"] : ["lib.es2022.d.ts"],
    module: resolution === "Bundler" ? compiler.ModuleKind.ESNext : compiler.ModuleKind.NodeNext,
    moduleResolution:
      resolution === "Bundler" ? compiler.ModuleResolutionKind.Bundler : compiler.ModuleResolutionKind.NodeNext,
    types: ["node"],
    typeRoots: [join(root, "node_modules/@types")],
  });
  return compiler
    .getPreEmitDiagnostics(program)
    .filter(({ file: source }) => source === undefined || isOurs(source.fileName))
    .map((diagnostic) => compiler.formatDiagnostic(diagnostic, formatHost(folder)).trim());
}

// One import of each entry point: its names must be known, so neither `any` nor an empty module passes.
function consumerLines(specifier: string, index: number): string {
  return [
    `import * as module${index} from ${JSON.stringify(specifier)};`,
    `type Names${index} = keyof typeof module${index};`,
    `export const known${index}: string extends Names${index} ? false : [Names${index}] extends [never] ? false : true = true;`,
    `export const value${index}: object = module${index};`,
  ].join("\n");
}

function isOurs(path: string): boolean {
  const normal = path.split(sep).join("/");
  return normal.includes("/node_modules/@beitjs/") || !normal.includes("/node_modules/");
}

function formatHost(folder: string): ts.FormatDiagnosticsHost {
  return { getCanonicalFileName: (name) => name, getCurrentDirectory: () => folder, getNewLine: () => "\n" };
}

// A project that has nothing but our tarballs installed, and what it sees of them: values, types, commands.
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
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
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify(lockOfDependencies(manifest, tarballs)));
  run("npm", ["install", "--prefer-offline", "--prefix", folder, ...quietInstall], folder);
}

/** What npm put on the disk. */
export function installedMebibytes(folder: string): number {
  const files = readdirSync(join(folder, "node_modules"), { withFileTypes: true, recursive: true });
  const bytes = files.map((entry) => (entry.isFile() ? statSync(join(entry.parentPath, entry.name)).size : 0));
  return bytes.reduce((sum, size) => sum + size, 0) / 2 ** 20;
}

type Locked = {
  readonly version: string;
  readonly link?: boolean;
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};

// The repository's own lock for what our packages depend on: the versions that were tested, and, after `npm ci`, versions
// that npm's cache holds, so that no registry needs to answer.
function lockOfDependencies(
  { name, version }: { readonly name: string; readonly version: string },
  tarballs: ReadonlyArray<Tarball>,
): unknown {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, Locked>>;
  };
  const found = new Set<string>();
  const add = (from: string, name: string): void => {
    const path = findLocked(packages, from, name);
    const target = path === undefined ? undefined : packages[path].link ? packages[path].resolved : path;
    if (target === undefined || found.has(target)) return;
    found.add(target);
    const { dependencies, optionalDependencies } = packages[target];
    for (const other of Object.keys({ ...dependencies, ...optionalDependencies })) add(target, other);
  };
  for (const tarball of tarballs) add("", tarball.name);
  // What lies below a workspace lies at the top of a project that has the workspace as a package.
  const moved = [...found].map((path) => [path.replace(/^(?:packages|apps)\/[^/]+\//, ""), packages[path]] as const);
  const entries = moved.filter(([path]) => path.startsWith("node_modules/"));
  return {
    name,
    version,
    lockfileVersion: 3,
    requires: true,
    packages: { "": { name, version }, ...Object.fromEntries(entries) },
  };
}

/** Where Node would find `name` from `from`, a path of the lock. */
function findLocked(packages: Readonly<Record<string, Locked>>, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const path = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    if (path in packages) return path;
    if (folder === "") return undefined;
  }
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
    // Whose types the entry `/tfjs` shows: users bring it.
    paths: { "@tensorflow/tfjs-core": [join(root, "node_modules/@tensorflow/tfjs-core/dist/index.d.ts")] },
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

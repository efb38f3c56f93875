// Text of the table of a module's exports: how many arguments each takes, as the compiled module says, with the names that the
// source gives them. The hosts call kernels by these types, so that a wrong name or one argument too few does not compile.
import { createRequire } from "node:module";
import { notice } from "./embed.ts";
import type { WasmFunction } from "./wasm.ts";

const compiler = createRequire(import.meta.url)("typescript") as typeof import("typescript");

/** Reads a source file of `assembly/` by its name without the extension. */
type ReadSource = (file: string) => string;

type Kernel = { readonly name: string; readonly parameters: readonly string[]; readonly returns: boolean };

/** The last arguments of a kernel over a range. */
const range = ["begin", "end", "thread"] as const;

/**
 * A module exporting the type `Kernels`, the table `argumentCounts` and, if there are any, the type `RangeKernelName` of
 * the kernels over a range. `builds` are the exports of every build of the module by the build's name; throws unless all
 * export the same.
 */
export function tableModule(builds: ReadonlyMap<string, readonly WasmFunction[]>, readSource: ReadSource): string {
  checkSame(builds);
  const [functions = []] = builds.values();
  const kernels = functions.map((each) => kernelOf(each, readSource)).sort((a, b) => (a.name < b.name ? -1 : 1));
  const signatures = kernels.map(
    ({ name, parameters, returns }) =>
      `  ${name}(${parameters.map((each) => `${each}: number`).join(", ")}): ${returns ? "number" : "void"};`,
  );
  const ranges = kernels.filter(({ parameters }) => range.every((name, i) => parameters.at(i - range.length) === name));
  const counts = kernels.map(({ name, parameters }) => `  ${name}: ${parameters.length},`);
  return [
    notice,
    "/** What the compiled module exports. */",
    `export type Kernels = {\n${signatures.join("\n")}\n};\n`,
    ...(ranges.length > 0
      ? [
          `/** Those over a range: their last arguments are ${range.join(", ")}. */`,
          `export type RangeKernelName =\n${ranges.map(({ name }) => `  | "${name}"`).join("\n")};\n`,
        ]
      : []),
    "/** How many arguments each takes. */",
    `export const argumentCounts: Readonly<Record<keyof Kernels, number>> = {\n${counts.join("\n")}\n};\n`,
  ].join("\n");
}

function checkSame(builds: ReadonlyMap<string, readonly WasmFunction[]>): void {
  const [[first, wanted], ...others] = [...builds].map(([build, functions]) => {
    const lines = functions.map(({ name, parameters, returns }) => `${name}(${parameters})${returns ? " -> 1" : ""}`);
    return [build, new Set(lines)] as const;
  });
  for (const [build, lines] of others) {
    const missing = [...wanted].filter((line) => !lines.has(line));
    const added = [...lines].filter((line) => !wanted.has(line));
    if (missing.length + added.length === 0) continue;
    throw new Error(
      `[tableModule] expected ${build} to export what ${first} does, got ${[...missing.map((line) => `no ${line}`), ...added].join(", ")}`,
    );
  }
}

function kernelOf({ name, parameters, returns, source }: WasmFunction, readSource: ReadSource): Kernel {
  const names = source === undefined ? [] : parameterNames(source, readSource);
  if (names.length !== parameters)
    throw new Error(
      `[tableModule] expected ${name} to have ${parameters} parameters in ${source}, got ${names.length}`,
    );
  return { name, parameters: names, returns };
}

// AssemblyScript has TypeScript's syntax.
function parameterNames(source: string, readSource: ReadSource): string[] {
  const [, file, name] = /^assembly\/(.+)\/(\w+)$/.exec(source) ?? [];
  if (file === undefined) return [];
  const { statements } = compiler.createSourceFile(file, readSource(file), compiler.ScriptTarget.ES2022);
  const found = statements.filter(compiler.isFunctionDeclaration).find((each) => each.name?.text === name);
  return found?.parameters.map((parameter) => (parameter.name as import("typescript").Identifier).text) ?? [];
}

// The TypeScript of a page as one module, as a reader pastes it: compiled against the packages' sources, and run in a process
// of its own against what was built. Shapes and numbers that comments promise are checked while it runs.
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import type ts from "typescript";
import { root, type Block, type Page } from "./pages.ts";

const compiler: typeof ts = createRequire(import.meta.url)("typescript");

const codeOf = (page: Page): readonly Block[] => page.blocks.filter(({ language }) => language === "ts");

/** Errors of the compiler, those of blocks that are not run too. */
export function problemsOf(page: Page): readonly string[] {
  const file = join(root, page.path).replace(/\.md$/, ".example.ts");
  const code = `${codeOf(page)
    .map(({ text }) => text)
    .join("\n")}\nexport {};\n`;
  const { config } = compiler.readConfigFile(join(root, "tsconfig.json"), (name) => readFileSync(name, "utf8"));
  const { options: shared } = compiler.parseJsonConfigFileContent(
    { ...config, include: [], files: [file] },
    compiler.sys,
    root,
  );
  const options = { ...shared, noUnusedLocals: false };
  const host = compiler.createCompilerHost(options);
  const { readFile, fileExists } = host;
  host.readFile = (name) => (name === file ? code : readFile(name));
  host.fileExists = (name) => name === file || fileExists(name);
  const program = compiler.createProgram([file], options, host);
  return compiler
    .getPreEmitDiagnostics(program, program.getSourceFile(file))
    .map(({ messageText }) => compiler.flattenDiagnosticMessageText(messageText, " "));
}

/** Packages that the page's code imports, those of Node aside. */
export function importsOf({ blocks }: Page): readonly string[] {
  const code = blocks.map(({ text }) => text).join("\n");
  const names = [...code.matchAll(/^import (?:type )?(?:[^;"]* from )?"((?:@[\w-]+\/)?[\w:-]+)[^"]*";/gm)].map(
    ([, name]) => name,
  );
  return [...new Set(names)].filter((name) => !name.startsWith("node:"));
}

/** Runs the page's code in a folder; gives how many promises of its comments were checked. */
export async function runCode(page: Page, folder: string): Promise<number> {
  const blocks = codeOf(page).filter(({ notRun }) => notRun === undefined);
  const { text, checks } = withChecks(blocks.map((block) => block.text).join("\n"));
  const recipes = importsOf(page).includes("@beitjs/trainers") ? smallRuns : "";
  const { outputText } = compiler.transpileModule(`${recipes}${prologue}${text}`, {
    compilerOptions: {
      target: compiler.ScriptTarget.ES2022,
      module: compiler.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
  });
  await runModule(outputText, folder);
  return checks;
}

/** Runs a module in a folder; throws with all it said. */
export async function runModule(code: string, folder: string, flags: readonly string[] = []): Promise<void> {
  writeFileSync(join(folder, "page.mjs"), code);
  await promisify(execFile)(process.execPath, [...flags, "page.mjs"], { cwd: folder });
}

/** The code with a check behind each line whose comment promises a shape, or what is printed. */
function withChecks(code: string): { readonly text: string; readonly checks: number } {
  let checks = 0;
  const lines = code.split("\n").map((line) => {
    const check = shapeCheck(line) ?? printCheck(line);
    if (check) checks++;
    return check ? `${line}\n${check}` : line;
  });
  return { text: lines.join("\n"), checks };
}

// `const x = …; // [1, S, S, C] …`, or `// [B, N] -> [B, D]` with what comes out last.
function shapeCheck(line: string): string | undefined {
  const [, name, comment] = /^const (\w+) = .*; \/\/ (.*)$/.exec(line) ?? [];
  const [, sides] = /\[([\w, ]+)\]/.exec(comment?.split("->").at(-1) ?? "") ?? [];
  return sides === undefined ? undefined : `$shape("${name}", ${name}, ${JSON.stringify(sides.split(", "))});`;
}

// `console.log(x); // 0.34`, rounded as printed there.
function printCheck(line: string): string | undefined {
  const [, value, printed] = /^console\.log\((.*)\); \/\/ (-?\d+(?:\.\d+)?)(?![\w.])/.exec(line) ?? [];
  return value === undefined ? undefined : `$prints(${JSON.stringify(value)}, ${value}, "${printed}");`;
}

// Before the page's own lines: the checks, and addresses that are files of the folder. A letter of a shape is one number.
const prologue = `
import { readFile as $readFile } from "node:fs/promises";
function $shape(name, { shape }, sides) {
  const letters = new Map();
  const fits = (side, i) => {
    if (!/^\\d+$/.test(side) && !letters.has(side)) letters.set(side, shape[i]);
    return shape[i] === (letters.get(side) ?? Number(side));
  };
  if (shape.length !== sides.length || !sides.every(fits))
    throw new Error(\`expected \${name} of shape [\${sides.join(", ")}], got [\${shape.join(", ")}]\`);
}
function $prints(what, value, text) {
  const digits = text.split(".")[1]?.length ?? 0;
  if (value.toFixed(digits) !== text) throw new Error(\`expected \${what} to be \${text}, got \${value}\`);
}
globalThis.fetch = async (address) => new Response(await $readFile(String(address).split("/").at(-1)));
`;

// Recipes as printed, with fewer and smaller steps.
const smallRuns = `
import { recipes as $recipes } from "@beitjs/trainers";
for (const recipe of Object.values($recipes)) {
  Object.assign(recipe, { epochs: 1, batchSize: 4, microBatches: 1 });
  if ("depth" in recipe.model) Object.assign(recipe.model, { depth: 2 });
}
`;

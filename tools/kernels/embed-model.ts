// Writes the weights that ship with a package as a module, base64 in a string: no file access, no download, no bundler plug-in,
// in Node, browsers and workers alike. Runs in the package's folder: node --import jiti/register ../../tools/kernels/embed-model.ts <name>
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

const [name] = process.argv.slice(2);
if (name === undefined) throw new Error("[embed-model] expected the name of a file in models/, got none");
const bytes = readFileSync(`models/${name}.safetensors`);
const text = `// Written by tools/kernels/embed-model.ts from models/${name}.safetensors; not in git.
export const ${name}Model: string =
  "${bytes.toString("base64")}";
`;
const path = `src/generated/${name}-model.ts`;
mkdirSync("src/generated", { recursive: true });
// An unchanged file keeps its time stamp, so watchers and incremental compilers rest.
if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);

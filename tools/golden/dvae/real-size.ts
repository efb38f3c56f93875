// Compares with what real-size.py left in a folder, in a bundle of the packages' sources: a transpiler at run time would
// slow the loops down.  node --import jiti/register tools/golden/dvae/real-size.ts FOLDER
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { bundleWorker } from "../../bench/bundle.ts";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("[real-size] expected a folder");
const commandOf = await bundleWorker(new URL("./real-size-worker.ts", import.meta.url));
const [program, ...parameters] = commandOf({ folder: resolve(folder) });
process.exitCode = spawnSync(program, parameters, { stdio: "inherit" }).status ?? 1;

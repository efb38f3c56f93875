// Exports models with what ours compute, for check.py to compare:
//   node --import jiti/register tools/golden/exported/export.ts <folder> [small|real|large]
// The work is done by worker.ts, bundled from the packages' sources.
import { resolve } from "node:path";
import { bundleWorker } from "../../bench/bundle.ts";
import { runWorker } from "../../bench/processes.ts";

const [folder, size = "small"] = process.argv.slice(2);
if (folder === undefined || !["small", "real", "large"].includes(size)) {
  throw new Error("[onnx] expected a folder and small, real or large");
}
const command = await bundleWorker(new URL("worker.ts", import.meta.url));
console.log(JSON.stringify(await runWorker(command({ folder: resolve(folder), size })), null, 2));

// Fuzzes the readers of what others wrote and prints what came out as JSON; stops with an error at a broken promise.
// NumPy's npy is written here and never read. JITI_INTEROP_DEFAULT=false takes a fifth less time.
// node --import jiti/register tools/fuzz/main.ts FORMAT [--inputs 1000000] [--seed 1] [--seconds N]
import { parseArgs } from "node:util";
import { argumentsFormat } from "./arguments.ts";
import { cifarFormat, configFormat, idxFormat, imageFormat, recipeFormat, zipFormat } from "./data.ts";
import { pickleFormat } from "./pickle.ts";
import { fuzz } from "./run.ts";
import { safetensorsFormat } from "./safetensors.ts";

const formats = {
  safetensors: safetensorsFormat,
  pickle: pickleFormat,
  zip: zipFormat,
  images: imageFormat,
  idx: idxFormat,
  cifar: cifarFormat,
  recipes: recipeFormat,
  "hf-configs": configFormat,
  arguments: argumentsFormat,
} as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    inputs: { type: "string", default: "1000000" },
    seed: { type: "string", default: "1" },
    seconds: { type: "string", default: "Infinity" },
  },
});
const [name = ""] = positionals;
if (!Object.hasOwn(formats, name))
  throw new Error(`[main] expected one of ${Object.keys(formats).join(", ")}, got ${JSON.stringify(name)}`);
const [inputs, seed, seconds] = [values.inputs, values.seed, values.seconds].map(Number) as [number, number, number];
for (const [flag, value] of Object.entries({ inputs, seed, seconds })) {
  if (!(value >= 0)) throw new Error(`[main] expected --${flag} to be a number, got ${values[flag as "inputs"]}`);
}
const report = await fuzz(formats[name as keyof typeof formats](), { inputs, seed, seconds });
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);

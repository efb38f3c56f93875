// Abuses beitjs as machines and strangers do, and prints what came out as JSON; ends with an error at a broken promise.
// npm run abuse -- NAME [--seed 1] [--count N]; each rig is a file beside this one and exports `rig`.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Rig } from "./harness.ts";

const names = ["crash", "disk", "data", "hostile", "load", "locks"];
const fileOf = (name: string): string => fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
const present = names.filter((name) => existsSync(fileOf(name)));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: "string", default: "1" }, count: { type: "string" } },
});
const [name = ""] = positionals;
if (positionals.length !== 1 || !present.includes(name))
  throw new Error(`[abuse] expected one of ${present.join(", ")}, got ${JSON.stringify(positionals.join(" "))}`);
const { rig } = (await import(fileOf(name))) as { readonly rig: Rig };
const [seed, count] = [Number(values.seed), Number(values.count ?? rig.count)];
if (!(Number.isInteger(seed) && seed >= 0 && Number.isInteger(count) && count > 0))
  throw new Error(`[abuse] expected a seed from 0 and a count from 1, got ${values.seed} and ${values.count}`);

process.stderr.write(`${name}: ${rig.about}; seed ${seed}, count ${count}\n`);
const began = performance.now();
const figures = await rig.run({ seed, count, say: (text) => process.stderr.write(`${name}: ${text}\n`) });
const seconds = Math.round((performance.now() - began) / 1000);
process.stdout.write(`${JSON.stringify({ rig: name, seed, count, seconds, ...figures }, null, 2)}\n`);

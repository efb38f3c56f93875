// The same small runs on one backend and another, for tests of --backend.
import { join } from "node:path";
import { cli, makeFolder, writeIdx, writePngs, writeRecipes, type CliRun } from "./run-cli.ts";

export type BackendRuns = Awaited<ReturnType<typeof prepareRuns>>;

/** Images and recipes in a folder of their own, and runs in it, which throw what the program says where it fails. */
export async function prepareRuns() {
  const folder = await makeFolder();
  const at = (...names: string[]): string => join(folder.path, ...names);
  const data = await writeIdx(at("data"));
  const pngs = await writePngs(at("pngs"), ["a", "b"], 2);
  const recipe = await writeRecipes(at("recipes"));
  return {
    at,
    data,
    pngs,
    recipe,
    remove: () => folder.remove(),

    async trainTokenizer(name: string, flags: readonly string[]): Promise<void> {
      const where = ["--data", data, "--recipe", recipe("tokenizer"), "--out", at(name)];
      const { stderr } = await succeed(["train-tokenizer", ...where, ...flags]);
      if (!stderr.includes(`backend: ${flags[1]}`)) throw new Error(`expected backend ${flags[1]}, got ${stderr}`);
    },

    async tokensOf(name: string, flags: readonly string[]): Promise<string> {
      const { stdout } = await succeed(["tokenize", "--tokenizer", at(name), "--data", pngs, ...flags]);
      if (stdout === "") throw new Error("expected tokens, got nothing");
      return stdout;
    },

    async lossesOf(name: string, tokenizer: string, flags: readonly string[]): Promise<number[]> {
      const where = ["--data", data, "--tokenizer", at(tokenizer), "--recipe", recipe("pretrain"), "--out", at(name)];
      const { events } = await succeed(["pretrain", ...where, ...flags, "--json"]);
      return events.filter(({ event }) => event === "step").map(({ loss }) => loss as number);
    },
  };
}

async function succeed(argv: readonly string[]): Promise<CliRun> {
  const run = await cli(argv);
  if (run.code !== 0) throw new Error(`expected exit code 0 of ${argv[0]}, got ${run.code}: ${run.stderr}`);
  return run;
}

/** Of two runs step by step; infinite where one has more steps, or none has any. */
export function largestGap(losses: readonly number[], expected: readonly number[]): number {
  if (losses.length !== expected.length || losses.length === 0) return Infinity;
  return Math.max(...losses.map((loss, step) => Math.abs(loss - expected[step])));
}

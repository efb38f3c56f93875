// The same small runs on one backend and another, for tests of --backend.
import { join } from "node:path";
import { expect } from "vitest";
import { cli, makeFolder, writeIdx, writePngs, writeRecipes } from "./run-cli.ts";

export type BackendRuns = Awaited<ReturnType<typeof prepareRuns>>;

/** Images and recipes in a folder of their own, and runs in it. */
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
      const { code, stderr } = await cli(["train-tokenizer", ...where, ...flags]);
      expect(stderr).toContain(`backend: ${flags[1]}`);
      expect(code).toBe(0);
    },

    async tokensOf(name: string, flags: readonly string[]): Promise<unknown> {
      const { code, stdout, stderr } = await cli(["tokenize", "--tokenizer", at(name), "--data", pngs, ...flags]);
      expect(code, stderr).toBe(0);
      expect(stdout).not.toBe("");
      return stdout;
    },

    async lossesOf(name: string, tokenizer: string, flags: readonly string[]): Promise<number[]> {
      const where = ["--data", data, "--tokenizer", at(tokenizer), "--recipe", recipe("pretrain"), "--out", at(name)];
      const { code, events, stderr } = await cli(["pretrain", ...where, ...flags, "--json"]);
      expect(code, stderr).toBe(0);
      return events.filter(({ event }) => event === "step").map(({ loss }) => loss as number);
    },
  };
}

export function expectClose(values: readonly number[], expected: readonly number[]): void {
  expect(values).toHaveLength(expected.length);
  for (const [i, value] of values.entries()) expect(Math.abs(value - expected[i]), `step ${i}`).toBeLessThan(1e-3);
}

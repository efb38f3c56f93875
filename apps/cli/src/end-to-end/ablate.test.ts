// `beit ablate` from flags to its table: rows by seeds with one tokenizer, gone on with where it was stopped, measured once.
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { listCheckpoints } from "@beitjs/trainers/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RowSummary } from "../studies/ablate-summary.ts";
import { cli, makeFolder, writeIdx, writePngs, writeRecipes } from "../testing/run-cli.ts";

const oneThread = ["--backend", "simd", "--threads", "1"];
let folder: Awaited<ReturnType<typeof makeFolder>>;
let recipe: Awaited<ReturnType<typeof writeRecipes>>;
let data: string;
const at = (...parts: string[]) => join(folder.path, ...parts);

beforeAll(async () => {
  folder = await makeFolder();
  recipe = await writeRecipes(at("recipes"));
  data = await writeIdx(at("idx"), 32);
});
afterAll(() => folder.remove());

const ablate = (out: string, ...more: string[]) =>
  cli([
    ...["ablate", "--data", data, "--recipe", recipe("pretrain"), "--tokenizer-recipe", recipe("tokenizer")],
    ...["--labels-per-class", "2", "--tries", "2", "--save-every", "5", "--out", out, ...oneThread, ...more],
  ]);

const given = (labels: string) => [
  ...["--recipe", recipe("pretrain"), "--labels-per-class", labels, "--out", at("never"), ...oneThread],
];

type Result = Readonly<Record<string, unknown>> & { readonly rows: readonly RowSummary[]; readonly steps: number };
const resultOf = async (out: string) => JSON.parse(await readFile(join(out, "ablation.json"), "utf8")) as Result;
const weightsOf = (out: string, run: string) => readFile(join(out, run, "summary.json"), "utf8");

describe("ablate", () => {
  it("runs rows by seeds, each in its folder, and prints and writes what comes of them", async () => {
    const out = at("study");
    const rows = ["--rows", "beit", "pixels-uniform", "unmasked", "--seeds", "2", "--steps", "9"];
    const run = await ablate(out, ...rows, "--set", "pixels.normalized=true", "pixels.error=absolute");
    expect(run.stderr).not.toContain("beit: ");
    expect(run.code).toBe(0);
    const lines = run.stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(
      /^ +linear probe +to BEiT +nearest neighbors +to BEiT +2 labels a class +to BEiT +paper: ImageNet +ADE20K$/,
    );
    expect(lines.slice(1).map((line) => line.split(/ {2,}/)[0])).toEqual([
      "BEiT",
      "- visual tokens - blockwise masking",
      "- masking + recover 100 % of visual tokens",
      "no training at all",
    ]);
    expect(lines[1]).toMatch(/^BEiT +\d+\.\d ± \d+\.\d +.* 82\.86 +44\.65$/);
    expect(run.stderr).toContain("a difference to BEiT below two standard errors is nothing, and ");
    expect(run.stderr).toContain("run 6 of 6: unmasked, seed ");

    const result = await resultOf(out);
    expect(result.rows.map(({ row, seeds }) => [row, seeds.length])).toEqual([
      ["beit", 2],
      ["pixels-uniform", 2],
      ["unmasked", 2],
      ["untrained", 2],
    ]);
    // Whole epochs: at least as many updates as asked for.
    expect(result.steps).toBeGreaterThanOrEqual(9);
    const pixels = JSON.parse(await weightsOf(out, `pixels-uniform-${result.rows[1].seeds[1].seed}`)) as Result;
    expect(pixels).toMatchObject({
      step: result.steps,
      recipe: { target: "pixels", mask: { kind: "uniform" }, pixels: { normalized: true, error: "absolute" } },
    });
    expect(pixels).not.toHaveProperty("tokenizerWeights");
    const page = await readFile(join(out, "ablation.html"), "utf8");
    expect(page).toContain("- masking + recover 100 % of visual tokens");
    expect(page.match(/<circle /g)).toHaveLength(3 * 8);

    // What is done is neither trained nor measured again, and another row joins it.
    const before = await weightsOf(out, "beit-3");
    const more = await ablate(out, "--rows", "beit", "unmasked", "uniform", "--seeds", "2", "--steps", "9");
    expect(more.code).toBe(0);
    expect(more.stderr.match(/nothing to do: the run has made its/g)).toHaveLength(5);
    expect(more.stderr.match(/: measured before\n/g)).toHaveLength(6);
    expect(await weightsOf(out, "beit-3")).toBe(before);
    const [whole] = (await resultOf(out)).rows;
    expect(whole).toEqual(result.rows[0]);

    // A run that was stopped on its way goes on from its last checkpoint, to the bits that it would have had.
    const weights = async () => {
      const [{ path }] = await listCheckpoints(join(out, "beit-3"));
      return readFile(join(path, "model.safetensors"));
    };
    const ended = await weights();
    const [{ path: newest }, ...older] = await listCheckpoints(join(out, "beit-3"));
    expect(older).toHaveLength(1);
    await rm(newest, { recursive: true });
    const again = await ablate(out, "--rows", "beit", "--seeds", "1", "--steps", "9");
    expect(again.code).toBe(0);
    expect(again.stderr).toContain("going on at step 10, from ");
    expect((await weights()).equals(ended)).toBe(true);
  }, 60_000);

  it("refuses what it cannot do, before it trains", async () => {
    const refused = async (message: string, ...more: string[]) => {
      const run = await ablate(at("never"), ...more);
      expect(run.stderr).toContain(message);
      expect(run.code).toBe(2);
    };
    await refused("--rows BEiT: expected some of beit, uniform, pixels, ", "--rows", "BEiT");
    await refused("--steps and --epochs say the same of the runs", "--steps", "9", "--epochs", "2");
    await refused("pixels.normalized: expected true or false, got 3", "--set", "pixels.normalized=3");
    await refused("expected recipe.loss to be masked, as BEiT has it", "--set", "loss=all");
    await writePngs(at("flat", "all"), ["."], 8);
    const flat = await cli(["ablate", "--data", at("flat", "all"), "--out", at("never"), ...oneThread]);
    expect(flat).toMatchObject({ code: 2, stderr: expect.stringContaining(`--data ${at("flat", "all")}: `) as string });
    const untrained = await cli(["ablate", "--data", data, "--tokenizer", at("study", "tokenizer"), ...given("1000")]);
    expect(untrained).toMatchObject({ code: 2, stderr: expect.stringContaining("--labels-per-class: ") as string });
    expect(untrained.stderr).not.toContain("run 1 of");
  }, 60_000);
});

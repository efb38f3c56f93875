// Runs that go on with another recipe on purpose: longer, to the same bits however often they are stopped, and forked.
import { cp, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { loadCheckpoint } from "@beitjs/trainers/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, makeFolder, writeIdx, writeRecipes, type RunCliOptions } from "../testing/run-cli.ts";

const oneThread = ["--backend", "simd", "--threads", "1"];
let folder: Awaited<ReturnType<typeof makeFolder>>;
let recipe: Awaited<ReturnType<typeof writeRecipes>>;
let data: string;
const at = (...names: string[]) => join(folder.path, ...names);

beforeAll(async () => {
  folder = await makeFolder();
  recipe = await writeRecipes(at("recipes"));
  data = await writeIdx(at("idx"));
  expect((await tokenizer("tokenizer", [])).code).toBe(0);
  expect((await finetune("classifier", ["--scratch"])).code).toBe(0);
});
afterAll(() => folder.remove());

// Four steps an epoch, two epochs.
const tokenizer = (out: string, more: readonly string[], options: RunCliOptions = {}) =>
  cli(
    ["train-tokenizer", "--data", data, "--recipe", recipe("tokenizer"), "--out", at(out), ...oneThread, ...more],
    options,
  );
const finetune = (out: string, more: readonly string[]) =>
  cli(["finetune", "--data", data, "--recipe", recipe("fineTune"), "--out", at(out), ...oneThread, ...more]);
const manifestOf = async (out: string) => (await loadCheckpoint(at(out))).manifest;
const rates = async (out: string) =>
  (await readFile(at(out, "metrics.jsonl"), "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { learningRate: number }).learningRate);

describe("a run that is made longer", () => {
  it("takes the schedule of the longer one from where it stands, and says what jumps", async () => {
    await cp(at("tokenizer"), at("longer"), { recursive: true });
    const run = await tokenizer("longer", ["--epochs", "4", "--json"]);
    expect(run.code).toBe(0);
    expect(run.stderr).toMatch(
      /longer: 4 epochs instead of 2, 16 steps instead of 8; from step 8 on the schedule is that of 4 epochs: learning rate from \S+ to \S+, temperature from/,
    );
    expect(run.events.find(({ event }) => event === "lengthened")).toMatchObject({ step: 8, epochs: [2, 4] });
    expect((await tokenizer("whole", ["--epochs", "4"])).code).toBe(0);
    const [longer, short, whole] = [await rates("longer"), await rates("tokenizer"), await rates("whole")];
    expect(longer.slice(0, 8)).toEqual(short);
    expect(longer.slice(8)).toEqual(whole.slice(8));
    expect(await manifestOf("longer")).toMatchObject({ step: 16, recipe: { epochs: 4 } });
    expect(await readFile(at("longer", "recipe.yaml"), "utf8")).toContain("epochs: 4");
  });

  it("that is stopped goes on to the same bits", async () => {
    await cp(at("tokenizer"), at("stopped"), { recursive: true });
    const stopped = await tokenizer("stopped", ["--epochs", "4", "--json"], {
      onLine: (line, signal) => line.includes('"step":11,"totalSteps"') && signal("SIGINT"),
    });
    expect(stopped.code).toBe(130);
    const again = await tokenizer("stopped", ["--epochs", "4"]);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).not.toContain("longer:");
    expect((await manifestOf("stopped")).files).toEqual((await manifestOf("longer")).files);
  });

  it("is not made shorter again, and nothing else of it changes; both ways out are told", async () => {
    const shorter = await tokenizer("longer", []);
    expect(shorter.code).toBe(2);
    expect(shorter.stderr).toMatch(
      /step-000016 is at step 16 of the 16 of its 4 epochs, and 2 epochs are 8 steps: a run can be made longer, not shorter; drop --epochs, or take another --out and --fork .*step-000016/,
    );
    const other = await tokenizer("longer", ["--epochs", "5", "--lr", "0.5"]);
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(
      /recipe\.\S+ is .* here and .* there.*another --out and --fork .*step-000016 to begin/,
    );
  });
});

describe("a fork", () => {
  const fork = (out: string, ...more: string[]) =>
    cli(["finetune", "--data", data, "--fork", at("classifier"), "--out", at(out), ...oneThread, ...more]);

  it("begins with the state of another run, by its recipe as it is changed, and notes where it is from", async () => {
    const run = await fork("fork", "--epochs", "3", "--lr", "0.02", "--keep", "all");
    expect(run.code).toBe(0);
    expect(run.stderr).toMatch(
      /fork: begins at step 8 of 12, with weights and moments of .*classifier.*step-000008: learning rate from \S+ to \S+/,
    );
    const source = await loadCheckpoint(at("classifier"));
    const first = await loadCheckpoint(at("fork", "checkpoints", "step-000008"));
    for (const tree of ["model", "optimizer"]) expect(first.trees.get(tree)).toEqual(source.trees.get(tree));
    expect(first.manifest.updates).toBe(8);
    const forkedFrom = { checkpoint: source.path, step: 8, weights: source.manifest.files["model.safetensors"].sha256 };
    const summary = JSON.parse(await readFile(at("fork", "summary.json"), "utf8")) as object;
    expect(summary).toMatchObject({ step: 12, forkedFrom, recipe: { epochs: 3, learningRate: { peak: 0.02 } } });
    // The source is as it was.
    expect(await readdir(at("classifier", "checkpoints"))).toEqual(["step-000008"]);
    const again = await fork("fork", "--epochs", "3", "--lr", "0.02");
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining("nothing to do") as string });
  });

  it("goes on as a longer run where nothing but its epochs is another", async () => {
    expect((await fork("fork-longer", "--epochs", "3")).code).toBe(0);
    await cp(at("classifier"), at("longer-classifier"), { recursive: true });
    expect((await finetune("longer-classifier", ["--scratch", "--epochs", "3"])).code).toBe(0);
    const [one, other] = [await manifestOf("fork-longer"), await manifestOf("longer-classifier")];
    expect(one.files["optimizer.safetensors"]).toEqual(other.files["optimizer.safetensors"]);
    expect(one.files["model.safetensors"]).toEqual(other.files["model.safetensors"]);
  });

  it("begins an average where there was none", async () => {
    expect((await fork("fork-ema", "--epochs", "3", "--ema", "0.9", "--keep", "all")).code).toBe(0);
    const first = await loadCheckpoint(at("fork-ema", "checkpoints", "step-000008"));
    expect(first.trees.get("ema")).toEqual(first.trees.get("model"));
  });

  it("is refused with the numbers and the way out", async () => {
    const refused = async (run: ReturnType<typeof cli>, message: RegExp) => {
      const { code, stderr } = await run;
      expect(stderr).toMatch(message);
      expect(code).toBe(2);
    };
    await refused(fork("none"), /begins at step 8, and 2 epochs on 32 images are 8 steps; take --epochs above 2/);
    await refused(
      fork("longer-classifier", "--epochs", "4"),
      /has checkpoints of a run that is no fork; take another --out/,
    );
    await refused(
      finetune("x", ["--scratch", "--fork", at("classifier")]),
      /--scratch, or --fork with a run, one of the three/,
    );
    await refused(
      finetune("x", ["--fork", at("tokenizer")]),
      /expected a checkpoint of stage fine-tune, got tokenizer/,
    );
    await refused(tokenizer("x", ["--fork", at("nowhere")]), /--fork .*nowhere: expected a run or a checkpoint/);
  });
});

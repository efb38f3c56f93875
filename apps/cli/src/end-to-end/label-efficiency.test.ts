// `beit label-efficiency` from flags to files on tiny images: its figures, that it goes on where it stopped, and what it refuses.
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, makeFolder, writeIdx, writePngs, writeRecipes } from "../testing/run-cli.ts";
import { writeModels } from "../testing/random-models.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let models: Awaited<ReturnType<typeof writeModels>>;
let data: string;
let recipe: string;
const at = (...parts: string[]) => join(folder.path, ...parts);

beforeAll(async () => {
  folder = await makeFolder();
  models = await writeModels(at("models"));
  data = await writeIdx(at("idx"), 48);
  recipe = (await writeRecipes(at("recipes")))("fineTune");
});
afterAll(() => folder.remove());

const study = (out: string, ...flags: string[]) => [
  ...["label-efficiency", models.ours, "--data", data, "--out", at(out)],
  ...["--steps", "2", "--backend", "simd", "--threads", "1", "--json", ...flags],
];

type Figures = {
  readonly rows: readonly {
    way: string;
    figures: {
      labels: number | "all";
      images: number;
      accuracies: number[];
      accuracy: number;
      spread: number | null;
    }[];
  }[];
  readonly cells: readonly { way: string; labels: number | "all"; draw: number; accuracy: number }[];
};
const figures = async (out: string) => JSON.parse(await readFile(at(out, "figures.json"), "utf8")) as Figures;
// But for the time that it took.
const scores = async (out: string) => (await figures(out)).rows;

describe("beit label-efficiency", () => {
  it("says beforehand what it will do, and leaves a table, figures, a curve and a page", async () => {
    const run = await cli(study("plain", "--labels", "2,all", "--draws", "2"));
    expect(run.stderr).not.toContain("\nbeit: ");
    expect(run.code).toBe(0);
    expect(run.stderr).toMatch(
      /study: 6 trainings, half of them from scratch, of \d+ images in all, and 12 measurements/,
    );
    const { rows, cells } = await figures("plain");
    expect(cells).toHaveLength(18);
    expect(rows.map(({ way }) => way)).toEqual(["pretrained", "scratch", "probe", "neighbors", "random", "pixels"]);
    for (const {
      figures: [few, all],
    } of rows) {
      expect([few.labels, few.images, few.accuracies.length]).toEqual([2, 4, 2]);
      expect([all.labels, all.images, all.spread]).toEqual(["all", 48, null]);
      expect(few.accuracy).toBeCloseTo((few.accuracies[0] + few.accuracies[1]) / 2, 12);
      for (const accuracy of [...few.accuracies, all.accuracy])
        expect(accuracy * 12).toBeCloseTo(Math.round(accuracy * 12), 9);
    }
    const flags = ["--data", data, "--backend", "simd", "--threads", "1", "--json"];
    for (const [command, row] of [["probe", rows[2]] as const, ["knn", rows[3]] as const]) {
      const { events } = await cli([command, models.ours, "--layers", "middle", ...flags]);
      const [, { accuracy }] = row.figures;
      expect(events.find(({ event }) => event === "scores")).toMatchObject({ accuracy });
    }
    expect(await readFile(at("plain", "curve.svg"), "utf8")).toMatch(
      /^<svg xmlns=[^]*<title>ridge on pixels<\/title>[^]*<\/svg>\n$/,
    );
    expect(await readFile(at("plain", "report.html"), "utf8")).toContain("What pre-training is worth");
    expect(await readdir(at("plain", "trainings", "scratch-all-0"))).not.toContain("checkpoints");
  });

  it("goes on where it was interrupted with the same figures, and with more labels and draws", async () => {
    const flags = ["--labels", "2", "--draws", "2"];
    const whole = await cli(study("whole", ...flags));
    expect(whole.code).toBe(0);
    let stopped = false;
    const onLine = (line: string, signal: (name: "SIGINT") => void) => {
      if (stopped || !line.includes('"event":"step"')) return;
      stopped = true;
      signal("SIGINT");
    };
    expect((await cli(study("parts", ...flags), { onLine })).code).toBe(130);
    const rest = await cli(study("parts", ...flags));
    expect(rest.code).toBe(0);
    expect(rest.stderr).toMatch(/8 of 12 measurements are there; left: 4 trainings/);
    expect(await scores("parts")).toEqual(await scores("whole"));
    const more = await cli(study("parts", "--labels", "2,3", "--draws", "2"));
    expect(more.stderr).toMatch(/12 of 24 measurements are there/);
    expect((await scores("parts")).map(({ figures: [few] }) => few)).toEqual(
      (await scores("whole")).map(({ figures: [few] }) => few),
    );
    // A measurement that was lost is made once more, to the same bit.
    await rm(at("parts", "cells", "pretrained-2-1.json"));
    await writeFile(at("parts", "cells", "probe-2-0.json"), "{");
    expect((await cli(study("parts", ...flags))).stderr).toMatch(/10 of 12 measurements are there/);
    expect(await scores("parts")).toEqual(await scores("whole"));
    const other = await cli(study("parts", ...flags, "--lr", "0.5"));
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(
      /is of another study: recipes.pretrained.learningRate.peak is 0.5 here and 0.001 there/,
    );
  });

  it("measures on another folder, by the names of its classes", async () => {
    const own = await writePngs(at("own"), ["0", "1"], 6);
    const other = await writePngs(at("other"), ["0", "1"], 3);
    const run = await cli(study("other-test", "--labels", "1", "--draws", "1", "--data", own, "--test-data", other));
    expect(run.stderr).not.toContain("\nbeit: ");
    expect(JSON.parse(await readFile(at("other-test", "figures.json"), "utf8"))).toMatchObject({
      testImages: 6,
      images: 12,
    });
  });

  it.each([
    [["--labels", "25"], "--labels 25: expected at most 24"],
    [["--labels", "0"], "Expected numbers of at least 1 and all"],
    [["--block", "2"], "--block 2: expected 0 to 1"],
    [["--recipe", "gray"], "model.channels: expected 3, as the model of --model has it"],
    [["--epochs", "3"], "--steps and --epochs say the same"],
  ])("refuses %j", async (flags, message) => {
    const run = await cli(study("refused", ...flags.map((flag) => (flag === "gray" ? recipe : flag))));
    expect(run.stderr).toContain(message);
    expect(run.code).toBe(2);
  });
});

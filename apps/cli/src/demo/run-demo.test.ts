// The whole demo, short and small, in this process: what it leaves, that it goes on where it was stopped, what it refuses.
import { promises as files } from "node:fs";
import { join } from "node:path";
import { loadCheckpoint } from "@beitjs/trainers/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, makeFolder, writeIdx, writePngs } from "../testing/run-cli.ts";
import type { DemoSummary } from "./summary.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let data: string;
beforeAll(async () => {
  folder = await makeFolder();
  data = await writeIdx(join(folder.path, "idx"), 48);
});
afterAll(() => folder.remove());

const demo = (out: string, ...flags: string[]) => [
  "demo",
  "--data",
  data,
  "--out",
  join(folder.path, out),
  "--short",
  "--threads",
  "1",
  "--json",
  ...flags,
];
const summaryOf = async (out: string) =>
  JSON.parse(await files.readFile(join(folder.path, out, "summary.json"), "utf8")) as DemoSummary;

async function weightsOf(out: string, stage: string): Promise<string> {
  const { manifest } = await loadCheckpoint(join(folder.path, out, stage));
  return manifest.files["model.safetensors"].sha256;
}

describe("beit demo --short", () => {
  it("leaves checkpoints, metrics, figures and a report, and prints the table", async () => {
    const out = join(folder.path, "plain");
    const run = await cli(["demo", "--data", data, "--out", out, "--short", "--threads", "1"]);
    expect(run.stderr).not.toContain("beit:");
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(/Test accuracy on 12 images, 10 labels a class/);
    expect(run.stdout).toMatch(/accuracy +\d+\.\d % +\d+\.\d % +.+ points/);
    expect(run.stdout.trimEnd().endsWith(`report:  ${join(out, "report.html")}`)).toBe(true);
    expect(run.stderr).toContain("figures mean nothing");
    // The first lines of each of its four runs.
    expect(
      run.stderr.match(/^model: .* parameters .*\nrun: .* steps? in all; .*\nmemory: \d+ MiB expected/gm),
    ).toHaveLength(4);

    const summary = await summaryOf("plain");
    const { fineTune } = summary;
    expect(summary).toMatchObject({ format: "beitjs-demo", version: 1, short: true, meaningful: false });
    expect(fineTune.labelsPerClass).toBe(10);
    for (const { accuracy, seeds } of [fineTune.pretrained, fineTune.scratch]) {
      expect(accuracy).toBe(seeds[0].accuracy);
      expect(accuracy * 12).toBeCloseTo(Math.round(accuracy * 12), 9);
    }
    expect(fineTune.difference.accuracy).toBeCloseTo(fineTune.pretrained.accuracy - fineTune.scratch.accuracy, 12);
    expect(summary.pretrain.expectedStartLoss).toBeCloseTo(Math.log(summary.tokenizer.vocabSize), 12);
    expect(summary.pretrain.startLoss).toBeCloseTo(summary.pretrain.expectedStartLoss, 0);
    expect(summary.data.train).toMatchObject({ images: 48, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(summary.backend).toMatchObject({ name: "simd", threads: 1 });
    expect(summary.seeds.fineTune).toEqual([0]);
    expect(summary.yardsticks).toHaveLength(4);
    for (const { accuracy, seeds } of summary.yardsticks) {
      expect(seeds).toEqual([accuracy]);
      expect(accuracy * 12).toBeCloseTo(Math.round(accuracy * 12), 9);
    }
    expect(summary.environment.node).toBe(process.versions.node);
    expect(summary.seconds.total).toBeGreaterThan(0);

    const page = await files.readFile(join(out, "report.html"), "utf8");
    expect(page).toContain("A short run.");
    const lines = (await files.readFile(join(out, "metrics.jsonl"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { stage: string; step: number });
    expect(new Set(lines.map(({ stage }) => stage))).toEqual(
      new Set(["tokenizer", "pretrain", "fine-tune-pretrained-0", "fine-tune-scratch-0"]),
    );
    expect(lines.length).toBe(
      summary.tokenizer.steps + summary.pretrain.steps + fineTune.pretrained.steps + fineTune.scratch.steps,
    );
  });

  it("goes on where it was stopped, twice, and ends as if it had not been", async () => {
    const stopAt = (stage: string, step: number) => (line: string, signal: (name: "SIGINT") => void) => {
      const event = JSON.parse(line) as { event: string; stage?: string; step?: number };
      if (event.event === "step" && event.stage === stage && event.step === step) signal("SIGINT");
    };
    const first = await cli(demo("stopped"), { onLine: stopAt("tokenizer", 3) });
    expect(first.code).toBe(130);
    expect(first.events.filter(({ event }) => event === "step")).toHaveLength(3);
    const second = await cli(demo("stopped"), { onLine: stopAt("fine-tune-scratch-0", 2) });
    expect(second.code).toBe(130);
    expect(second.events.find(({ event }) => event === "step")).toMatchObject({ stage: "tokenizer", step: 4 });
    const third = await cli(demo("stopped"));
    expect(third.code).toBe(0);
    expect(third.events.find(({ event }) => event === "step")).toMatchObject({ stage: "fine-tune-scratch-0", step: 3 });

    for (const stage of ["tokenizer", "pretrain", "fine-tune-pretrained-0", "fine-tune-scratch-0"]) {
      expect(await weightsOf("stopped", stage)).toBe(await weightsOf("plain", stage));
    }
    const [stopped, plain] = [await summaryOf("stopped"), await summaryOf("plain")];
    for (const part of ["data", "recipes", "tokenizer", "pretrain", "fineTune"] as const)
      expect(stopped[part]).toEqual(plain[part]);
    const report = third.events.find(({ event }) => event === "result");
    expect(report).toMatchObject({
      report: join(folder.path, "stopped", "report.html"),
      fineTune: { labelsPerClass: 10 },
    });
  });

  it("trains nothing again when it was done, but for more seeds", async () => {
    const again = await cli(demo("plain", "--seeds", "2"));
    expect(again.code).toBe(0);
    const stages = new Set(again.events.flatMap(({ event, stage }) => (event === "step" ? [stage] : [])));
    expect(stages).toEqual(new Set(["fine-tune-pretrained-1", "fine-tune-scratch-1"]));
    const { fineTune } = await summaryOf("plain");
    expect(fineTune.pretrained.seeds.map(({ seed }) => seed)).toEqual([0, 1]);
    expect(fineTune.pretrained.accuracy).toBeCloseTo(
      (fineTune.pretrained.seeds[0].accuracy + fineTune.pretrained.seeds[1].accuracy) / 2,
      12,
    );
    expect(await files.readFile(join(folder.path, "plain", "report.html"), "utf8")).toContain("mean of 2 seeds");
  });

  it("takes a folder of color images without a test part", async () => {
    const photos = await writePngs(join(folder.path, "photos"), ["cat & dog", "<bird>"], 14);
    const out = join(folder.path, "color");
    const run = await cli(["demo", "--data", photos, "--out", out, "--short", "--threads", "1"]);
    expect(run.stderr).not.toContain("beit:");
    expect(run.code).toBe(0);
    const summary = await summaryOf("color");
    expect(summary.data).toMatchObject({
      kind: "folder",
      channels: 3,
      train: { images: 22 },
      test: { images: 4, heldOut: true },
    });
    expect(summary.recipes.pretrain.model.channels).toBe(3);
    const page = await files.readFile(join(out, "report.html"), "utf8");
    expect(page).toContain("&#60;bird&#62;");
    expect(page).not.toContain("<bird>");
  });
});

describe("beit demo refuses", () => {
  it("a folder with another demo", async () => {
    const other = await writeIdx(join(folder.path, "other"), 64);
    const run = await cli(["demo", "--data", other, "--out", join(folder.path, "plain"), "--short", "--threads", "1"]);
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/is of another run: .+take the same recipe and data, or another --out/);
  });

  it.each<[what: string, make: (path: string) => Promise<unknown>, message: RegExp]>([
    ["a folder that is not there", async () => {}, /expected a folder at .+does not exist/],
    [
      "images without labels",
      (path) => writePngs(path, ["."], 12),
      /expected a dataset with classes, got one without labels/,
    ],
    ["one class", (path) => writePngs(path, ["only"], 30), /expected at least 2 classes, got 1: only/],
    [
      "too few images of a class",
      (path) => writePngs(path, ["a", "b"], 6),
      /expected at least 10 examples a class, got \d in class "[ab]"/,
    ],
  ])("%s, before anything is trained", async (what, make, message) => {
    const path = join(folder.path, what);
    await make(path);
    const out = join(folder.path, `${what}, out`);
    const run = await cli(["demo", "--data", path, "--out", out, "--short", "--threads", "1"]);
    expect(run.stderr).toMatch(message);
    expect(run.code).toBe(1);
    expect((await files.readdir(out)).filter((name) => name !== "times.json")).toEqual([]);
  });

  it("seeds that are no number", async () => {
    const run = await cli(["demo", "--seeds", "0"]);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain("whole number of at least 1");
  });
});

// Probing while an encoder is pre-trained: figures in metrics and report, and weights that know nothing of it, resumed or not.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { listCheckpoints } from "@beitjs/trainers/node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cli, makeFolder, writePngs, type CliRun, type RunCliOptions } from "../testing/run-cli.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
const at = (...names: string[]) => join(folder.path, ...names);
const small = ["model.imageSize=32", "views.pixelSize=32", "model.width=16", "model.depth=2", "model.heads=2"];
const shape = [...small, "decoder.width=8", "decoder.depth=1", "batchSize=6"];

beforeAll(async () => {
  folder = await makeFolder();
  await writePngs(at("images"), ["cat", "dog", "bird"], 4);
});
afterAll(() => folder.remove());

function pretrain(out: string, extra: readonly string[] = [], options: RunCliOptions = {}): Promise<CliRun> {
  const simd = ["--backend", "simd", "--threads", "1"];
  const flags = ["--data", at("images"), "--out", at(out), ...simd, "--epochs", "3", "--json", ...extra];
  return cli(["pretrain", ...flags, "--set", ...shape], options);
}
const weightsOf = async (out: string): Promise<Uint8Array> => {
  const [newest] = await listCheckpoints(at(out));
  return readFile(join(newest.path, "model.safetensors"));
};
type Line = Readonly<Record<string, number>>;
const linesOf = async (out: string): Promise<Line[]> =>
  (await readFile(at(out, "metrics.jsonl"), "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
const probed = (lines: readonly Line[]) =>
  lines
    .filter(({ linearProbeAccuracy }) => linearProbeAccuracy !== undefined)
    .map(({ step, linearProbeAccuracy, neighborAccuracy }) => [step, linearProbeAccuracy, neighborAccuracy]);

it("measures every so many steps and at the end, to the same weights as without, in one piece or two", async () => {
  const flags = ["--probe", at("images"), "--probe-every", "4"];
  expect((await pretrain("plain")).code).toBe(0);
  const whole = await pretrain("probed", flags);
  expect(whole.stderr).not.toContain("\nbeit: ");
  expect(whole.code).toBe(0);
  expect(whole.stderr).toMatch(/probe: every 4 steps and at the end, block 1, 9 images to learn from, 3 to measure on/);
  expect(await weightsOf("probed")).toEqual(await weightsOf("plain"));
  const lines = await linesOf("probed");
  expect(probed(lines).map(([step]) => step)).toEqual([4, 6]);
  for (const [, ...accuracies] of probed(lines))
    for (const accuracy of accuracies) expect(accuracy * 3).toBeCloseTo(Math.round(accuracy * 3), 9);
  expect((await linesOf("plain")).map(({ loss }) => loss)).toEqual(lines.map(({ loss }) => loss));
  const onLine = (line: string, signal: (name: "SIGINT") => void): void => {
    if (line.includes('"event":"step"') && line.includes('"step":4')) signal("SIGINT");
  };
  expect((await pretrain("parts", flags, { onLine })).code).toBe(130);
  expect((await pretrain("parts", flags)).code).toBe(0);
  expect(await weightsOf("parts")).toEqual(await weightsOf("plain"));
  expect(probed(await linesOf("parts"))).toEqual(probed(lines));
  // The last figures are those of `probe` on the run that is done.
  const probe = await cli(["probe", at("probed"), "--data", at("images"), "--layers", "middle", "--json"]);
  const accuracy = probed(lines)[1][1];
  expect(probe.events.find(({ event }) => event === "scores")).toMatchObject({ accuracy });
  expect((await cli(["report", at("probed"), "--out", at("report.html")])).code).toBe(0);
  const page = await readFile(at("report.html"), "utf8");
  expect(page).toContain("Linear probe");
  expect(page).toContain("Nearest neighbors");
});

it("refuses an interval without images", async () => {
  const run = await pretrain("refused", ["--probe-every", "2epochs"]);
  expect(run.code).toBe(2);
  expect(run.stderr).toContain("--probe-every: expected --probe with labeled images beside it");
});

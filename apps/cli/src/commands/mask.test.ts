// Masks as pictures and as figures: what each kind promises of itself, and wrong use.
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cli, makeFolder, writePngs } from "../testing/run-cli.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeAll(async () => {
  folder = await makeFolder();
  await writePngs(join(folder.path, "pngs"), ["a"], 1);
});
afterAll(() => folder.remove());

it("tells of every kind what it hides, the same for the same seed, and draws it over an image", async () => {
  const out = join(folder.path, "masks.png");
  const image = join(folder.path, "pngs", "a", "0.png");
  const drawn = ["mask", "--grid", "4x6", "--count", "9", "--masks", "40", "--json"];
  const { code, events } = await cli([...drawn, "--image", image, "--out", out]);
  expect(code).toBe(0);
  const told = events.filter(({ event }) => event === "mask");
  expect(told.map(({ kind }) => kind)).toEqual(["blockwise", "exact", "paper", "uniform", "span", "none"]);
  const of = (kind: string) => told.find((one) => one["kind"] === kind) as unknown as Record<string, number>;
  for (const kind of ["exact", "uniform", "span"])
    expect(of(kind)).toMatchObject({ meanCount: 9, stdCount: 0, smallestCount: 9, largestCount: 9, ratio: 9 / 24 });
  expect(of("blockwise")["largestCount"]).toBeLessThanOrEqual(9);
  expect(of("paper")["smallestCount"]).toBeGreaterThan(9);
  expect(of("none")).toMatchObject({ meanCount: 0, regionsPerMask: 0, largestRegion: 0 });
  for (const { cellShares, meanCount } of told as unknown as { cellShares: number[]; meanCount: number }[]) {
    expect(cellShares).toHaveLength(24);
    expect(cellShares.reduce((a, b) => a + b, 0)).toBeCloseTo(meanCount, 9);
  }
  // Blocks hang together.
  expect(of("blockwise")["regionsPerMask"]).toBeLessThan(of("uniform")["regionsPerMask"]);
  const { width, height } = await sharp(out).metadata();
  expect([width, height]).toEqual([7 * (6 * 28 + 8) + 8, 6 * (4 * 28 + 8) + 8]);
  const again = await cli(drawn);
  expect(again.events.filter(({ event }) => event === "mask")).toEqual(told);
  const other = await cli([...drawn, "--mask", "uniform", "--seed", "1"]);
  expect(other.events[0]["cellShares"]).not.toEqual(of("uniform")["cellShares"]);
});

it.each([
  [["--ratio", "2"], "--ratio 2: expected a share of at most 1"],
  [["--count", "197"], "--count 197: expected at most the 196 patches of 14x14"],
  [["--out", "masks.jpg"], "--out masks.jpg: expected a name that ends in .png"],
  [["--image", "cat.jpg"], "--image: expected --out beside it"],
  [["--mask", "blockwise", "--grid", "1x8"], "expected options that can place a block on a 1x8 grid"],
])("refuses %j", async (flags, message) => {
  const { code, stderr } = await cli(["mask", ...flags]);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});

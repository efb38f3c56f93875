import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cli, makeFolder, writePngs, writeRecipes } from "../testing/run-cli.ts";

const oneThread = ["--backend", "simd", "--threads", "1"];
let folder: Awaited<ReturnType<typeof makeFolder>>;
const at = (...parts: string[]) => join(folder.path, ...parts);

beforeAll(async () => {
  folder = await makeFolder();
  const recipe = await writeRecipes(at("recipes"));
  await writePngs(at("data"), ["a", "b"], 4);
  for (const name of ["tokenizer", "gaussian"] as const) {
    const flags = ["--recipe", recipe(name), "--data", at("data"), "--out", at(name), ...oneThread];
    expect(await cli(["train-tokenizer", ...flags])).toMatchObject({ code: 0 });
  }
}, 60_000);
afterAll(() => folder.remove());

async function sizeOf(name: string): Promise<readonly number[]> {
  const { width, height } = await sharp(at(name)).metadata();
  return [width, height];
}

const compare = (...rest: string[]) => cli(["vae-compare", ...rest, ...oneThread]);

it("sets a discrete and a Gaussian VAE side by side, with the figures that evaluate has", async () => {
  const given = ["--images", at("data"), "--out", at("vaes.png")];
  const { events, code } = await compare(at("tokenizer"), at("gaussian"), ...given, "--json");
  expect(code).toBe(0);
  const told = events.filter(({ event }) => event === "scores");
  expect(told.map(({ kind }) => kind)).toEqual(["discrete", "gaussian"]);
  for (const [i, name] of ["tokenizer", "gaussian"].entries()) {
    const run = await cli(["evaluate", at(name), "--data", at("data"), "--batch", "8", "--json", ...oneThread]);
    const { meanAbsoluteError, psnr, bound, usage } = run.events.at(-1) as Readonly<Record<string, unknown>>;
    const { kl, logLikelihood, elbo } = bound as Readonly<Record<string, number>>;
    expect(elbo).toBeCloseTo(logLikelihood - kl, 6);
    expect(told[i]).toMatchObject({ meanAbsoluteError, psnr, bound, ...(usage !== undefined && { usage }) });
  }
  expect(await sizeOf("vaes.png")).toEqual([3 * 232 + 8, 8 * 232 + 8]);
});

it("says the bound in words, and what it is a bound of", async () => {
  const { stdout } = await compare(at("tokenizer"), at("gaussian"), "--images", at("data"), "--out", at("words.png"));
  expect(stdout).toMatch(/A, discrete VAE .*tokenizer.*\n {2}mean absolute error/);
  expect(stdout).toMatch(/bound on the likelihood: -?\d+\.\d\d nats an image = .* \d\.\d{3} bits a value \(64 values/);
  expect(stdout).toMatch(/of a density over pixels in \[0, 1\], not of the probability of 8-bit images; normal/);
});

const reconstruct = (name: string, ...rest: string[]) =>
  cli(["reconstruct", "--tokenizer", at(name), ...rest, ...oneThread]);

it("reconstruct shows a Gaussian VAE's images, draws from either prior, and ways between two images", async () => {
  const two = ["--images", at("data", "a", "0.png"), at("data", "b", "0.png"), "--out"];
  const run = await reconstruct("gaussian", ...two, at("two.png"));
  expect(run.stdout).toMatch(/0\.png: mean absolute error 0\.\d{4}/);
  expect(await sizeOf("two.png")).toEqual([2 * 232 + 8, 2 * 232 + 8]);
  await reconstruct("gaussian", ...two, at("way.png"), "--interpolate");
  expect(await sizeOf("way.png")).toEqual([10 * 232 + 8, 232 + 8]);
  // The way begins and ends at the reconstructions.
  const panel = (name: string, left: number, top: number) =>
    sharp(at(name))
      .extract({ left: 8 + 232 * left, top: 8 + 232 * top, width: 224, height: 224 })
      .raw()
      .toBuffer();
  expect((await panel("way.png", 1, 0)).equals(await panel("two.png", 1, 0))).toBe(true);
  expect((await panel("way.png", 8, 0)).equals(await panel("two.png", 1, 1))).toBe(true);
  for (const name of ["tokenizer", "gaussian"]) {
    const draw = (file: string, seed: string) => reconstruct(name, "--samples", "3", "--seed", seed, "--out", at(file));
    for (const [file, seed] of [
      ["a", "1"],
      ["b", "1"],
      ["c", "2"],
    ])
      await draw(`${name}-${file}.png`, seed);
    expect(await sizeOf(`${name}-a.png`)).toEqual([2 * 232 + 8, 2 * 232 + 8]);
    const [first, again, other] = await Promise.all(["a", "b", "c"].map((file) => panel(`${name}-${file}.png`, 0, 0)));
    expect([first.equals(again), first.equals(other)]).toEqual([true, false]);
  }
});

it("reconstruct refuses what a kind has not", async () => {
  const cases: readonly (readonly [name: string, flags: readonly string[], message: RegExp])[] = [
    ["tokenizer", ["--images", at("data"), "--interpolate"], /expected a Gaussian VAE, got a discrete one/],
    ["gaussian", ["--images", at("data"), "--interpolate"], /--interpolate: expected two images, got 8/],
    ["gaussian", ["--tokens", "t.json"], /--tokens: expected a discrete VAE/],
    ["gaussian", ["--samples", "2", "--interpolate"], /--interpolate: expected two --images/],
    ["gaussian", ["--samples", "2", "--images", at("data")], /expected either --images or --tokens or --samples/],
  ];
  for (const [name, flags, message] of cases) {
    const run = await reconstruct(name, ...flags, "--out", at("refused.png"));
    expect(run).toMatchObject({ code: 2, stderr: expect.stringMatching(message) as string });
  }
});

it("refuses wrong use by name", async () => {
  const given = ["--images", at("data"), "--out"];
  const one = await compare(at("tokenizer"), ...given, at("x.png"));
  expect(one).toMatchObject({ code: 2, stderr: expect.stringContaining("expected two models, got 1") as string });
  const ending = await compare(at("tokenizer"), at("gaussian"), ...given, at("x"));
  expect(ending).toMatchObject({ code: 2, stderr: expect.stringContaining("ends in .png") as string });
  const sizes = await compare(at("tokenizer"), "small", ...given, at("x.png"));
  expect(sizes).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/models of images of one size, got 8 with 1 and 56 with 3 channels/) as string,
  });
});

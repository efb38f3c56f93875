// Weights of other vision transformers where commands take a model: DINO's, as its authors' code names them.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cli, makeFolder, writePngs } from "../testing/run-cli.ts";

const file = new URL("../../../../tools/golden/vision-transformers/dino.pth", import.meta.url).pathname;
let folder: Awaited<ReturnType<typeof makeFolder>>;
let pngs: string;

beforeAll(async () => {
  folder = await makeFolder();
  pngs = await writePngs(join(folder.path, "pngs"), ["0", "1"], 12);
});
afterAll(() => folder.remove());

it("inspect says what it takes to use it", async () => {
  const { stdout } = await cli(["inspect", file]);
  expect(stdout).toMatch(/holds +a BEiT that cannot be used: .*expected heads of width 64, got a width of 12/);
});

it.each(["probe", "knn"])("%s measures its features", async (command) => {
  const { code, stderr, stdout } = await cli([command, file, "--data", pngs, "--heads", "3", "--backend", "simd"]);
  expect(stderr).not.toContain("beit: ");
  expect(code).toBe(0);
  expect(stdout + stderr).toContain("accuracy");
});

it("convert makes a file of ours of it", async () => {
  const out = join(folder.path, "ours");
  expect((await cli(["convert", file, "--heads", "3", "--out", out])).code).toBe(0);
  expect((await readFile(join(out, "model.safetensors"))).length).toBeGreaterThan(20_000);
  const { stdout } = await cli(["inspect", out]);
  expect(stdout).toContain("an encoder without a head, images of 24 pixels");
});

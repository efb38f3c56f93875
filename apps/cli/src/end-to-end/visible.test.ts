// Pre-training that predicts pixels from the visible patches, from the command line: no tokenizer, exact resume, and what takes its runs.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { listCheckpoints } from "@beitjs/trainers/node";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cli, makeFolder, writePngs, type CliRun, type RunCliOptions } from "../testing/run-cli.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
const at = (...names: string[]) => join(folder.path, ...names);
const simd = ["--backend", "simd", "--threads", "1"];
const small = ["model.imageSize=32", "views.pixelSize=32", "model.width=16", "model.depth=2", "model.heads=2"];
const shape = [...small, "decoder.width=8", "decoder.depth=1", "batchSize=6"];

beforeAll(async () => {
  folder = await makeFolder();
  await writePngs(at("images"), ["cat", "dog", "bird"], 4);
});
afterAll(() => folder.remove());

const pretrain = (out: string, options: RunCliOptions = {}): Promise<CliRun> =>
  cli(
    ["pretrain", "--data", at("images"), "--out", at(out), ...simd, "--epochs", "4", "--json", "--set", ...shape],
    options,
  );
const weightsOf = async (out: string): Promise<Uint8Array> => {
  const [newest] = await listCheckpoints(at(out));
  return readFile(join(newest.path, "model.safetensors"));
};

it("begins without a tokenizer, goes on to the same bits, and is told, evaluated, fine-tuned, encoded and converted", async () => {
  const whole = await pretrain("whole");
  expect(whole).toMatchObject({ code: 0 });
  expect(whole.stderr).toContain(
    "recipe: pretrain-small-visible, for images without a tokenizer: pixels are predicted",
  );
  expect(whole.stderr).toContain(
    "masks: 12 of 16 patches hidden; the encoder sees the other 4; predicted: pixels of the hidden ones",
  );
  const stopped = await pretrain("parts", {
    onLine: (line, signal) => line.includes('"step":3,"totalSteps"') && signal("SIGINT"),
  });
  expect(stopped.code).toBe(130);
  expect((await pretrain("parts")).code).toBe(0);
  expect(await weightsOf("parts")).toEqual(await weightsOf("whole"));

  const evaluated = await cli(["evaluate", at("whole"), "--data", at("images"), ...simd]);
  expect(evaluated).toMatchObject({ code: 0 });
  expect(evaluated.stdout).toMatch(
    /^loss [\d.]+ \(pixels; each patch's mean would be 1\)\nhidden pixels: mean squared error [\d.]+, /,
  );
  const tuned = await cli([
    "finetune",
    "--data",
    at("images"),
    "--from",
    at("whole"),
    "--out",
    at("tuned"),
    ...simd,
    "--epochs",
    "1",
    "--batch-size",
    "6",
  ]);
  expect(tuned).toMatchObject({ code: 0 });
  expect(
    await cli(["encode", at("whole"), "--images", at("images"), "--out", at("features.npy"), ...simd]),
  ).toMatchObject({ code: 0 });
  const predict = ["predict", at("whole"), "--images", at("images"), "--out", at("filled.png"), ...simd];
  const predicted = await cli(predict);
  expect(predicted).toMatchObject({ code: 0 });
  expect(predicted.stderr).toContain("masks: uniform, as in its training");
  expect(predicted.stdout).toMatch(
    /: 12 of 16 patches hidden, mean absolute error [\d.]+ \(pixels in \[-1, 1\]; a smooth fill/,
  );
  const { width, height } = await sharp(at("filled.png")).metadata();
  expect([width, height]).toEqual([3 * 232 + 8, 12 * 232 + 8]);
  const refused = await cli([...predict, "--force", "--tokenizer", "small"]);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("--tokenizer: expected none")]);
});

it("is written without its decoder in formats that have none, and whole in ours", async () => {
  for (const to of ["hugging-face", "unilm", "onnx"]) {
    const run = await cli(["convert", at("whole"), "--to", to, "--out", at(to), ...simd]);
    expect(run, to).toMatchObject({ code: 0 });
    expect(run.stderr).toContain("left out: the decoder, which only pre-training needs");
  }
  expect(await cli(["convert", at("whole"), "--out", at("ours"), ...simd])).toMatchObject({ code: 0 });
  const model = ["encode", "--images", at("images"), "--output", "tokens"];
  const features = async (name: string) => {
    const out = at(`${name}.npy`);
    expect(await cli([...model, at(name), "--out", out, ...simd])).toMatchObject({ code: 0 });
    return readFile(out);
  };
  const expected = await features("whole");
  for (const name of ["unilm", "ours"]) expect(await features(name), name).toEqual(expected);
  const measured = await cli(["evaluate", at("ours"), "--data", at("images"), ...simd]);
  expect(measured).toMatchObject({ code: 0 });
  expect(measured.stdout).toMatch(/^loss [\d.]+ \(pixels; each patch's mean would be 1\)/);
});

it("says which flag is missing, or too many", async () => {
  const begin = (...more: string[]) =>
    cli(["pretrain", "--data", at("images"), "--out", at("refused"), ...simd, ...more]);
  expect((await begin("--recipe", "pretrain-small")).stderr).toContain(
    "expected --tokenizer, as recipe pretrain-small predicts visual tokens",
  );
  expect((await begin("--recipe", "pretrain-small-visible", "--tokenizer", "small")).stderr).toContain(
    "--tokenizer: expected none, as recipe pretrain-small-visible predicts pixels",
  );
});

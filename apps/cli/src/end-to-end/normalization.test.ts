// A model's own mean and std go along: whatever its files are, what is fine-tuned from it and what it is converted to give the
// numbers that it gave, which are computed here by hand.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  beitToOfficial,
  classLogits,
  encode,
  saveBeit,
  saveOfficialBeit,
  toHuggingFace,
  type Beit,
  type Preprocessing,
} from "@beitjs/beit-encoder";
import { scope, tensor } from "@beitjs/tensor-core";
import {
  fromFloat32,
  readSafetensors,
  toFloat32,
  writeSafetensors,
  type SafeTensor,
} from "@beitjs/tensor-core/safetensors";
import type { FineTuneRecipe } from "@beitjs/trainers";
import { listCheckpoints } from "@beitjs/trainers/node";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { backend, randomClassifier } from "../testing/random-models.ts";
import { cli, makeFolder } from "../testing/run-cli.ts";

const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
const stretched: Preprocessing = { filter: "bicubic", size: 8, fit: "square", crop: 0, ...imagenet };
const oneThread = ["--backend", "simd", "--threads", "1"];

let folder: Awaited<ReturnType<typeof makeFolder>>;
const at = (...parts: string[]) => join(folder.path, ...parts);
const beit = randomClassifier();
const classes = ["a", "b", "c"];

async function write(path: string, content: Uint8Array | object): Promise<string> {
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, content instanceof Uint8Array ? content : JSON.stringify(content));
  return path;
}

/** Colored noise, so that channels differ. */
const pixels = (seed: number) =>
  Buffer.from(Array.from({ length: 8 * 8 * 3 }, (_, i) => (seed * 71 + i * 53 + (i % 3) * 40 + ((i * i) % 97)) % 256));

beforeAll(async () => {
  folder = await makeFolder();
  for (const [number, name] of classes.entries()) {
    for (let i = 0; i < 4; i++) {
      const image = sharp(pixels(3 * i + number), { raw: { width: 8, height: 8, channels: 3 } });
      await write(at("images", name, `${i}.png`), await image.png().toBuffer());
    }
  }
});
afterAll(() => folder.remove());

/** Of 8 x 8 images in the order of `predict`: (byte / 255 - mean) / std and nothing else, then softmax. */
async function expected(model: Beit, { mean, std }: typeof half): Promise<number[]> {
  const all: number[] = [];
  for (const [number] of classes.entries()) {
    for (let i = 0; i < 4; i++) {
      const values = Float32Array.from(pixels(3 * i + number), (byte, k) => (byte / 255 - mean[k % 3]) / std[k % 3]);
      const logits = await scope(backend, () =>
        classLogits(model, encode(model, tensor(values, [1, 8, 8, 3], backend))),
      ).read();
      const powers = Array.from(logits, Math.exp);
      all.push(...powers.map((power) => power / powers.reduce((a, b) => a + b)));
    }
  }
  return all;
}

type Guess = { readonly class: number; readonly probability: number };

async function predicted(model: string, ...flags: string[]): Promise<{ values: number[]; stderr: string }> {
  const { code, stderr, events } = await cli([
    ...["predict", model, "--images", at("images"), "--json", ...oneThread],
    ...flags,
  ]);
  if (code !== 0) throw new Error(stderr);
  const rows = events.filter(({ event }) => event === "prediction").map(({ top }) => top as Guess[]);
  const byClass = (top: readonly Guess[]) => [...top].sort((a, b) => a.class - b.class);
  return { values: rows.flatMap((top) => byClass(top).map(({ probability }) => probability)), stderr };
}

// float32 kernels against the float64 reference; with another mean and std, hundredths.
function expectClose(got: readonly number[], wanted: readonly number[]): void {
  expect(got).toHaveLength(wanted.length);
  expect(Math.max(...got.map((value, i) => Math.abs(value - wanted[i])))).toBeLessThan(2e-5);
}

const officialBytes = async (model: Beit) =>
  writeSafetensors(
    [...(await beitToOfficial(model))].map(([name, { data, shape }]) => [name, fromFloat32(data, shape)] as const),
  );

/** The same model of ImageNet's mean and std as files of every origin that say so, or are recognized. */
async function models(): Promise<Readonly<Record<string, string>>> {
  const huggingFace = await toHuggingFace(beit, { labels: classes, preprocessing: stretched });
  for (const [name, bytes] of Object.entries(huggingFace)) await write(at("hugging-face", name), bytes);
  const config = {
    architecture: "beitv2_base_patch16_224",
    num_classes: 3,
    pretrained_cfg: { ...timmView, ...imagenet },
  };
  await write(at("timm", "config.json"), config);
  await write(at("timm", "model.safetensors"), await officialBytes(beit));
  await write(at("timm-first", "config.json"), { architecture: "beitv2_base_patch16_224", ...timmView, ...imagenet });
  await write(at("timm-first", "model.safetensors"), await officialBytes(beit));
  return {
    "Hugging Face": at("hugging-face"),
    timm: at("timm"),
    "timm, as its first repositories": at("timm-first"),
    ours: await write(at("ours.safetensors"), await saveBeit(beit, { labels: classes, preprocessing: stretched })),
    "official names, written by us": await write(
      at("official.safetensors"),
      await saveOfficialBeit(beit, { preprocessing: stretched }),
    ),
  };
}
const timmView = { input_size: [3, 8, 8], crop_pct: 1, interpolation: "bicubic" };

describe("a model of ImageNet's mean and std", () => {
  let files: Awaited<ReturnType<typeof models>>;
  let wanted: number[];
  beforeAll(async () => {
    files = await models();
    wanted = await expected(beit, imagenet);
    // The test could not see a difference otherwise.
    const others = await expected(beit, half);
    expect(Math.max(...wanted.map((value, i) => Math.abs(value - others[i])))).toBeGreaterThan(0.05);
  });
  // As users write them: sizes, and too low a rate to change anything, so that a run gives what its model gave.
  const sizes = {
    extends: "fine-tune-small",
    model: { imageSize: 8, patchSize: 2, width: 16, depth: 2, heads: 2, mlpRatio: 2, dropPath: 0 },
    view: { size: 8 },
    evalView: { size: 8, fit: { kind: "direct" } },
    ...{ epochs: 1, batchSize: 4, learningRate: { peak: 1e-12, minimum: 1e-13, warmupSteps: 0 } },
  };
  const finetune = async (from: string, out: string, ...flags: string[]) => {
    const recipe = await write(at("recipes", "sizes.json"), sizes);
    const where = ["--data", at("images"), "--from", from, "--recipe", recipe, "--out", at(out)];
    return cli(["finetune", ...where, ...oneThread, ...flags]);
  };
  const recipeOf = async (run: string) => parse(await readFile(at(run, "recipe.yaml"), "utf8")) as FineTuneRecipe;

  it.each(["Hugging Face", "timm", "timm, as its first repositories", "ours", "official names, written by us"])(
    "%s: the same numbers from its files, all that it is converted to, and a run",
    async (name) => {
      const { values, stderr } = await predicted(files[name]);
      expectClose(values, wanted);
      expect(stderr).not.toContain("normalization");
      for (const to of ["beitjs", "hugging-face", "unilm"]) {
        const out = at("converted", name, to);
        const { code, stderr } = await cli(["convert", files[name], "--to", to, "--out", out, ...oneThread]);
        expect([code, stderr]).toEqual([0, expect.not.stringContaining("normalization:") as string]);
        const converted = to === "hugging-face" ? out : join(out, "model.safetensors");
        expectClose((await predicted(converted)).values, wanted);
      }
    },
  );

  it.each(["Hugging Face", "timm", "ours", "official names, written by us"])(
    "%s: fine-tuned with it, as the run's recipe says, and used with it again",
    async (name) => {
      const run = join("runs", name);
      const { code, stderr } = await finetune(files[name], run);
      expect([code, stderr]).toEqual([0, expect.stringContaining(line("ImageNet's mean and std")) as string]);
      const { view, evalView } = await recipeOf(run);
      expect([view.normalization, evalView.normalization]).toEqual([imagenet, imagenet]);
      expectClose((await predicted(at(run))).values, wanted);
      for (const to of ["beitjs", "hugging-face", "unilm", "onnx"]) {
        const out = at("run-converted", name, to);
        expect((await cli(["convert", at(run), "--to", to, "--out", out, ...oneThread])).code).toBe(0);
        if (to === "onnx") {
          const bytes = await readFile(join(out, "model.onnx"), "latin1");
          expect(bytes).toContain(JSON.stringify(imagenet).slice(1, -1));
        } else
          expectClose((await predicted(to === "hugging-face" ? out : join(out, "model.safetensors"))).values, wanted);
      }
      const again = await finetune(files[name], run);
      expect([again.code, again.stderr]).toEqual([0, expect.stringContaining("nothing to do") as string]);
    },
  );

  it("fine-tuned from a run: the run's own, also from its file of weights alone", async () => {
    await finetune(files["ours"], "first");
    const [checkpoint] = await listCheckpoints(at("first"));
    const weights = join(checkpoint.path, "model.safetensors");
    const { code, stderr } = await finetune(weights, "second");
    expect([code, stderr]).toEqual([0, expect.stringContaining(line("ImageNet's mean and std")) as string]);
    expect((await recipeOf("second")).view.normalization).toEqual(imagenet);
    expectClose((await predicted(at("second"))).values, wanted);
  });

  it("fine-tuned with another where the recipe says so, which is told", async () => {
    const sets = ["view", "evalView"].flatMap((view) =>
      Object.entries(half).flatMap(([key, value]) => [
        "--set",
        `${view}.normalization.${key}=${JSON.stringify(value)}`,
      ]),
    );
    const { code, stderr } = await finetune(files["ours"], "set", ...sets);
    const told = "normalization: mean and std of 0.5, as the recipe says; the model's own is ImageNet's mean and std\n";
    expect([code, stderr]).toEqual([0, expect.stringContaining(told) as string]);
    expect((await recipeOf("set")).view.normalization).toEqual(half);
    expectClose((await predicted(at("set"))).values, await expected(beit, half));
    // The recipe of a run is complete: what is run again from it is the same run.
    const same = await finetune(files["ours"], "again", "--recipe", at("set", "recipe.yaml"));
    expect([same.code, same.stderr]).toEqual([0, expect.stringContaining(told) as string]);
    expect(await recipeOf("again")).toEqual(await recipeOf("set"));
  });

  it("with --normalization another one, in every command", async () => {
    const others = await expected(beit, half);
    const flag = ["--normalization", "half"];
    for (const file of Object.values(files)) expectClose((await predicted(file, ...flag)).values, others);
    const out = at("flagged");
    expect((await cli(["convert", files["timm"], "--to", "unilm", "--out", out, ...flag, ...oneThread])).code).toBe(0);
    expectClose((await predicted(join(out, "model.safetensors"))).values, others);
    const { stderr } = await finetune(files["ours"], "flagged-run", ...flag);
    expect(stderr).toContain("normalization: mean and std of 0.5, as --normalization says\n");
    expectClose((await predicted(at("flagged-run"))).values, others);
    expectClose((await predicted(at("flagged-run"), "--normalization", "imagenet")).values, wanted);
    const features = async (model: string, ...flags: string[]) => {
      const file = at("features.safetensors");
      await cli(["encode", model, "--images", at("images"), "--out", file, "--force", ...oneThread, ...flags]);
      return [...toFloat32(readSafetensors(await readFile(file)).tensors.get("features") as SafeTensor)];
    };
    expectClose(await features(files["ours"], ...flag), await features(at("flagged-run")));
    const attention = async (model: string, ...flags: string[]) => {
      const image = ["--image", at("images", "a", "0.png"), "--patch", "1,1", "--out", at("attention.png"), "--json"];
      const { events } = await cli(["attention", model, ...image, "--force", ...oneThread, ...flags]);
      return events.find(({ event }) => event === "attention")?.["weights"] as number[];
    };
    expectClose(await attention(files["ours"], ...flag), await attention(at("flagged-run")));
  });
});

describe("files that cannot say", () => {
  it("are taken as what they are recognized by, or as a guess with the flag that corrects it", async () => {
    const bare = await write(at("bare", "weights.safetensors"), await officialBytes(beit));
    const v2 = await write(at("bare", "beitv2_base_patch16_224_pt1k_ft21kto1k.safetensors"), await officialBytes(beit));
    const [guess, recognized] = [await predicted(bare), await predicted(v2)];
    expect(guess.stderr).toContain(
      "normalization: mean and std of 0.5, a guess, as the files do not say; --normalization says otherwise\n",
    );
    expect(recognized.stderr).toContain("normalization: ImageNet's mean and std, as all models of BEiT v2 have it\n");
    const flagged = await predicted(bare, "--normalization", "imagenet");
    expect(flagged.values).toEqual(recognized.values);
    expect(flagged.stderr).not.toContain("normalization");
    expect(Math.max(...guess.values.map((value, i) => Math.abs(value - recognized.values[i])))).toBeGreaterThan(0.05);
  });
});

describe("inspect", () => {
  const inspect = async (path: string, ...flags: string[]) => {
    const { stdout } = await cli(["inspect", path, "--no-hash", ...flags]);
    const { events } = await cli(["inspect", path, "--no-hash", "--json", ...flags]);
    const found = events.find(({ event }) => event === "inspection") as unknown as Inspection;
    return { told: / {2}normalization {3}(.*)\n/.exec(stdout)?.[1], ...found, ...found.model };
  };
  type Prepared = { readonly preprocessing?: Preprocessing; readonly normalization?: object };
  type Inspection = Prepared & { readonly model?: Prepared };

  it("tells which and why, of files of all kinds", async () => {
    const imagenetSaid = "ImageNet's mean and std, as the model's files say";
    for (const path of [at("hugging-face"), at("timm"), at("ours.safetensors"), at("official.safetensors")]) {
      const { told, preprocessing, normalization } = await inspect(path);
      expect([told, normalization]).toEqual([imagenetSaid, { name: "imagenet", reason: "files" }]);
      expect(preprocessing).toMatchObject(imagenet);
    }
    const v1 = await write(at("beit_base_patch16_224_pt22k_ft22k.safetensors"), await officialBytes(beit));
    expect((await inspect(v1)).told).toBe("mean and std of 0.5, as all models of ImageNet-22k have it");
    const bare = await inspect(at("bare", "weights.safetensors"));
    expect(bare.told).toBe("mean and std of 0.5, a guess, as the files do not say; --normalization says otherwise");
    expect(bare.normalization).toEqual({ name: "half", reason: "convention" });
    const flagged = await inspect(at("bare", "weights.safetensors"), "--normalization", "imagenet");
    expect(flagged.told).toBe("ImageNet's mean and std, as --normalization says");
    expect(flagged.preprocessing).toMatchObject(imagenet);
    const odd = { ...stretched, mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.4] };
    const others = await write(at("others.safetensors"), await saveBeit(beit, { preprocessing: odd }));
    expect((await inspect(others)).told).toBe("mean 0.4, 0.5, 0.6 and std 0.2, 0.3, 0.4, as the model's files say");
  });

  it("tells it of runs", async () => {
    const { told, preprocessing, normalization } = await inspect(at("first"));
    expect(told).toBe("ImageNet's mean and std, as the model's files say");
    expect(normalization).toEqual({ name: "imagenet", reason: "files" });
    expect(preprocessing).toEqual(stretched);
  });
});

it("grey models keep their own, and ImageNet's is refused", async () => {
  const grey = randomClassifier({ channels: 1 });
  const preprocessing = { ...stretched, mean: [0.3], std: [0.2] };
  const file = await write(at("grey.safetensors"), await saveBeit(grey, { preprocessing }));
  for (const to of ["hugging-face", "unilm"]) {
    const out = at("grey", to);
    await cli(["convert", file, "--to", to, "--out", out, ...oneThread]);
    const converted = to === "hugging-face" ? out : join(out, "model.safetensors");
    expectClose((await predicted(converted)).values, (await predicted(file)).values);
  }
  const { code, stderr } = await cli(["predict", file, "--images", at("images"), "--normalization", "imagenet"]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("expected RGB for ImageNet's mean and std") as string]);
});

function line(statistics: string): string {
  return `normalization: ${statistics}, as the model's files say\n`;
}

// Models of every origin at work: predict, encode and attention give what the library gives.
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  attentionMaps,
  classLogits,
  encode,
  encodeWithFeatures,
  evalViewFields,
  type Beit,
  type Preprocessing,
} from "@beitjs/beit-encoder";
import { scope, tensor, type Tensor } from "@beitjs/tensor-core";
import { imageShape } from "@beitjs/tensor-core/grid";
import { readSafetensors, toFloat32 } from "@beitjs/tensor-core/safetensors";
import { evalView } from "@beitjs/trainers";
import { readImage } from "@beitjs/trainers/node";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commands } from "../commands/index.ts";
import {
  backend,
  labels,
  preprocessing,
  randomClassifier,
  randomPretrained,
  writeModels,
} from "../testing/random-models.ts";
import { cli, makeFolder, writePngs } from "../testing/run-cli.ts";

const oneThread = ["--backend", "simd", "--threads", "1"];
const golden = fileURLToPath(new URL("../../../../tools/golden", import.meta.url));
let folder: Awaited<ReturnType<typeof makeFolder>>;
let models: Awaited<ReturnType<typeof writeModels>>;
let pngs: string;
let names: string[];
const at = (...parts: string[]) => join(folder.path, ...parts);
const json = async (path: string) => JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;

beforeAll(async () => {
  folder = await makeFolder();
  models = await writeModels(at("models"));
  pngs = await writePngs(at("pngs"), ["cat", "dög 🐶"], 2);
  names = ["cat/0.png", "cat/1.png", "dög 🐶/0.png", "dög 🐶/1.png"];
});
afterAll(() => folder.remove());

// The library by itself, on the reference backend.
async function values(
  beit: Beit,
  image: string,
  compute: (pixels: Tensor) => Tensor,
  prepared: Preprocessing = preprocessing,
): Promise<Float32Array> {
  const pixels = evalView(await readImage(image), evalViewFields(prepared));
  const result = scope(backend, () => compute(tensor(pixels, imageShape(1, beit.config), backend)));
  return Float32Array.from(await result.read());
}

function softmax(logits: ArrayLike<number>): number[] {
  const powers = Array.from(logits, Math.exp);
  return powers.map((power) => power / powers.reduce((a, b) => a + b));
}

function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(got).toHaveLength(expected.length);
  const worst = Array.from(got).reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0);
  const largest = Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  // float32 kernels against the float64 reference, over two blocks.
  expect(worst).toBeLessThan(1e-5 * Math.max(1, largest));
}

type Guess = { readonly class: number; readonly label: string | null; readonly probability: number };
const predictions = (events: Awaited<ReturnType<typeof cli>>["events"]) =>
  events.filter(({ event }) => event === "prediction") as unknown as { name: string; top: Guess[] }[];
const byClass = (top: readonly Guess[]) =>
  [...top].sort((a, b) => a.class - b.class).map(({ probability }) => probability);

async function expectError(argv: readonly string[], code: number, message: RegExp): Promise<void> {
  const run = await cli(argv);
  expect(run.stderr).toMatch(message);
  expect(run.code).toBe(code);
}

describe("predict", () => {
  const predict = (model: string, ...rest: string[]) => ["predict", model, ...oneThread, ...rest];

  it("tells the library's probabilities with the model's labels, and every image once", async () => {
    const run = await cli(predict(models.ours, "--images", pngs, "--batch", "3", "--json"));
    expect(run.code).toBe(0);
    const told = predictions(run.events);
    expect(told.map(({ name }) => name)).toEqual(names);
    const beit = randomClassifier();
    for (const { name, top } of told) {
      const logits = await values(beit, join(pngs, name), (pixels) => classLogits(beit, encode(beit, pixels)));
      expectClose(byClass(top), softmax(logits));
      expect(top.map(({ probability }) => probability)).toEqual(byClass(top).sort((a, b) => b - a));
      for (const guess of top) expect(guess.label).toBe(labels[guess.class]);
    }
    expect(new Set(told.map(({ top }) => top[0].class)).size).toBeGreaterThan(1);
    expect(run.events.at(-1)).toEqual({ event: "done", images: 4, out: null });
  });

  it("gives the same for our file, the official names and a Hugging Face folder", async () => {
    const image = join(pngs, "cat", "0.png");
    const [ours, huggingFace, official] = await Promise.all(
      [models.ours, models.huggingFace, models.official].map(async (model) =>
        predictions((await cli(predict(model, "--images", image, "--json"))).events),
      ),
    );
    expectClose(byClass(huggingFace[0].top), byClass(ours[0].top));
    expect(huggingFace[0].top.map(({ label }) => label)).toEqual(ours[0].top.map(({ label }) => label));
    expect(huggingFace[0].name).toBe(image);
    // Official names carry neither labels nor preprocessing: by the original's convention, size 8 / 0.875.
    expect(official[0].top.map(({ label }) => label)).toEqual([null, null, null]);
    const beit = randomClassifier();
    const original: Preprocessing = {
      filter: "bicubic",
      size: 9,
      fit: "shortSide",
      crop: 8,
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
    };
    const logits = await values(beit, image, (pixels) => classLogits(beit, encode(beit, pixels)), original);
    expectClose(byClass(official[0].top), softmax(logits));
  });

  it("opens what torch, timm and transformers wrote", async () => {
    for (const model of ["unilm/classifier-mean/checkpoint.pth", "timm/classifier-mean/model.safetensors"]) {
      const run = await cli(predict(join(golden, model), "--images", join(pngs, "cat", "0.png"), "--json"));
      expect(run.code).toBe(0);
      const [{ top }] = predictions(run.events);
      expect(top.map((guess) => guess.class).sort()).toEqual([0, 1, 2, 3, 4]);
      expect(byClass(top).reduce((a, b) => a + b)).toBeCloseTo(1, 10);
    }
  });

  it("resizes a model to other images", async () => {
    const run = await cli(predict(models.ours, "--images", pngs, "--image-size", "12", "--json"));
    const same = await cli(predict(models.ours, "--images", pngs, "--json"));
    expect(run.code).toBe(0);
    expect(byClass(predictions(run.events)[0].top)).not.toEqual(byClass(predictions(same.events)[0].top));
  });

  it("shows a table an image, with labels of the model, of a file, or class numbers", async () => {
    const image = join(pngs, "cat", "0.png");
    const shown = await cli(predict(models.ours, "--images", image, "--top", "2"));
    expect(shown.stdout).toMatch(/^\S.*0\.png\n( {2} *\d+\.\d\d % {2}(dark|neither).*\n){2}\n$/);
    await writeFile(at("labels.txt"), "\uFEFFleft\r\ntop\r\nneither\r\n\r\n");
    const named = await cli(predict(models.official, "--images", image, "--labels", at("labels.txt")));
    expect(named.stdout).toMatch(/% {2}left\n/);
    expect(named.stdout.trimEnd().split("\n")).toHaveLength(4);
    expect((await cli(predict(models.official, "--images", image))).stdout).toMatch(/% {2}class 0\n/);
  });

  it("writes JSON and CSV", async () => {
    const out = at("predictions.json");
    expect((await cli(predict(models.ours, "--images", pngs, "--out", out))).stdout).toBe("");
    const told = predictions((await cli(predict(models.ours, "--images", pngs, "--json"))).events);
    const { model, images } = await json(out);
    expect(images).toEqual(told.map(({ name, top }) => ({ name, top })));
    expect(model).toMatchObject({
      path: models.ours,
      classes: 3,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    await cli(predict(models.ours, "--images", pngs, "--out", at("predictions.csv"), "--top", "1"));
    const lines = (await readFile(at("predictions.csv"), "utf8")).trimEnd().split("\n");
    expect(lines[0]).toBe("name,rank,class,label,probability");
    expect(lines).toHaveLength(5);
    const quoted = ['"dark left, light right"', '"dark ""top"""', "neither"];
    const { class: number, probability } = told[0].top[0];
    expect(lines[1]).toBe(`cat/0.png,1,${number},${quoted[number]},${probability}`);
  });

  it("refuses what it cannot use, in words", async () => {
    const image = join(pngs, "cat", "0.png");
    const on = (...rest: string[]) => predict(models.ours, "--images", ...rest);
    await expectError(
      predict(models.pretrained, "--images", image),
      2,
      /pretrained\.safetensors is a pre-training model: expected --tokenizer, to fill hidden patches; for classes fine-tune it first \(beit finetune --from .*pretrained\.safetensors\)/,
    );
    await expectError(predict(at("none.pth"), "--images", image), 2, /none\.pth: expected a model, got nothing there/);
    await expectError(on(at("none.png")), 1, /none\.png: does not exist/);
    await expectError(on(models.tokenizer), 1, /tokenizer\.safetensors: expected a JPEG, PNG/);
    await expectError(on(image, "--top", "0"), 2, /whole number of at least 1/);
    await expectError(on(image, "--patches", "3"), 2, /--patches: expected a pre-training model, got .*, a classifier/);
    const hide = (...rest: string[]) =>
      predict(models.pretrained, "--images", image, "--tokenizer", models.tokenizer, ...rest);
    await expectError(hide("--patches", "3,16"), 2, /--patches 3,16: expected numbers from 0 to 15 .*, got 16/);
    await expectError(hide("--patches", "3", "--ratio", "0.5"), 2, /--patches: expected no --mask, --ratio or --count/);
    await expectError(hide("--count", "2", "--ratio", "0.5"), 2, /expected either --ratio or --count, got both/);
    await expectError(hide("--ratio", "1.5"), 2, /--ratio 1\.5: expected a share of at most 1/);
    await expectError(
      hide("--out", "x.csv"),
      2,
      /--out x\.csv: expected a folder, or a name that ends in \.png or \.json/,
    );
    await expectError(on(image, "--out", "x.txt"), 2, /--out x\.txt: expected a name that ends in \.json or \.csv/);
    await expectError(on(image, "--out", at("nowhere", "x.json")), 1, /could not write .*x\.json: ENOENT/);
    await writeFile(at("two.txt"), "left\ntop\n");
    await expectError(on(image, "--labels", at("two.txt")), 2, /two\.txt: expected 3 labels, one a line .*, got 2/);
    await writeFile(at("gap.txt"), "left\n\ntop\n");
    await expectError(on(image, "--labels", at("gap.txt")), 2, /gap\.txt: .* got line 2 empty/);
    await writeFile(at("empty.txt"), "\n");
    await expectError(on(image, "--labels", at("empty.txt")), 2, /empty\.txt: expected 3 labels, .* got 0/);
    await expectError(on(image, "--labels", at("none.txt")), 2, /none\.txt: cannot be read: ENOENT/);
    await expectError(predict(models.tokenizer, "--images", image), 1, /expected the parameters of a BEiT/);
  });

  it("leaves bad images out on request", async () => {
    await writeFile(at("bad.png"), "no image");
    const run = await cli(predict(models.ours, "--images", at("bad.png"), pngs, "--skip-bad", "--json"));
    expect(run).toMatchObject({ code: 0, stderr: expect.stringMatching(/left out: .*bad\.png/) as string });
    const typed = names.map((name) => join(pngs, name));
    expect(predictions(run.events).map(({ name }) => name)).toEqual(typed);
    const mixed = [join(pngs, "dög 🐶", "1.png"), pngs, at("bad.png"), join(pngs, "cat", "0.png")];
    const ordered = await cli(predict(models.ours, "--images", ...mixed, "--skip-bad", "--json"));
    expect(predictions(ordered.events).map(({ name }) => name)).toEqual([mixed[0], ...typed, mixed[3]]);
    await expectError(
      predict(models.ours, "--images", at("bad.png"), "--skip-bad"),
      1,
      /none of the 1 images can be read/,
    );
  });

  it("says that weights are damaged instead of telling nonsense", async () => {
    const bytes = await readFile(models.ours);
    const { tensors } = readSafetensors(bytes);
    tensors.get("classNorm.gamma")?.data.fill(0xff); // views of `bytes`: not a number
    await writeFile(at("nan.safetensors"), bytes);
    await expectError(
      predict(at("nan.safetensors"), "--images", join(pngs, "cat", "0.png")),
      1,
      /expected finite numbers from the model, got others/,
    );
  });

  it("stops on a signal, without an error", async () => {
    const run = await cli(predict(models.ours, "--images", pngs, "--batch", "1", "--json"), {
      onLine: (line, signal) => {
        if (line.includes('"prediction"')) signal("SIGINT");
      },
    });
    expect(run.code).toBe(130);
    expect(predictions(run.events)).toHaveLength(1);
    expect(run.stderr).not.toContain("beit:");
  });
});

describe("encode", () => {
  const encodeTo = (out: string, model: string, ...rest: string[]) => [
    "encode",
    model,
    ...oneThread,
    "--images",
    pngs,
    "--out",
    at(out),
    "--force",
    ...rest,
  ];
  const features = async (out: string) => {
    const { tensors, metadata } = readSafetensors(await readFile(at(out)));
    const stored = tensors.get("features");
    if (!stored) throw new Error("no features");
    return { shape: stored.shape, data: toFloat32(stored), metadata };
  };
  const expected = async (beit: Beit, compute: (pixels: Tensor) => Tensor) => {
    const rows = await Promise.all(names.map((name) => values(beit, join(pngs, name), compute)));
    return rows.flatMap((row) => Array.from(row));
  };

  it("writes all tokens, and the patches without the class token", async () => {
    const beit = randomPretrained();
    const run = await cli(
      encodeTo("tokens.safetensors", models.pretrained, "--output", "tokens", "--batch", "3", "--json"),
    );
    expect(run.code).toBe(0);
    const tokens = await features("tokens.safetensors");
    expect(tokens.shape).toEqual([4, 17, 16]);
    expectClose(tokens.data, await expected(beit, (pixels) => encode(beit, pixels)));
    expect(run.events.at(-1)).toMatchObject({ event: "done", shape: [4, 17, 16], names });
    expect(JSON.parse(tokens.metadata["names"])).toEqual(names);
    expect(tokens.metadata).toMatchObject({
      model: models.pretrained,
      output: "tokens",
      layer: "last",
      imageSize: "8",
    });
    expect(tokens.metadata["modelSha256"]).toBe(run.events.at(-1)?.["model"]);
    await cli(encodeTo("patches.safetensors", models.pretrained, "--output", "patches"));
    const patches = await features("patches.safetensors");
    expect(patches.shape).toEqual([4, 16, 16]);
    const withoutFirst = tokens.data.filter((_, i) => Math.floor(i / 16) % 17 > 0);
    expectClose(patches.data, withoutFirst);
    expect(await readdir(folder.path)).not.toContain("tokens.safetensors.partial");
  });

  it("pools: the mean of the patches for pre-training models and earlier blocks", async () => {
    const beit = randomPretrained();
    const mean = (tokens: readonly number[]) =>
      Array.from({ length: 4 * 16 }, (_, i) => {
        const [image, column] = [Math.floor(i / 16), i % 16];
        const patches = Array.from({ length: 16 }, (_, n) => tokens[(image * 17 + n + 1) * 16 + column]);
        return patches.reduce((a, b) => a + b) / 16;
      });
    await cli(encodeTo("pooled.safetensors", models.pretrained));
    const pooled = await features("pooled.safetensors");
    expect(pooled.shape).toEqual([4, 16]);
    expectClose(pooled.data, mean(await expected(beit, (pixels) => encode(beit, pixels))));
    await cli(encodeTo("early.safetensors", models.pretrained, "--layer", "0"));
    const early = await features("early.safetensors");
    const firstBlock = await expected(beit, (pixels) => encodeWithFeatures(beit, pixels, { blocks: [0] }).features[0]);
    expectClose(early.data, mean(firstBlock));
    expect(early.metadata["layer"]).toBe("0");
    // A classifier's norm belongs behind its last block only.
    const classifier = randomClassifier();
    await cli(encodeTo("early.safetensors", models.ours, "--layer", "1"));
    expectClose(
      (await features("early.safetensors")).data,
      mean(await expected(classifier, (pixels) => encode(classifier, pixels))),
    );
  });

  it.each(["mean", "class"] as const)(
    "pools for a classifier of %s pooling what its class head sees",
    async (pooling) => {
      const beit = randomClassifier({ pooling });
      await cli(encodeTo("seen.safetensors", pooling === "mean" ? models.ours : models.classPooling));
      const { data, shape } = await features("seen.safetensors");
      expect(shape).toEqual([4, 16]);
      const { weight, bias } = beit.params.classHead as { weight: Tensor; bias: Tensor };
      const [w, b] = [await weight.read(), await bias.read()];
      const logits = Array.from({ length: 4 * 3 }, (_, i) => {
        const [image, row] = [Math.floor(i / 3), i % 3];
        return Array.from({ length: 16 }, (_, k) => data[image * 16 + k] * w[row * 16 + k]).reduce(
          (x, y) => x + y,
          b[row],
        );
      });
      expectClose(logits, await expected(beit, (pixels) => classLogits(beit, encode(beit, pixels))));
    },
  );

  it("writes NumPy's format", async () => {
    await cli(encodeTo("patches.safetensors", models.ours, "--output", "patches"));
    expect((await cli(encodeTo("patches.npy", models.ours, "--output", "patches"))).code).toBe(0);
    const bytes = await readFile(at("patches.npy"));
    expect(bytes.subarray(0, 8)).toEqual(Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0]));
    const start = 10 + bytes.readUInt16LE(8);
    expect(start % 64).toBe(0);
    expect(bytes.subarray(10, start).toString()).toMatch(
      /^\{'descr': '<f4', 'fortran_order': False, 'shape': \(4, 16, 16\), \} *\n$/,
    );
    const stored = await features("patches.safetensors");
    expect(new Float32Array(new Uint8Array(bytes.subarray(start)).buffer)).toEqual(stored.data);
  });

  it("refuses what it cannot do, and leaves no half of a file", async () => {
    await expectError(encodeTo("x.bin", models.ours), 2, /x\.bin: expected a name that ends in \.safetensors or \.npy/);
    await expectError(encodeTo("x.npy", models.ours, "--layer", "2"), 2, /--layer 2: expected 0 to 1/);
    await expectError(
      encodeTo("x.npy", models.ours, "--output", "mean"),
      2,
      /Allowed choices are pooled, patches, tokens/,
    );
    await expectError(encodeTo(join("nowhere", "x.npy"), models.ours), 1, /could not write .*x\.npy: ENOENT/);
    await expectError(encodeTo("x.npy", models.tokenizer), 1, /expected the parameters of a BEiT/);
    const stopped = await cli(encodeTo("x.npy", models.ours, "--batch", "1", "--json"), {
      onLine: (line, signal) => {
        if (line.includes('"images"')) signal("SIGTERM");
      },
    });
    expect(stopped.code).toBe(130);
    expect((await readdir(folder.path)).filter((name) => name.startsWith("x."))).toEqual([]);
  });
});

describe("attention", () => {
  const draw = (model: string, ...rest: string[]) => [
    "attention",
    model,
    ...oneThread,
    "--image",
    join(pngs, "cat", "0.png"),
    "--out",
    at("attention.png"),
    "--force",
    "--json",
    ...rest,
  ];
  const weightsOf = (run: Awaited<ReturnType<typeof cli>>) =>
    run.events.find(({ event }) => event === "attention")?.["weights"] as number[];

  it("draws the library's map of a patch, block and head, for models of any origin", async () => {
    const beit = randomClassifier();
    for (const model of [models.ours, models.huggingFace]) {
      const run = await cli(draw(model, "--patch", "1,2", "--layer", "0", "--head", "1"));
      expect(run.code).toBe(0);
      const map = await values(
        beit,
        join(pngs, "cat", "0.png"),
        (pixels) => attentionMaps(beit, pixels, { patches: [6], blocks: [0] })[0],
      );
      expectClose(weightsOf(run), map.slice(17 + 1, 2 * 17));
      const { data, info } = await sharp(at("attention.png")).raw().toBuffer({ resolveWithObject: true });
      expect(info).toMatchObject({ width: 448, height: 448, channels: 3 });
      // A frame around the patch that looks, and nowhere else.
      const pixel = (row: number, column: number) => [
        ...data.subarray((row * 448 + column) * 3, (row * 448 + column) * 3 + 3),
      ];
      expect(pixel(112, 224)).toEqual([255, 255, 255]);
      expect(pixel(0, 0)).not.toEqual([255, 255, 255]);
    }
  });

  it("means all heads of the last block by default", async () => {
    const beit = randomClassifier();
    const run = await cli(draw(models.ours, "--patch", "3,3"));
    expect(run.events.at(-1)).toMatchObject({ layer: 1, head: null, patch: "3,3" });
    const map = await values(
      beit,
      join(pngs, "cat", "0.png"),
      (pixels) => attentionMaps(beit, pixels, { patches: [15], blocks: [1] })[0],
    );
    expectClose(
      weightsOf(run),
      Array.from({ length: 16 }, (_, i) => (map[i + 1] + map[17 + i + 1]) / 2),
    );
  });

  it("opens the files of unilm, timm and transformers, at another image size too", async () => {
    for (const model of [
      "unilm/pretraining-shared/checkpoint.pth",
      "timm/classifier-mean/model.safetensors",
      "transformers/pretraining-shared/model.safetensors",
    ]) {
      const run = await cli(draw(join(golden, model), "--patch", "0,0"));
      expect(run.code).toBe(0);
      expect(weightsOf(run)).toHaveLength(16);
    }
    const larger = await cli(draw(models.ours, "--patch", "5,5", "--image-size", "12"));
    expect(weightsOf(larger)).toHaveLength(36);
  });

  it("refuses patches, blocks and heads that are not there", async () => {
    await expectError(draw(models.ours, "--patch", "4,0"), 2, /--patch 4,0: expected row,col from 0,0 to 3,3/);
    await expectError(draw(models.ours, "--patch", "0,0", "--layer", "2"), 2, /--layer 2: expected 0 to 1/);
    await expectError(draw(models.ours, "--patch", "0,0", "--head", "2"), 2, /--head 2: expected 0 to 1/);
    await expectError(draw(models.tokenizer, "--patch", "0,0"), 1, /expected the parameters of a BEiT/);
  });
});

describe("the tokenizer that comes along", () => {
  it("is small to every command that takes one", async () => {
    const tokens = await cli([
      "tokenize",
      "--tokenizer",
      "small",
      "--data",
      pngs,
      "--out",
      at("small.json"),
      ...oneThread,
    ]);
    expect(tokens.stderr).not.toMatch(/^beit:/m);
    const written = JSON.stringify(await json(at("small.json")));
    expect(written).toContain("1024");
    const recipe = [
      "--recipe",
      "pretrain-small",
      "--set",
      "epochs=1",
      "batchSize=2",
      "model.depth=1",
      "model.width=32",
    ];
    const run = ["pretrain", "--data", pngs, "--tokenizer", "small", ...recipe, "model.heads=1", "--out", at("run")];
    expect((await cli([...run, ...oneThread])).code).toBe(0);
    const scores = ["evaluate", at("run"), "--data", pngs, "--split", "train", ...oneThread];
    for (const flags of [[], ["--tokenizer", "small"]]) {
      const { code, stdout } = await cli([...scores, ...flags]);
      expect([code, stdout]).toEqual([0, expect.stringContaining("masked patches")]);
    }
  });
});

describe("examples", () => {
  it.each(["predict", "encode", "reconstruct", "inspect"])("of %s name flags that there are", async (name) => {
    const help = (await cli([name, "--help"])).stdout;
    const command = commands.find((one) => one.name === name);
    expect(help).toContain(`Example:\n  ${command?.example}`);
    for (const flag of command?.example.match(/--[a-z-]+/g) ?? []) expect(help.split("Example:")[0]).toContain(flag);
    expect(command?.example).toMatch(new RegExp(`^beit ${name} `));
  });
});

// `beit probe` and `beit knn` from flags to figures: on runs and files, over all labels and over a few, and what is refused.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { linearProbe, neighborScores, type FeatureTable } from "@beitjs/trainers";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { readSafetensors, toFloat32 } from "@beitjs/tensor-core/safetensors";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeModels } from "../testing/random-models.ts";
import { cli, makeFolder, writeIdx, writePngs } from "../testing/run-cli.ts";

const oneThread = ["--backend", "simd", "--threads", "1"];
let folder: Awaited<ReturnType<typeof makeFolder>>;
let models: Awaited<ReturnType<typeof writeModels>>;
let data: string;
const at = (...parts: string[]) => join(folder.path, ...parts);

beforeAll(async () => {
  folder = await makeFolder();
  models = await writeModels(at("models"));
  data = await writeIdx(at("idx"), 48);
});
afterAll(() => folder.remove());

type Row = {
  features: string;
  block: number | null;
  width: number;
  accuracy: number;
  spread?: number;
  accuracies?: number[];
  l2?: number;
  rate?: number | number[];
  confusion: number[][];
};
type Scores = Record<string, unknown> & {
  readonly accuracy: number;
  readonly block: number;
  readonly rows: readonly Row[];
};

async function scores(...argv: string[]): Promise<Scores & { readonly stderr: string }> {
  const run = await cli([...argv, "--json", ...oneThread]);
  expect(run.stderr).not.toContain("beit: ");
  expect(run.code).toBe(0);
  return { stderr: run.stderr, ...(run.events.find(({ event }) => event === "scores") as unknown as Scores) };
}

async function refused(argv: readonly string[], message: string): Promise<void> {
  const run = await cli([...argv, ...oneThread]);
  expect(run.stderr).toContain(message);
  expect(run.code).toBe(2);
}

// Features as `encode` writes them, of the two classes in turn.
async function table(split: "train" | "test", model: string, layer: number): Promise<FeatureTable> {
  const out = at(`${split}.safetensors`);
  const argv = ["encode", model, "--images", data, "--layer", String(layer), "--out", out, "--force", ...oneThread];
  expect((await cli(argv)).code).toBe(0);
  const { tensors } = readSafetensors(await readFile(out));
  const features = tensors.get("features") as NonNullable<ReturnType<typeof tensors.get>>;
  const [, width] = features.shape;
  const [from, to] = split === "train" ? [0, 48] : [48, 60];
  const values = toFloat32(features).slice(from * width, to * width);
  return { values, width, labels: Int32Array.from({ length: to - from }, (_, i) => i % 2) };
}

describe("probe", () => {
  it("says of every block what the library says of the features that encode writes", async () => {
    const { rows, accuracy, block, split, testImages } = await scores("probe", models.ours, "--data", data);
    expect([split, testImages]).toEqual(["test", 12]);
    expect(rows.map((row) => [row.features, row.block])).toEqual([
      ["model", 0],
      ["model", 1],
    ]);
    for (const row of rows) {
      const tables = [
        await table("train", models.ours, row.block as number),
        await table("test", models.ours, row.block as number),
      ] as const;
      const expected = await linearProbe(...tables, { seed: 0 });
      expect(row).toMatchObject(expected);
    }
    expect(accuracy).toBe(rows[block].accuracy);
  });

  it("measures a random network, pixels and another model beside it", async () => {
    const out = at("figures.csv");
    const argv = [
      "probe",
      models.pretrained,
      "--data",
      data,
      "--layers",
      "1",
      "--baselines",
      "--other",
      models.huggingFace,
    ];
    const { rows } = await scores(...argv, "--out", out);
    expect(rows.map((row) => [row.features, row.block])).toEqual([
      ["model", 1],
      ["other", 1],
      ["random network", 1],
      ["pixels", null],
    ]);
    expect(rows.map(({ width }) => width)).toEqual([16, 16, 16, 3 * 8 * 8]);
    for (const { confusion } of rows) expect(confusion.flat().reduce((a, b) => a + b)).toBe(12);
    const lines = (await readFile(out, "utf8")).trim().split("\n");
    expect(lines).toHaveLength(5);
    expect(lines[0]).toBe("features,block,width,accuracy,spread,heldOutAccuracy,l2,accuracies");
    await refused([...argv, "--out", out], "is there already; pass --force");
  });

  it("tells mean and spread of draws of a few labels, and a table for people with what is known", async () => {
    const argv = ["probe", models.ours, "--data", data, "--labels-per-class", "3"];
    const { rows, images, tries } = await scores(...argv, "--layers", "0,1");
    expect([images, tries, rows[0].accuracies?.length]).toEqual([6, 5, 5]);
    const mean = (rows[0].accuracies as number[]).reduce((a, b) => a + b) / 5;
    expect(rows[0].accuracy).toBeCloseTo(mean, 12);
    expect(rows[0].confusion.flat().reduce((a, b) => a + b)).toBe(5 * 12);
    const { stdout, stderr } = await cli([...argv, "--tries", "2", ...oneThread]);
    expect(stdout).toMatch(
      /^linear probe: accuracy [\d.]+ ± [\d.]+ % \(chance: 50 %\), block [01] of 0 to 1, chosen by the held-out part\n/,
    );
    expect(stdout).toMatch(/\n {2}model +1 +16 +[\d.]+ ± [\d.]+ % +[\d.]+ %\n/);
    expect(stderr).toContain("BEiT-B has 56.7 % here and 83.2 % fine-tuned");
  });

  it("sets a fifth aside where there is nothing else to measure on", async () => {
    const flat = await writePngs(at("flat"), ["a", "b"], 10);
    const { stderr, measuredOn, images, testImages } = await scores("probe", models.ours, "--data", flat);
    expect([measuredOn, images, testImages]).toEqual(["held out", 16, 4]);
    expect(stderr).toContain("a fifth of every class, 4 images set aside by seed 0");
  });

  it("refuses one class, no classes, too few images of a class, and blocks that are not there", async () => {
    const probe = (...argv: string[]) => ["probe", models.ours, ...argv];
    await refused(probe("--data", await writePngs(at("one"), ["a"], 3)), "expected at least 2 classes, got 1: a");
    const list = at("list.csv");
    await writeFile(list, "file\none/a/0.png\none/a/1.png\n");
    await refused(probe("--data", list), "expected a dataset with classes, got one without labels");
    await refused(probe("--data", data, "--labels-per-class", "25"), "--labels-per-class: ");
    await refused(probe("--data", data, "--layers", "1,2"), "--layers 2: expected 0 to 1");
    await refused(probe("--data", data, "--layers", "first"), "Expected all, middle, last, or numbers");
    await refused(probe("--data", data, "--tries", "2"), "--tries: expected --labels-per-class beside it");
    await refused(probe("--data", data, "--out", at("figures.txt")), "expected a name that ends in .json or .csv");
  });
});

describe("probe --method sgd", () => {
  const sgd = (...argv: string[]) => ["probe", models.pretrained, "--data", data, "--method", "sgd", ...argv];

  it("measures every block and a random network by random views, pixels by regression", async () => {
    const argv = sgd("--epochs", "1", "--baselines");
    const { rows, stderr, ...facts } = await scores(...argv);
    expect(rows.map((row) => [row.features, row.block])).toEqual([
      ["model", 0],
      ["model", 1],
      ["random network", 0],
      ["random network", 1],
      ["pixels", null],
    ]);
    expect(facts).toMatchObject({ probeMethod: "sgd", epochs: 1, rates: [4e-4, 1e-3, 4e-3, 1e-2, 4e-2] });
    for (const row of rows.slice(0, 4)) expect(facts["rates"]).toContain(row.rate);
    expect([rows[4].rate, typeof rows[4].l2]).toEqual([undefined, "number"]);
    expect(stderr).toContain(
      "1 epoch of 48 images in batches of 3, 5 rates at once, chosen by a held-out fifth of them",
    );
    expect(stderr).toContain("pixels: measured by regression, without random views");
    const other = await scores(...argv, "--batch", "5");
    expect(other.rows).toEqual(rows);
  });

  it("tells draws of few labels, and rates in a file", async () => {
    const out = at("sgd.csv");
    const few = ["--labels-per-class", "3", "--tries", "2", "--layers", "1", "--epochs", "1"];
    const { rows } = await scores(...sgd(...few, "--rates", "1e-2", "--out", out));
    expect([rows[0].rate, rows[0].accuracies?.length]).toEqual([[0.01, 0.01], 2]);
    expect((await cli([...sgd(...few, "--rates", "1e-2"), ...oneThread])).stdout).toMatch(
      /^linear probe: accuracy [\d.]+ ± [\d.]+ % \(chance: 50 %\), block 1 of 0 to 1, learning rate 0.01 0.01\n$/,
    );
    const lines = (await readFile(out, "utf8")).trim().split("\n");
    expect(lines[0].split(",").at(-1)).toBe("rate");
    expect(lines[1].split(",").at(-1)).toBe("0.01 0.01");
  });

  it("refuses its flags without it, and rates that are none", async () => {
    const argv = ["probe", models.pretrained, "--data", data];
    await refused([...argv, "--epochs", "2"], "--epochs: expected --method sgd beside it");
    await refused([...argv, "--method", "regression", "--rates", "1e-3"], "--rates: expected --method sgd beside it");
    await refused(sgd("--rates", "1e-3,0"), "Expected positive numbers that differ");
    await refused(sgd("--rates", "1e-3,1e-3"), "Expected positive numbers that differ");
    await refused(sgd("--method", "adam"), "Allowed choices are regression, sgd");
  });
});

describe("knn", () => {
  it("says what the library says, and by leaving one out where all images are the same", async () => {
    const backend = await createSimdBackend({ threads: 1 });
    const [train, test] = [await table("train", models.ours, 1), await table("test", models.ours, 1)];
    const options = { k: 7, temperature: 0.1, backend };
    const argv = ["knn", models.ours, "--data", data, "--layers", "1", "--k", "7", "--temperature", "0.1"];
    const split = await scores(...argv);
    expect(split.rows[0]).toMatchObject(await neighborScores(train, test, options));
    const same = await scores(...argv, "--split", "train");
    expect(same.rows[0]).toMatchObject(await neighborScores(train, train, { ...options, leaveOneOut: true }));
    expect(same["measuredOn"]).toBe("leave one out");
    backend.dispose();
  });

  it("takes the block at three quarters of the depth, and tells what is known", async () => {
    const out = at("knn.json");
    const { stdout, stderr, code } = await cli(["knn", models.ours, "--data", data, "--out", out, ...oneThread]);
    expect(code).toBe(0);
    // 0.75 x 2 blocks are 1.5: the second.
    expect(stdout).toMatch(/^nearest neighbors: accuracy [\d.]+ % \(chance: 50 %\), block 1 of 0 to 1\n$/);
    expect(stderr).toContain("MAE ViT-B (100 epochs, k 200) has 11.2 % here");
    const written = JSON.parse(await readFile(out, "utf8")) as Scores;
    expect([written["k"], written["temperature"], written.rows.length]).toEqual([20, 0.07, 1]);
  });

  it("refuses a k that is more than there is to learn from", async () => {
    await refused(
      ["knn", models.ours, "--data", data, "--k", "49"],
      "--k 49: expected at most 48, the images to learn from",
    );
    await refused(["knn", models.ours, "--data", data, "--split", "train", "--k", "48"], "--k 48: expected at most 47");
    await refused(["knn", models.ours, "--data", data, "--labels-per-class", "2"], "--k 20: expected at most 4");
  });
});

it("figures do not depend on threads and batches", async () => {
  const argv = ["probe", models.ours, "--data", data, "--json"];
  const of = async (...flags: string[]) =>
    (
      (await cli([...argv, ...flags, "--backend", "simd"])).events.find(
        ({ event }) => event === "scores",
      ) as unknown as Scores
    ).rows;
  const rows = await of("--threads", "1", "--batch", "48");
  expect(await of("--threads", "2", "--batch", "5")).toEqual(rows);
});

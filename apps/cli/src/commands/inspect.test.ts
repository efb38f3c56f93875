// Files of every kind, looked at: what they are, what they hold, and what is wrong with them.
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beitToOfficial, parameterCount, plainTransformer } from "@beitjs/beit-encoder";
import { fromFloat32, writeSafetensors } from "@beitjs/tensor-core/safetensors";
import { listCheckpoints } from "@beitjs/trainers/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CheckpointFacts } from "../inspect/checkpoint-facts.ts";
import type { FileFacts } from "../inspect/file-facts.ts";
import type { ModelFacts } from "../inspect/model-facts.ts";
import { labels, preprocessing, randomClassifier, randomTokenizer, writeModels } from "../testing/random-models.ts";
import { cli, makeFolder, writeIdx, writePngs, writeRecipes } from "../testing/run-cli.ts";

const golden = fileURLToPath(new URL("../../../../tools/golden", import.meta.url));
let folder: Awaited<ReturnType<typeof makeFolder>>;
let models: Awaited<ReturnType<typeof writeModels>>;
const at = (...parts: string[]) => join(folder.path, ...parts);
const sha256 = async (path: string) =>
  createHash("sha256")
    .update(await readFile(path))
    .digest("hex");

beforeAll(async () => {
  folder = await makeFolder();
  models = await writeModels(at("models"));
});
afterAll(() => folder.remove());

type Inspection = {
  readonly path: string;
  readonly kind: string;
  readonly model: ModelFacts;
  readonly files: readonly FileFacts[];
  readonly problem?: string;
};

async function inspect(
  path: string,
  ...flags: string[]
): Promise<Inspection & { readonly code: number; readonly stderr: string }> {
  const { code, stderr, events } = await cli(["inspect", path, "--json", ...flags]);
  return { ...(events.find(({ event }) => event === "inspection") as unknown as Inspection), code, stderr };
}

describe("inspect a model", () => {
  it("of ours: config, labels, preprocessing, tensors, metadata, size and hash", async () => {
    const { code, kind, model, files, problem } = await inspect(models.ours);
    expect({ code, kind, problem }).toEqual({ code: 0, kind: "file", problem: undefined });
    const { config } = randomClassifier();
    expect(model).toEqual({
      kind: "beit",
      origin: "beitjs",
      config,
      parameters: parameterCount(config),
      labels,
      preprocessing,
      normalization: { reason: "files" },
      resizing: { positionResizing: "bicubic", tableResizing: "geometric-cubic" },
      unused: [],
      guessed: [],
    });
    const [file] = files;
    const bytes = await readFile(models.ours);
    expect(file).toMatchObject({
      name: models.ours,
      bytes: bytes.length,
      format: "safetensors",
      sha256: await sha256(models.ours),
    });
    expect(file.tensors).toContainEqual({ name: "classHead.weight", dtype: "F32", shape: [3, 16] });
    const count = parameterCount(config);
    expect(file.dtypes).toEqual([{ dtype: "F32", tensors: file.tensors?.length, values: count, bytes: 4 * count }]);
    expect(JSON.parse(file.metadata?.["beitjs.config"] ?? "")).toEqual(config);
  });

  it("tells which weights are taken of two, and what is a guess", async () => {
    const raw = [...(await beitToOfficial(randomClassifier({ width: 128, ...plainTransformer })))];
    const tensors = ["model.", "model_ema."].flatMap((place) =>
      raw.map(([name, { data, shape }]) => [place + name, fromFloat32(data, shape)] as const),
    );
    await writeFile(at("averaged.safetensors"), writeSafetensors(tensors));
    const { model } = await inspect(at("averaged.safetensors"));
    expect(model).toMatchObject({ origin: "unilm", weights: "raw", guessed: ["heads"] });
    const { stdout } = await cli(["inspect", at("averaged.safetensors"), "--no-hash"]);
    expect(stdout).toMatch(/ {2}heads +2 guessed from the width of 128, .* --heads says otherwise\n/);
    expect(stdout).toMatch(/ {2}weights +those of the last step; averaged ones are there, too: --weights average\n/);
    const encoding = ["encode", at("averaged.safetensors"), "--images", await writePngs(at("pngs"), ["a"], 1)];
    const { stderr, code } = await cli([...encoding, "--weights", "average", "--out", at("features.npy")]);
    expect([code, stderr]).toEqual([0, expect.stringContaining("weights: the averaged ones; ") as string]);
    expect(stderr).toContain("heads: 2 guessed from the width of 128");
    const said = await cli([...encoding, "--heads", "4", "--out", at("said.npy")]);
    expect(said.stderr).not.toContain("guessed");
    const ours = ["encode", models.ours, "--images", at("pngs"), "--out", at("none.npy"), "--weights", "average"];
    expect((await cli(ours)).stderr).toContain("expected averaged weights, got only raw ones at the top");
  });

  it("shows it for people: all tensors, aligned", async () => {
    const { stdout, code } = await cli(["inspect", models.ours]);
    expect(code).toBe(0);
    expect(stdout).toContain(`  SHA-256         ${await sha256(models.ours)}\n`);
    expect(stdout).toMatch(/ {2}holds +a BEiT \(ours\): a classifier of 3 classes, images of 8 pixels\n/);
    expect(stdout).toMatch(/ {2}labels +3: dark left, light right, dark "top", neither\n/);
    expect(stdout).toMatch(/ {4}F32 +\d+ tensors, [\d,]+ bytes\n/);
    const table = stdout.slice(stdout.indexOf("  tensor ")).trimEnd().split("\n");
    const column = table[0].indexOf("shape");
    expect(table).toHaveLength(1 + ((await inspect(models.ours)).files[0].tensors?.length ?? 0));
    for (const row of table.slice(1)) expect(row[column]).toBe("[");
    expect((await cli(["inspect", models.ours, "--no-hash"])).stdout).not.toContain("SHA-256");
    expect((await inspect(models.ours, "--no-hash")).files[0]).not.toHaveProperty("sha256");
  });

  it("of Hugging Face, as a folder: the model of all files, and each of them", async () => {
    const { code, kind, model, files } = await inspect(models.huggingFace);
    expect({ code, kind }).toEqual({ code: 0, kind: "folder" });
    expect(model).toMatchObject({ kind: "beit", origin: "hugging-face", labels, preprocessing });
    expect(files.map(({ name, format }) => [basename(name), format])).toEqual([
      ["config.json", "json"],
      ["model.safetensors", "safetensors"],
      ["preprocessor_config.json", "json"],
    ]);
    expect(files[1].sha256).toBe(await sha256(join(models.huggingFace, "model.safetensors")));
    expect((await cli(["inspect", models.huggingFace])).stdout).toMatch(
      /a BEiT \(Hugging Face\): a classifier of 3 classes/,
    );
  });

  it("of unilm, with epoch and arguments of the training", async () => {
    const path = join(golden, "unilm", "pretraining-shared", "checkpoint.pth");
    const { code, model, files } = await inspect(path);
    expect(code).toBe(0);
    expect(model).toMatchObject({
      kind: "beit",
      origin: "unilm",
      labels: null,
      config: { imageSize: 32, patchSize: 8, width: 24, heads: 3, vocabSize: 32, relativePositions: "shared" },
    });
    expect(files[0]).toMatchObject({
      format: "torch-zip",
      sha256: await sha256(path),
      tree: {
        model: expect.stringMatching(/^\d+ tensors$/) as string,
        epoch: 0,
        args: { discrete_vae_type: "dall-e" },
      },
    });
    expect(files[0].dtypes?.map(({ dtype }) => dtype)).toEqual(["F32", "I64"]);
    expect((await cli(["inspect", path])).stdout).toMatch(/\n +args:\n +batch_size = 2\n/);
  });

  it("of PyTorch with paths, dates and arrays beside the weights: what they are, and what is no plain tensor", async () => {
    const { code, files } = await inspect(join(golden, "pickle", "extras-2.pt"));
    expect(code).toBe(0);
    expect(files[0].tree).toMatchObject({
      epoch: 3,
      args: {
        path: 'pathlib.PurePosixPath("/", "data", "imagenet")',
        complex: "builtins.complex(1, 2)",
        settings: "object training.Settings",
      },
    });
    expect(files[0].setAside).toEqual({
      "things.numpy": "a numpy array",
      "things.fortran": "a numpy array",
      "things.objects": "a numpy array",
    });
    const text = await cli(["inspect", join(golden, "pickle", "kinds.pt")]);
    expect(text.stdout).toMatch(/ set aside +aside\.complex128 \(a tensor of complex128\), /);
    const script = await inspect(join(golden, "pickle", "script.pt"));
    expect(script.files[0]).toMatchObject({ description: "PyTorch (zip), not supported" });
  });

  it("of timm, and tokenizers of every origin, whole and in halves", async () => {
    expect((await inspect(join(golden, "timm", "classifier-mean", "model.safetensors"))).model).toMatchObject({
      origin: "timm",
    });
    const { config } = randomTokenizer();
    expect((await inspect(models.tokenizer)).model).toMatchObject({ kind: "tokenizer", origin: "beitjs", config });
    expect((await inspect(models.officialTokenizer)).model).toMatchObject({
      kind: "tokenizer",
      origin: "unilm",
      parts: "encoder and decoder",
      config: { vocabSize: 16, layers: 1, blocksPerStage: 1 },
    });
    const encoder = await inspect(join(golden, "dvae", "dall-e", "encoder.pkl"));
    expect(encoder).toMatchObject({ code: 0, model: { kind: "tokenizer", origin: "dall-e", parts: "encoder" } });
    expect(encoder.files[0].tree).toBe("object dall_e.encoder.Encoder");
    const decoder = await inspect(join(golden, "dvae", "dall-e", "decoder.pkl"));
    expect(decoder).toMatchObject({
      code: 0,
      model: { kind: "tokenizer-decoder" },
      files: [{ format: "torch-legacy" }],
    });
  });

  it("at an address", async () => {
    const bytes = await readFile(models.ours);
    const server = createServer((request, response) => {
      if (request.url === "/model.safetensors") response.end(bytes);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const { code, kind, model, files } = await inspect(`${address}/model.safetensors`);
      expect({ code, kind }).toEqual({ code: 0, kind: "address" });
      expect(model).toMatchObject({ kind: "beit", labels });
      expect(files[0].sha256).toBe(await sha256(models.ours));
      const missing = await cli(["inspect", `${address}/none.pth`]);
      expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining("404 Not Found") as string });
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it("that is none: other tensors are listed without a complaint", async () => {
    const other = at("other.safetensors");
    await writeFile(
      other,
      writeSafetensors([["weight", fromFloat32(new Float32Array(6), [2, 3])]], { made: "by hand" }),
    );
    const { code, model, files } = await inspect(other);
    expect({ code, model }).toEqual({ code: 0, model: { kind: "other" } });
    expect(files[0]).toMatchObject({
      tensors: [{ name: "weight", dtype: "F32", shape: [2, 3] }],
      metadata: { made: "by hand" },
    });
    const mixed = await inspect(join(golden, "pickle", "mixed.pt"));
    expect(mixed.files[0].dtypes).toContainEqual({ dtype: "BF16", tensors: 1, values: 5, bytes: 10 });
    expect(mixed.files[0].dtypes).toContainEqual({ dtype: "BOOL", tensors: 1, values: 3, bytes: 3 });
  });
});

describe("inspect what is wrong", () => {
  it.each([
    ["page.pth", "html", "<!doctype html><html>", /an HTML page/],
    ["pointer.bin", "lfs-pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:00\n", /a Git-LFS pointer/],
    ["empty.pth", "empty", "", /an empty file/],
    ["text.txt", "unknown", "hello, world", /a file of unknown format/],
  ])("%s: kind, hash and reason, and exit code 1", async (name, format, content, message) => {
    await writeFile(at(name), content);
    const { code, stderr, files, problem } = await inspect(at(name));
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(problem).toMatch(message);
    expect(files).toEqual([expect.objectContaining({ format, bytes: content.length, sha256: await sha256(at(name)) })]);
  });

  it("files that were cut off", async () => {
    await copyFile(models.ours, at("cut.safetensors"));
    await truncate(at("cut.safetensors"), 1000);
    const cut = await inspect(at("cut.safetensors"));
    expect(cut).toMatchObject({
      code: 1,
      files: [{ format: "safetensors", description: "safetensors, damaged", bytes: 1000 }],
    });
    expect(cut.problem).toMatch(/expected \d+ bytes of length and header, got 1000/);
    const torch = join(golden, "unilm", "pretraining-shared", "checkpoint.pth");
    await writeFile(at("cut.pth"), (await readFile(torch)).subarray(0, 4000));
    expect(await inspect(at("cut.pth"))).toMatchObject({ code: 1, files: [{ format: "truncated-zip" }] });
  });

  it("text of a file cannot play with the terminal", async () => {
    const path = at("hostile.safetensors");
    const one = fromFloat32(new Float32Array(1), [1]);
    await writeFile(path, writeSafetensors([["\u001b[2Jname\n", one]], { "key\r": "\u001b]0;title\u0007" }));
    const { stdout, code } = await cli(["inspect", path]);
    expect(code).toBe(0);
    expect(stdout).toContain("\\u001b[2Jname\\u000a");
    expect(stdout).toContain("metadata key\\u000d \\u001b]0;title\\u0007");
    expect(stdout.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  });

  it("a BEiT that cannot be used is told with its tensors", async () => {
    const { code, model, files, problem } = await inspect(join(golden, "unilm", "classifier-class", "checkpoint.pth"));
    expect({ code, problem }).toEqual({
      code: 1,
      problem: expect.stringMatching(/expected heads of width 64, got a width of 24/) as string,
    });
    expect(model).toMatchObject({ kind: "damaged", what: "BEiT" });
    expect(files[0].tensors?.length).toBeGreaterThan(30);
  });

  it("stops on a signal, without an error", async () => {
    const run = await cli(["inspect", models.ours, models.official, "--json"], {
      onLine: (line, signal) => {
        if (line.includes('"inspection"')) signal("SIGINT");
      },
    });
    expect(run.code).toBe(130);
    expect(run.events).toHaveLength(1);
    expect(run.stderr).not.toContain("beit:");
  });

  it("goes on to the next path, and refuses what is not there", async () => {
    await writeFile(at("page.pth"), "<html>");
    const both = await cli(["inspect", at("page.pth"), models.ours, "--json"]);
    expect(both.code).toBe(1);
    expect(both.events.map(({ path }) => path)).toEqual([at("page.pth"), models.ours]);
    expect(await cli(["inspect", at("nowhere")])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("nowhere: expected a model, got nothing there") as string,
    });
    await mkdir(at("hollow"), { recursive: true });
    expect((await cli(["inspect", at("hollow")])).stderr).toMatch(
      /hollow: expected a run folder or the files of a model/,
    );
    expect((await cli(["inspect"])).code).toBe(2);
  });
});

describe("inspect a run", () => {
  it("of ours: manifest, files with their hashes, and what no longer fits the manifest", async () => {
    const recipe = await writeRecipes(at("recipes"));
    const data = await writeIdx(at("data"));
    const flags = ["--recipe", recipe("tokenizer"), "--out", at("run"), "--backend", "simd", "--threads", "1"];
    expect((await cli(["train-tokenizer", "--data", data, ...flags, "--save-every", "4"])).code).toBe(0);
    const run = (await inspect(at("run"))) as unknown as CheckpointFacts & { code: number; kind: string };
    const [newest, before] = await listCheckpoints(at("run"));
    expect(run).toMatchObject({
      code: 0,
      kind: "run",
      steps: [8, 4],
      checkpoint: newest.path,
      manifest: { stage: "tokenizer", step: 8, model: { vocabSize: 16 }, recipe: { epochs: 2 } },
    });
    expect(run.files.map(({ name, sound }) => [basename(name), sound])).toEqual([
      ["model.safetensors", true],
      ["optimizer.safetensors", true],
    ]);
    expect(run.files[0].sha256).toBe(await sha256(join(newest.path, "model.safetensors")));
    expect((await inspect(before.path)).kind).toBe("checkpoint");
    expect((await cli(["inspect", at("run")])).stdout).toMatch(
      / {2}stage +tokenizer\n {2}step +8 \(epoch 2, batch 0\)\n/,
    );
    // A byte of a weight, as a bad disk would change it; without hashing nothing is seen.
    const path = join(newest.path, "model.safetensors");
    const bytes = await readFile(path);
    bytes[bytes.length - 1] ^= 1;
    await writeFile(path, bytes);
    const damaged = await inspect(at("run"));
    expect(damaged.code).toBe(1);
    expect(damaged.problem).toMatch(/expected model\.safetensors with SHA-256 [0-9a-f]{64}, got /);
    expect((await inspect(at("run"), "--no-hash")).code).toBe(0);
    await truncate(path, 500);
    expect((await inspect(at("run"), "--no-hash")).problem).toMatch(
      /expected model\.safetensors of \d+ bytes, got 500/,
    );
  });

  it("of another program, or without a file", async () => {
    await mkdir(at("foreign"), { recursive: true });
    await writeFile(at("foreign", "manifest.json"), '{"name":"an app"}');
    expect(await inspect(at("foreign"))).toMatchObject({
      code: 1,
      kind: "checkpoint",
      problem: expect.stringMatching(/of format beitjs-checkpoint, got another/) as string,
    });
    await writeFile(at("foreign", "manifest.json"), "{");
    expect((await inspect(at("foreign"))).code).toBe(1);
    const [newest] = await listCheckpoints(at("run"));
    const manifest = await readFile(join(newest.path, "manifest.json"));
    await writeFile(at("foreign", "manifest.json"), manifest);
    expect((await inspect(at("foreign"))).problem).toMatch(
      /no such file: .*model\.safetensors; .*optimizer\.safetensors/,
    );
  });
});

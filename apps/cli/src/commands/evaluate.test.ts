// Models that are no runs of ours, measured: whose accuracy is which, how classes are matched, and what has nothing to measure.
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { initBeit, saveBeit, toHuggingFace } from "@beitjs/beit-encoder";
import { createRng } from "@beitjs/tensor-core/random";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backend, preprocessing, randomClassifier, randomPretrained, writeModels } from "../testing/random-models.ts";
import { cli, makeFolder, writePngs } from "../testing/run-cli.ts";
import { serveFolder } from "../testing/serve-folder.ts";

const oneThread = ["--backend", "simd", "--threads", "1"];
const golden = fileURLToPath(new URL("../../../../tools/golden", import.meta.url));
const classes = ["bar", "eel fish", "ox"];
let folder: Awaited<ReturnType<typeof makeFolder>>;
let models: Awaited<ReturnType<typeof writeModels>>;
let data: string;
const at = (...parts: string[]) => join(folder.path, ...parts);

beforeAll(async () => {
  folder = await makeFolder();
  models = await writeModels(at("models"));
  data = await writePngs(at("data"), classes, 4);
});
afterAll(() => folder.remove());

const evaluate = (...argv: string[]) => cli(["evaluate", ...argv, ...oneThread]);

async function scores(...argv: string[]) {
  const run = await evaluate(...argv, "--json");
  expect(run.stderr).not.toContain("beit: ");
  expect(run.code).toBe(0);
  return { stderr: run.stderr, ...run.events.find(({ event }) => event === "scores") } as Record<string, unknown> & {
    readonly stderr: string;
    readonly accuracy: number;
    readonly confusion: readonly (readonly number[])[];
  };
}

async function named(name: string, labels: readonly string[]): Promise<string> {
  const path = at(`${name}.safetensors`);
  await writeFile(path, await saveBeit(randomClassifier(), { labels, preprocessing }));
  return path;
}

// The classes that `predict` tells, by the folder of the image.
async function predicted(model: string, ...flags: string[]): Promise<Map<string, string[]>> {
  const { events } = await cli(["predict", model, "--images", data, "--top", "1", "--json", ...flags, ...oneThread]);
  const found = new Map<string, string[]>();
  for (const { event, name, top } of events as readonly Record<string, unknown>[]) {
    if (event !== "prediction") continue;
    const own = (name as string).split("/").at(-2) as string;
    const [{ label }] = top as readonly { readonly label: string }[];
    found.set(own, [...(found.get(own) ?? []), label]);
  }
  return found;
}

describe("a classifier of any origin", () => {
  it("is as right as predict says it is, its classes matched by their names", async () => {
    const orders = [classes, ["ox", "bar", "eel fish"], ["Eel-Fish, snake of the sea", "OX", "bar"]];
    for (const [i, labels] of orders.entries()) {
      const model = await named(`order-${i}`, labels);
      const told = await predicted(model);
      const plain = (label: string) => label.split(",")[0].toLowerCase().replace("-", " ");
      const right = [...told].flatMap(([own, found]) => found.map((label) => plain(label) === own));
      const { accuracy, stderr, ...facts } = await scores(model, "--data", data);
      expect(right).toHaveLength(12);
      expect(accuracy).toBe(right.filter(Boolean).length / 12);
      expect(facts).toMatchObject({ model, origin: "beitjs", stage: "fine-tune", classes: labels, classesBy: "name" });
      expect(facts).toMatchObject({ images: 12, split: "train", skippedImages: 0, imageSize: 8 });
      expect(stderr).not.toContain("classes: by their order");
    }
  });

  it("is measured at another size, as predict sees images there, and in any batch", async () => {
    const model = await named("sized", classes);
    const told = await predicted(model, "--image-size", "12");
    const right = [...told].flatMap(([own, found]) => found.filter((label) => label === own));
    const { accuracy, imageSize } = await scores(model, "--data", data, "--image-size", "12", "--batch", "5");
    expect([accuracy, imageSize]).toEqual([right.length / 12, 12]);
  });

  it("is matched by order where it has no names, or others, with a line that says so", async () => {
    const bare = await scores(models.official, "--data", data);
    expect(bare.stderr).toContain(`classes: by their order, as ${models.official} has no names for them`);
    expect(bare).toMatchObject({ classes, classesBy: "order", origin: "unilm" });
    const other = await scores(models.huggingFace, "--data", data);
    expect(other.stderr).toContain("classes: by their order, as their names are not those of");
    expect(other.stderr).toContain("(bar: dark left, light right; …)");
    const files = await toHuggingFace(randomClassifier(), { preprocessing });
    await mkdir(at("unnamed"));
    for (const [name, bytes] of Object.entries(files)) await writeFile(at("unnamed", name), bytes);
    expect((await scores(at("unnamed"), "--data", data)).stderr).toContain("has no names for them");
    await writeFile(at("labels.txt"), "ox\nbar\neel fish\n");
    const { accuracy } = await scores(await named("order-1", ["ox", "bar", "eel fish"]), "--data", data);
    const given = await scores(at("unnamed"), "--data", data, "--labels", at("labels.txt"));
    expect(given).toMatchObject({ accuracy, classesBy: "name" });
  });

  it("takes images of a part of the classes, by their names", async () => {
    const part = await writePngs(at("part"), ["bar", "ox"], 2);
    const model = await named("whole", ["ox", "eel fish", "bar"]);
    const found = await scores(model, "--data", part);
    expect(found).toMatchObject({ classesBy: "name", classes: ["ox", "eel fish", "bar"] });
    expect(found.stderr).toContain(`classes: 2 of the 3 of ${model} have images`);
    const counts = found.confusion.map((row) => row.reduce((sum, count) => sum + count));
    expect(counts).toEqual([2, 0, 2]);
    const [[right], , [, , alsoRight]] = found.confusion;
    expect(found.accuracy).toBe((right + alsoRight) / 4);
  });

  it("refuses other classes, naming both", async () => {
    const two = await writePngs(at("two"), ["bar", "ox"], 1);
    expect(await evaluate(models.huggingFace, "--data", two)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /expected images of the 3 classes of \S+hugging-face \(dark left, light right, .*neither\), got 2 in \S+two \(bar, ox\)/,
      ) as string,
    });
    const moved = await named("moved", ["ox", "bar", "yak"]);
    expect(await evaluate(moved, "--data", data)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /but "bar" is class 0 there and 1 of the model, and "eel fish" is none of its names; --labels/,
      ) as string,
    });
    // What is left of the names is where it should be.
    expect(await scores(await named("kept", ["bar", "snake", "ox"]), "--data", data)).toMatchObject({
      classesBy: "order",
    });
    const flat = await writePngs(at("flat"), ["."], 2);
    expect((await evaluate(models.ours, "--data", flat)).stderr).toMatch(/expected .*(label|class)/);
  });

  it("may be what torch, timm and transformers wrote, on a split of the data", async () => {
    const five = ["a", "b", "c", "d", "e"];
    await writePngs(at("splits", "train"), five, 1);
    await writePngs(at("splits", "val"), five, 2);
    for (const model of [
      "unilm/classifier-mean/checkpoint.pth",
      "timm/classifier-mean/model.safetensors",
      "transformers/classifier-mean",
    ]) {
      const auto = await scores(join(golden, model), "--data", at("splits"));
      expect(auto).toMatchObject({ split: "val", images: 10, classesBy: "order" });
      const train = await scores(join(golden, model), "--data", at("splits"), "--split", "train");
      expect(train).toMatchObject({ split: "train", images: 5 });
    }
  });
});

describe("other models", () => {
  it("a pre-training model, by the paper's masks and its tokenizer", async () => {
    const argv = [models.pretrained, "--data", data];
    expect((await evaluate(...argv)).stderr).toContain("expected --tokenizer for a pre-trained model");
    const measured = await scores(...argv, "--tokenizer", models.tokenizer, "--token-size", "8");
    expect(measured).toMatchObject({ stage: "pretrain", mask: { kind: "blockwise", count: 6, minBlock: 1 } });
    expect(measured["stderr"]).toContain("masks: blockwise, 6 of 16 patches, as the paper's");
    expect((await evaluate(...argv, "--tokenizer", models.tokenizer)).stdout).toMatch(/^loss .*\nmasked patches: /);
  });

  it("a tokenizer, OpenAI's in two files, one folder or one address", async () => {
    const pkl = (name: string) => join(golden, "dvae", "dall-e", name);
    const host = await serveFolder(golden);
    try {
      const size = ["--data", data, "--token-size", "16"];
      const {
        stderr: _,
        model: __,
        ...apart
      } = await scores(pkl("encoder.pkl"), "--decoder", pkl("decoder.pkl"), ...size);
      expect(apart).toMatchObject({
        stage: "tokenizer",
        origin: "dall-e",
        imageSize: 16,
        meanAbsoluteError: expect.any(Number) as number,
      });
      await mkdir(at("dall-e"));
      for (const name of ["encoder.pkl", "decoder.pkl"]) await writeFile(at("dall-e", name), await readFile(pkl(name)));
      for (const one of [at("dall-e"), `${host.address}/dvae/dall-e/`]) {
        const { stderr: _, model, ...together } = await scores(one, ...size);
        expect(together).toMatchObject({ meanAbsoluteError: apart["meanAbsoluteError"], usage: apart["usage"] });
        expect(model).toBe(one.replace(/\/$/, ""));
      }
    } finally {
      host.close();
    }
  });

  it("a model without a head has nothing to measure", async () => {
    const { config } = randomPretrained();
    const headless = initBeit({ ...config, vocabSize: 0 }, createRng(1), backend);
    await writeFile(at("headless.safetensors"), await saveBeit(headless));
    expect(await evaluate(at("headless.safetensors"), "--data", data)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("headless.safetensors is a model without a head") as string,
    });
  });
});

it("HF_TOKEN goes to its own host alone", async () => {
  const name = at("private", "owner", "beit", "resolve");
  await mkdir(name, { recursive: true });
  await rename(models.huggingFace, join(name, "main"));
  const host = await serveFolder(at("private"), ({ headers }) => headers.authorization === "Bearer s3cret");
  const argv = ["evaluate", `${host.address}/owner/beit`, "--data", data, "--out", at("token.json"), ...oneThread];
  try {
    const refused = await cli(argv, { env: { HF_TOKEN: "s3cret" } });
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("got 401 Unauthorized; where it takes a token") as string,
    });
    expect(host.requests.some(({ headers }) => headers.authorization !== undefined)).toBe(false);
    const done = await cli(argv, { env: { HF_TOKEN: "s3cret", HF_ENDPOINT: `${host.address}/` } });
    expect(done.code).toBe(0);
    expect(refused.stderr + done.stdout + done.stderr + (await readFile(at("token.json"), "utf8"))).not.toContain(
      "s3cret",
    );
  } finally {
    host.close();
  }
});

// "Wherever a command takes a model, it takes a run of ours, a file of weights, a Hugging Face folder, or an address" (README): every
// flag of every command that is declared to take one, on the same model in all its forms.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openBeit, preprocessingFromView, readParameters } from "@beitjs/beit-encoder";
import { openTokenizer } from "@beitjs/dvae-tokenizer";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { listCheckpoints } from "@beitjs/trainers/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commands } from "../commands/index.ts";
import { cli, makeFolder, tinyRecipes, writeIdx, writePngs, writeRecipes, type CliRun } from "../testing/run-cli.ts";
import { serveFolder, type ServedFolder } from "../testing/serve-folder.ts";

type Kind = "classifier" | "pretrained" | "tokenizer";

const oneThread = ["--backend", "simd", "--threads", "1"];
let folder: Awaited<ReturnType<typeof makeFolder>>;
let host: ServedFolder;
let recipe: (name: keyof typeof tinyRecipes) => string;
let data: string;
let pngs: string;
let trial = 0;
const at = (...parts: string[]) => join(folder.path, ...parts);
const fresh = (ending = "") => at(`out-${++trial}${ending}`);
const run = { classifier: "finetune", pretrained: "pretrain", tokenizer: "tokenizer" } as const;

async function succeed(...argv: string[]): Promise<CliRun> {
  const done = await cli(argv);
  expect(done.stderr).not.toContain("beit: ");
  expect(done.code).toBe(0);
  return done;
}

beforeAll(async () => {
  folder = await makeFolder();
  recipe = await writeRecipes(at("recipes"));
  data = await writeIdx(at("idx"));
  pngs = await writePngs(at("pngs"), ["0", "1"], 2);
  const train = (command: string, name: string, ...rest: string[]) =>
    succeed(command, "--data", data, "--recipe", recipe(name as "tokenizer"), ...oneThread, ...rest);
  await train("train-tokenizer", "tokenizer", "--out", at("tokenizer"));
  await train("pretrain", "pretrain", "--tokenizer", at("tokenizer"), "--out", at("pretrain"));
  await train("finetune", "fineTune", "--from", at("pretrain"), "--out", at("finetune"));
  for (const name of Object.values(run)) {
    await succeed("convert", at(name), "--out", at(`${name}-file`));
    if (name === "tokenizer") continue;
    await succeed("convert", at(name), "--to", "hugging-face", "--out", at("hub", "owner", name, "resolve", "main"));
  }
  host = await serveFolder(folder.path);
}, 120_000);
afterAll(async () => {
  host.close();
  await folder.remove();
});

/** One model, by what is typed for it. */
async function formsOf(kind: Kind): Promise<Readonly<Record<string, string>>> {
  const name = run[kind];
  const [{ path: checkpoint }] = await listCheckpoints(at(name));
  const file = at(`${name}-file`, "model.safetensors");
  const served = (path: string) => host.address + path.slice(folder.path.length);
  const shared = {
    "a run": at(name),
    "a checkpoint": checkpoint,
    "a file": file,
    "a folder with the file": at(`${name}-file`),
    "the address of the file": served(file),
    "the address of its folder": `${served(at(`${name}-file`))}/`,
    "the address of a checkpoint": `${served(checkpoint)}/`,
    "the address of a run": served(at(name)),
  };
  if (kind === "tokenizer") return shared;
  return {
    ...shared,
    "a Hugging Face folder": at("hub", "owner", name, "resolve", "main"),
    "a hub's repository": `${host.address}/hub/owner/${name}`,
    "a hub's repository, with secrets": `${host.address.replace("//", "//me:pass@")}/hub/owner/${name}/tree/main?sig=s3cret`,
  };
}

/** How each flag that takes a model is tried; what is given back must be the same for all forms of a model. */
const uses: Readonly<
  Record<string, readonly { readonly kind: Kind; readonly use: (model: string) => Promise<unknown> }[]>
> = {
  "tokenize tokenizer": [
    {
      kind: "tokenizer",
      use: async (model) => (await succeed("tokenize", "--tokenizer", model, "--data", pngs, ...oneThread)).stdout,
    },
  ],
  "reconstruct tokenizer": [
    {
      kind: "tokenizer",
      use: async (model) => {
        const flags = ["--images", pngs, "--out", fresh(), "--json", ...oneThread];
        const { events } = await succeed("reconstruct", "--tokenizer", model, ...flags);
        return events
          .filter(({ event }) => event === "reconstruction")
          .map(({ meanAbsoluteError }) => meanAbsoluteError);
      },
    },
  ],
  "pretrain tokenizer": [
    {
      kind: "tokenizer",
      use: async (model) => {
        const flags = ["--data", data, "--recipe", recipe("pretrain"), "--set", "epochs=1", "--out", fresh()];
        return lossesOf(await succeed("pretrain", "--tokenizer", model, ...flags, ...oneThread, "--json"));
      },
    },
  ],
  "pretrain from": [
    {
      kind: "pretrained",
      use: async (model) => {
        const flags = ["--data", data, "--recipe", recipe("pretrain"), "--set", "epochs=1", "--out", fresh()];
        const given = ["--tokenizer", at("tokenizer"), "--from", model];
        return lossesOf(await succeed("pretrain", ...given, ...flags, ...oneThread, "--json"));
      },
    },
  ],
  "replay tokenizer": [
    {
      kind: "tokenizer",
      use: async (model) => {
        const out = fresh();
        const flags = ["--data", data, "--recipe", recipe("pretrain"), "--lr", "1e30", "--out", out, ...oneThread];
        expect((await cli(["pretrain", "--tokenizer", at("tokenizer"), ...flags])).code).toBe(1);
        return (await succeed("replay", out, "--tokenizer", model, ...oneThread)).stdout;
      },
    },
  ],
  "finetune from": [
    {
      kind: "pretrained",
      use: async (model) => {
        const flags = ["--data", data, "--recipe", recipe("fineTune"), "--set", "epochs=1", "--out", fresh()];
        return lossesOf(await succeed("finetune", "--from", model, ...flags, ...oneThread, "--json"));
      },
    },
  ],
  "evaluate model": [
    { kind: "classifier", use: (model) => scoresOf(model, ["accuracy", "top5", "classes", "confusion", "images"]) },
    {
      kind: "pretrained",
      use: async (model) => {
        // Masks are the run's own, or the paper's: only that there are figures is the same.
        const { loss, maskedPatches } = await scoresOf(
          model,
          ["loss", "maskedPatches"],
          "--tokenizer",
          at("tokenizer"),
        );
        return [Number.isFinite(loss), (maskedPatches as number) > 0];
      },
    },
    { kind: "tokenizer", use: (model) => scoresOf(model, ["meanAbsoluteError", "usage"]) },
  ],
  "evaluate tokenizer": [
    { kind: "tokenizer", use: (model) => scoresOf(at("pretrain"), ["loss", "accuracy"], "--tokenizer", model) },
  ],
  "probe model": [{ kind: "classifier", use: (model) => worthOf("probe", model) }],
  "probe other": [{ kind: "classifier", use: (model) => worthOf("probe", at("pretrain"), "--other", model) }],
  "knn model": [{ kind: "classifier", use: (model) => worthOf("knn", model) }],
  "knn other": [{ kind: "classifier", use: (model) => worthOf("knn", at("pretrain"), "--other", model) }],
  "ablate tokenizer": [
    {
      kind: "tokenizer",
      use: async (model) => {
        const flags = [
          "--data",
          data,
          "--recipe",
          recipe("pretrain"),
          "--rows",
          "beit",
          "--seeds",
          "1",
          "--epochs",
          "1",
        ];
        const few = ["--labels-per-class", "2", "--out", fresh(), "--json", ...oneThread];
        const run = await succeed("ablate", "--tokenizer", model, ...flags, ...few);
        expect(run.stderr + run.stdout).not.toMatch(secrets);
        return lossesOf(run);
      },
    },
  ],
  "label-efficiency model": [
    {
      kind: "classifier",
      use: async (model) => {
        const flags = ["--data", data, "--labels", "2", "--draws", "1", "--steps", "1", "--out", fresh()];
        const { events } = await succeed("label-efficiency", model, ...flags, "--json", ...oneThread);
        return events.filter(({ event }) => event === "cell").map(({ way, accuracy }) => [way, accuracy]);
      },
    },
  ],
  "vae-compare models": [
    {
      kind: "tokenizer",
      use: async (model) => {
        const flags = ["--images", pngs, "--out", fresh(".png"), "--json", ...oneThread];
        const { events } = await succeed("vae-compare", model, at("tokenizer"), ...flags);
        const told = events.filter(({ event }) => event === "scores");
        expect(told).toHaveLength(2);
        return told.map(({ meanAbsoluteError, psnr, bound }) => [meanAbsoluteError, psnr, bound]);
      },
    },
  ],
  "predict model": [
    {
      kind: "classifier",
      use: async (model) => {
        const { events } = await succeed("predict", model, "--images", pngs, "--json", ...oneThread);
        const told = events.filter(({ event }) => event === "prediction") as unknown as {
          readonly top: readonly { readonly label: string; readonly probability: number }[];
        }[];
        // float32 of a run and of what was written of it
        return told.map(({ top }) => top.map(({ label, probability }) => [label, probability.toFixed(5)]));
      },
    },
    // Masks are the run's own, or the paper's, unless they are said.
    { kind: "pretrained", use: (model) => filledBy(model, at("tokenizer")) },
  ],
  "predict tokenizer": [{ kind: "tokenizer", use: (model) => filledBy(at("pretrain"), model) }],
  "encode model": [
    {
      kind: "classifier",
      use: async (model) => {
        const out = fresh(".npy");
        await succeed("encode", model, "--images", pngs, "--out", out, ...oneThread);
        return (await readFile(out)).toString("base64");
      },
    },
  ],
  "attention model": [
    {
      kind: "pretrained",
      use: async (model) => {
        const image = join(pngs, "0", "0.png");
        const flags = ["--image", image, "--patch", "0,0", "--out", fresh(".png"), "--json", ...oneThread];
        const { events } = await succeed("attention", model, ...flags);
        return events.find(({ event }) => event === "attention")?.["weights"];
      },
    },
  ],
  "features model": [
    {
      kind: "pretrained",
      use: async (model) => {
        const flags = ["--images", pngs, "--patch", "1,0", "3", "--mass", "0.6", "--out", fresh(".png"), "--json"];
        const { events } = await succeed("features", model, ...flags, ...oneThread);
        const told = events.filter(({ event }) => event === "features");
        expect(told).toHaveLength(4);
        return told;
      },
    },
  ],
  "inspect paths": [
    {
      kind: "classifier",
      use: async (model) => (await succeed("inspect", model, "--json")).events.map(({ event }) => event),
    },
  ],
  "convert model": [
    {
      kind: "classifier",
      use: async (model) => {
        const out = fresh();
        await succeed("convert", model, "--to", "onnx", "--out", out);
        const card = await readFile(join(out, "README.md"), "utf8");
        expect(card).not.toMatch(secrets);
        return (await readFile(join(out, "model.onnx"))).toString("base64");
      },
    },
    {
      kind: "tokenizer",
      use: async (model) => {
        const out = fresh();
        await succeed("convert", model, "--out", out);
        return (await readFile(join(out, "model.safetensors"))).toString("base64");
      },
    },
  ],
};

const secrets = /s3cret|me:pass/;

function lossesOf({ events }: CliRun): unknown {
  return events.filter(({ event }) => event === "step").map(({ loss }) => (loss as number).toFixed(4));
}

async function scoresOf(model: string, names: readonly string[], ...rest: string[]): Promise<Record<string, unknown>> {
  const out = fresh(".json");
  const { stdout, stderr } = await succeed("evaluate", model, "--data", data, "--out", out, ...rest, ...oneThread);
  const written = await readFile(out, "utf8");
  expect(stdout + stderr + written).not.toMatch(secrets);
  const scores = JSON.parse(written) as Record<string, unknown>;
  return Object.fromEntries(names.map((name) => [name, scores[name]]));
}

async function filledBy(model: string, tokenizer: string): Promise<unknown> {
  const flags = ["--images", pngs, "--patches", "0,2-3", "--out", fresh(".png"), "--json", ...oneThread];
  const { events } = await succeed("predict", model, "--tokenizer", tokenizer, ...flags);
  const told = events.filter(({ event }) => event === "prediction");
  expect(told.map(({ hiddenPatches }) => hiddenPatches)).toEqual(told.map(() => [0, 2, 3]));
  return told.map(({ right, meanAbsoluteError, smoothError }) => [right, meanAbsoluteError, smoothError]);
}

/** The figures of `probe` and `knn`, without what models are called. */
async function worthOf(command: string, ...given: readonly string[]): Promise<unknown> {
  const { events } = await succeed(command, ...given, "--data", data, "--json", ...oneThread);
  const scores = events.find(({ event }) => event === "scores")?.["rows"] as readonly Record<string, unknown>[];
  expect(scores.length).toBeGreaterThan(0);
  return scores.map((row) => Object.values(row).filter((value) => typeof value === "number"));
}

const declared = commands.flatMap(({ name, flags }) =>
  Object.entries(flags)
    .filter(([, { value = "" }]) => /^(model|path\.\.\.)$/.test(value))
    .map(([flag]) => `${name} ${flag}`),
);

it("every flag that takes a model is tried here", () => {
  expect(declared.length).toBeGreaterThan(8);
  expect(Object.keys(uses).sort()).toEqual([...declared].sort());
});

describe.each(declared)("%s", (flag) => {
  it.each(uses[flag]?.map(({ kind, use }) => [kind, use] as const) ?? [])(
    "takes a %s in every form, with the same results",
    async (kind, use) => {
      const results = new Map<string, unknown>();
      for (const [form, model] of Object.entries(await formsOf(kind))) results.set(form, await use(model));
      const [[, first]] = results;
      for (const [form, result] of results) expect([form, result]).toEqual([form, first]);
    },
    120_000,
  );
});

describe("the library", () => {
  const backend = createReferenceBackend();

  it("opens a BEiT of every form with one argument; labels and preparation come along", async () => {
    const opened = new Map<string, unknown>();
    for (const [form, model] of Object.entries(await formsOf("classifier"))) {
      const { beit, labels, preprocessing } = await openBeit(model, backend);
      // transformers knows no other way of half a pixel.
      opened.set(form, [labels, { ...preprocessing, margins: undefined }, await readParameters(beit)]);
    }
    const prepared = { ...preprocessingFromView(tinyRecipes.fineTune.evalView), margins: undefined };
    for (const [form, [labels, preprocessing]] of opened as ReadonlyMap<string, readonly unknown[]>) {
      expect([form, labels, preprocessing]).toEqual([form, ["0", "1"], prepared]);
    }
    const [[, first]] = opened;
    for (const [form, one] of opened) expect([form, one]).toEqual([form, first]);
  });

  it("opens a pre-trained run as its own view has it", async () => {
    const { preprocessing, labels } = await openBeit(at("pretrain"), backend);
    const { pixelSize, mean, std } = tinyRecipes.pretrain.views;
    expect(labels).toBeUndefined();
    expect(preprocessing).toEqual({
      ...{ filter: "bicubic", size: pixelSize, fit: "shortSide", crop: pixelSize, margins: "even" },
      ...{ mean, std },
    });
  });

  it("opens a tokenizer of every form with one argument", async () => {
    const forms = Object.values(await formsOf("tokenizer"));
    const parameters = async (model: string) => {
      const { tokenizer, origin } = await openTokenizer(model, backend);
      return [origin, tokenizer.config, [...(await tokenizer.params.codebook.table.read())]];
    };
    const [first, ...rest] = await Promise.all(forms.map(parameters));
    for (const one of rest) expect(one).toEqual(first);
  });
});

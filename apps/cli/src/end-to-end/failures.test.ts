// Wrong use, bad input and interruptions: what is said, the exit code, and what is left on the disk.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TokenizerRecipe } from "@beitjs/trainers";
import { listCheckpoints } from "@beitjs/trainers/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, makeFolder, writeIdx, writePngs, writeRecipes, type RunCliOptions } from "../testing/run-cli.ts";

const oneThread = ["--backend", "simd", "--threads", "1"];
let folder: Awaited<ReturnType<typeof makeFolder>>;
let data: string;
let recipe: Awaited<ReturnType<typeof writeRecipes>>;
const at = (...names: string[]) => join(folder.path, ...names);
const train = (out: string, ...more: string[]) => [
  "train-tokenizer",
  "--data",
  data,
  "--recipe",
  recipe("tokenizer"),
  "--out",
  at(out),
  ...oneThread,
  ...more,
];

beforeAll(async () => {
  folder = await makeFolder();
  data = await writeIdx(at("data"));
  recipe = await writeRecipes(at("recipes"));
  expect((await cli(train("tokenizer"))).code).toBe(0);
});
afterAll(() => folder.remove());

async function expectError(
  argv: readonly string[],
  code: number,
  message: RegExp | string,
  options?: RunCliOptions,
): Promise<void> {
  const run = await cli(argv, options);
  expect(run.stderr).toMatch(message);
  expect(run.stderr).not.toMatch(/\n +at /);
  expect(run.stderr.split("\n").filter((line) => line.startsWith("beit: "))).toHaveLength(1);
  expect(run.code).toBe(code);
}

describe("wrong use", () => {
  it.each([
    [["pretrian"], /^beit: unknown command 'pretrian' \(Did you mean pretrain\?\)\n$/],
    [["doctor", "--thread", "1"], /unknown option '--thread' \(Did you mean --threads\?\)/],
    [["data", "verfy", "x"], /unknown command 'verfy' \(Did you mean verify\?\)/],
    [["train-tokenizer"], /required option '--data <path>' not specified/],
    [["evaluate", "--data", "x"], /missing required argument 'model'/],
    [["doctor", "--threads", "0"], /'0' is invalid.* whole number of at least 1/],
    [["doctor", "extra"], /too many arguments/],
    [
      ["train-tokenizer", "--data", "x", "--backend", "gpu"],
      /Allowed choices are auto, simd, webgpu, tfjs-wasm, tfjs-cpu, tensorflow, tensorflow-gpu, reference/,
    ],
  ])("%j", async (argv, message) => expectError(argv, 2, message));

  it("is help when no command is given", async () => {
    const run = await cli([]);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain("Usage: beit");
  });

  it("has a stack only with --debug, and an event with --json", async () => {
    const missing = ["data", "verify", at("nowhere")];
    await expectError(missing, 1, /beit: expected a folder at .*nowhere: does not exist/);
    expect((await cli([...missing, "--debug"])).stderr).toMatch(/\n +at .*\n[^]*caused by/);
    expect((await cli([...missing, "--json"])).events).toEqual([
      { event: "error", message: expect.stringContaining("nowhere") as string, exitCode: 1 },
    ]);
  });
});

describe("recipes", () => {
  it.each([
    [
      "tokenizer",
      ["model.vocabsize=16"],
      /model\.vocabsize: expected one of the known keys \(.*vocabSize.*\), got 16 \(from --set model\.vocabsize=16\)/,
    ],
    [
      "tokenizer",
      ["epochs=0"],
      /epochs: expected a positive integer of at most 1048576, got 0 \(from --set epochs=0\)/,
    ],
    ["tokenizer", ["seed=x"], /seed: expected an integer of 0 or more, got "x"/],
    [
      "tokenizer",
      ["model.imageSize=9"],
      /model\.imageSize: expected a multiple of 2, got 9 \(from .*\); views\.tokenSize/,
    ],
    ["tokenizer", ["views.tokenSize=16"], /views\.tokenSize: expected model\.imageSize 8, got 16/],
    ["tokenizer", ["microBatches=3"], /microBatches: expected a divisor of batchSize 8, got 3/],
    [
      "tokenizer",
      ["model.reconstruction=logit-laplace"],
      /model\.pixelRange: expected mapped for logit-laplace, got "normalized"/,
    ],
    [
      "tokenizer",
      ["views.mean=[0.5, 0.5]"],
      /views\.mean: expected a list of 1 number, one a channel, got \[0\.5, 0\.5\]/,
    ],
    ["tokenizer", ["stage=pretrain"], /stage: expected tokenizer or gaussian for this command, got pretrain/],
    ["tokenizer", ["model=3"], /model: expected an object, got 3/],
    ["tokenizer", ["epoch.s=3"], /--set epoch\.s: unknown path/],
    ["tokenizer", ["views.scale.2=3"], /--set views\.scale\.2: unknown path/],
    ["tokenizer", ["__proto__.x=3"], /--set __proto__\.x: unknown path/],
    ["tokenizer", ["epochs"], /--set epochs: expected path=value/],
    ["tokenizer", ["epochs=[1"], /--set epochs/],
    ["gaussian", ["model.vocabSize=16"], /model\.vocabSize: expected one of the known keys/],
    ["pretrain", ["model.heads=3"], /model\.heads: expected a divisor of width 16, got 3/],
    ["pretrain", ["model.patchSize=3"], /model\.imageSize: expected a multiple of patchSize 3, got 8/],
    ["pretrain", ["mask.count=17"], /mask\.count: expected an integer in \[1, 16\] on a 4x4 grid, got 17/],
    ["pretrain", ["mask.minAspect=3000", "mask.maxAspect=3000"], /mask: expected options that can place a block/],
    ["pretrain", ["mask.kind=random"], /mask\.kind: expected uniform, span, none or blockwise, got "random"/],
    ["pretrain", ["mask.ratio=0.4"], /mask\.ratio: expected one of the known keys/],
    ["pretrain", ["views.pixelSize=16"], /views\.pixelSize: expected model\.imageSize 8, got 16/],
    ["pretrain", ["model.vocabSize=0"], /model\.vocabSize: expected the codebook's size, got 0/],
    [
      "pretrain",
      ["model.patchSize=4", "mask.count=2", "mask.minBlock=1"],
      /do not fit: expected patch grid and token grid to be the same, got 2x2 and 4x4/,
    ],
    ["fineTune", ["view.size=16"], /view\.size: expected model\.imageSize 8, got 16/],
    [
      "fineTune",
      ["evalView.normalization.std=[0]"],
      /evalView\.normalization\.std: expected a list of positive numbers, got \[0\]/,
    ],
  ] as const)("%s with %j are refused before any work", async (name, changes, message) => {
    const command = {
      tokenizer: "train-tokenizer",
      gaussian: "train-tokenizer",
      pretrain: "pretrain",
      fineTune: "finetune",
    }[name];
    const stageFlags = {
      tokenizer: [],
      gaussian: [],
      pretrain: ["--tokenizer", at("tokenizer")],
      fineTune: ["--scratch"],
    }[name];
    const argv = [
      command,
      "--data",
      at("nowhere"),
      "--recipe",
      recipe(name),
      ...stageFlags,
      "--out",
      at("refused"),
      "--set",
      ...changes,
    ];
    await expectError(argv, 2, message);
    expect(await readdir(folder.path)).not.toContain("refused");
  });

  it("that cannot be read are refused with their path", async () => {
    const load = (path: string) => ["train-tokenizer", "--data", data, "--recipe", path];
    await expectError(
      load("tokenizer-dmo"),
      2,
      /recipe tokenizer-dmo: expected a .yaml or .json file or one of tokenizer-demo, /,
    );
    await expectError(load(at("none.yaml")), 2, /none\.yaml: cannot be read: ENOENT/);
    await writeFile(at("twice.yaml"), "seed: 1\nseed: 2\n");
    await expectError(load(at("twice.yaml")), 2, /twice\.yaml: Map keys must be unique/);
    await writeFile(at("list.yaml"), "- 1\n");
    await expectError(load(at("list.yaml")), 2, /list\.yaml: expected keys and values/);
  });

  it("take values from --set, several times, and are written resolved", async () => {
    const run = await cli(train("set", "--set", "epochs=1", "seed=9", "--set", "views.scale.0=0.5"));
    expect(run.code).toBe(0);
    const text = await readFile(at("set", "recipe.yaml"), "utf8");
    expect(text).toMatch(/epochs: 1\n/);
    expect(text).toMatch(/seed: 9\n/);
    expect(text).toMatch(/scale:\n +- 0\.5\n +- 1\n/);
    await rm(at("again"), { recursive: true, force: true });
    const again = await cli([
      "train-tokenizer",
      "--data",
      data,
      "--recipe",
      at("set", "recipe.yaml"),
      "--out",
      at("again"),
      ...oneThread,
    ]);
    expect(again.code).toBe(0);
    expect(await weightsOf("again")).toEqual(await weightsOf("set"));
  });
});

describe("bad input", () => {
  const trainOn = (path: string, ...more: string[]) => [
    "train-tokenizer",
    "--data",
    path,
    "--recipe",
    recipe("tokenizer"),
    "--out",
    at("bad"),
    ...oneThread,
    ...more,
  ];

  it("empty folder", async () => {
    await mkdir(at("empty"));
    await expectError(trainOn(at("empty")), 1, /expected images .* in .*empty, got none/);
  });

  it("empty class", async () => {
    const pngs = await writePngs(at("empty-class"), ["a", "b"], 1);
    await mkdir(join(pngs, "c"));
    await expectError(trainOn(pngs), 1, /expected images in every class folder .* got none in "c"/);
  });

  it("one class, or no labels, for a classifier", async () => {
    const finetune = (path: string) => [
      "finetune",
      "--scratch",
      "--data",
      path,
      "--recipe",
      recipe("fineTune"),
      "--out",
      at("bad"),
      ...oneThread,
    ];
    await expectError(finetune(await writePngs(at("one"), ["only"], 8)), 1, /expected at least 2 classes, got 1: only/);
    await expectError(finetune(at("one", "only")), 1, /expected a dataset with classes, got one without labels/);
    await expectError(
      [...finetune(data), "--labels-per-class", "99"],
      2,
      /expected at least 99 examples a class, got 16 in class "0"/,
    );
  });

  it("fewer images than a batch", async () => {
    await expectError(
      trainOn(await writePngs(at("few"), ["a", "b"], 2)),
      1,
      /expected at least 8 images to fill a batch, got 4/,
    );
  });

  it("truncated IDX and CIFAR files", async () => {
    const idx = await writeIdx(at("idx"));
    await truncate(join(idx, "train-images-idx3-ubyte"), 1000);
    await expectError(trainOn(idx), 1, /train-images-idx3-ubyte/);
    await mkdir(at("cifar"));
    await writeFile(at("cifar", "data_batch_1.bin"), Buffer.alloc(3073 + 5));
    await expectError(trainOn(at("cifar")), 1, /expected records of 3073 bytes in .*data_batch_1\.bin/);
  });

  it("bad images stop a run before it starts, or are set aside and counted", async () => {
    const pngs = await writePngs(at("images"), ["a", "b"], 5);
    const good = await readFile(join(pngs, "a", "0.png"));
    await writeFile(join(pngs, "a", "cut.png"), good.subarray(0, good.length / 2));
    await writeFile(join(pngs, "b", "empty.jpg"), "");
    await expectError(trainOn(pngs), 1, /2 of 12 images .* the first is .*cut\.png: damaged PNG/);
    expect(await readdir(folder.path)).not.toContain("bad");
    const run = await cli(trainOn(pngs, "--skip-bad"));
    expect(run).toMatchObject({ code: 0, stderr: expect.stringMatching(/images: 10 of .*, 2 set aside/) as string });
    expect(JSON.parse(await readFile(at("bad", "summary.json"), "utf8"))).toMatchObject({
      skippedImages: 2,
      data: { images: 10 },
    });
  });

  it("checkpoints: none, foreign, of another stage", async () => {
    const evaluate = (path: string) => ["evaluate", path, "--data", data, ...oneThread];
    await expectError(evaluate(at("nowhere")), 2, /nowhere: expected a model, got nothing there/);
    await mkdir(at("foreign"));
    await writeFile(at("foreign", "manifest.json"), '{"name":"an app"}');
    await expectError(evaluate(at("foreign")), 1, /of format beitjs-checkpoint, got another/);
    await expectError(
      ["attention", at("tokenizer"), "--image", "x.png", "--patch", "0,0", "--out", "y.png"],
      2,
      /expected a checkpoint of stage pretrain or fine-tune, got tokenizer/,
    );
  });

  // Every write to /dev/full fails as on a full disk.
  it.runIf(process.platform === "linux")("a full disk", async () => {
    await mkdir(at("full"));
    await symlink("/dev/full", at("full", "recipe.yaml"));
    await expectError(
      train("full"),
      1,
      /could not write .*full\/recipe\.yaml: ENOSPC: no space left on the device; free some/,
    );
    expect((await readdir(at("full"))).filter((name) => !name.startsWith("images-"))).toEqual(["recipe.yaml"]);
    await expectError(
      ["evaluate", at("tokenizer"), "--data", data, ...oneThread, "--out", "/dev/full"],
      1,
      /could not write \/dev\/full: ENOSPC/,
    );
  });

  it("a loss that is not finite: step, tensor and the last good checkpoint are told", async () => {
    const message =
      /beit: expected a finite .* at step \d+, got none; not finite: (parameter|gradient of) \S+.*the last good checkpoint is \S+step-00000\d; lower learningRate\.peak/;
    await expectError(train("diverged", "--save-every", "1", "--set", "learningRate.peak=1e30"), 1, message);
    const [newest] = await listCheckpoints(at("diverged"));
    expect((await cli(["evaluate", newest.path, "--data", data, ...oneThread])).code).toBe(0);
    await expectError(
      train("diverged-at-once", "--set", "learningRate.peak=1e30"),
      1,
      /no checkpoint had been saved yet/,
    );
  });
});

describe("one folder", () => {
  it("takes one run at a time", async () => {
    let second: Promise<void> | undefined;
    const first = await cli(train("shared", "--json"), {
      onLine: (line) => {
        if (line.includes('"step":1,'))
          second ??= expectError(
            train("shared"),
            1,
            new RegExp(`expected .*shared to be free, got a run of process ${process.pid} on .* since 20`),
          );
      },
    });
    await second;
    expect(first.code).toBe(0);
    expect(second).toBeDefined();
    expect(await readdir(at("shared"))).not.toContain("run.lock");
  });

  it("goes on with a run whose checkpoint and recipe have fields of old", async () => {
    const first = await cli(train("old", "--json"), {
      onLine: (line, signal) => line.includes('"step":3') && signal("SIGINT"),
    });
    expect(first.code).toBe(130);
    const [{ path }] = await listCheckpoints(at("old"));
    const manifest = JSON.parse(await readFile(join(path, "manifest.json"), "utf8")) as {
      readonly recipe: TokenizerRecipe;
    };
    const { recipe: now } = manifest;
    const { peak, minimum } = now.learningRate;
    const old = {
      ...now,
      views: { ...now.views, tokenRange: "mapPixels" },
      learningRate: { peak, minimum, warmupSteps: 2 },
      temperature: { start: now.temperature.start, end: now.temperature.end, steps: 8 },
      klWeight: { start: now.klWeight.start, end: now.klWeight.end, steps: 8 },
    };
    const text = JSON.stringify({ ...manifest, recipe: old });
    await writeFile(join(path, "manifest.json"), text);
    await writeFile(join(path, "manifest.sha256"), `${createHash("sha256").update(text).digest("hex")}\n`);
    const resumed = await cli(train("old"));
    expect(resumed).toMatchObject({ code: 0, stderr: expect.stringContaining("going on at step") as string });
    expect(resumed.stderr).not.toContain("damaged");
    expect(await weightsOf("old")).toEqual(await weightsOf("tokenizer"));
  });

  it("refuses a schedule longer than the run with the numbers, before anything is written", async () => {
    const long = ["--set", "learningRate.warmup.epochs=20"];
    await expectError(
      train("long", ...long),
      2,
      /on 32 images: expected a warm-up shorter than the run of 8 steps, got 20 epochs = 80 steps; raise epochs, or/,
    );
    await expectError(
      train("long", "--set", "temperature.over.steps=9"),
      2,
      /expected an annealing of the temperature no longer than the run of 8 steps, got 9 steps/,
    );
    expect(await readdir(folder.path)).not.toContain("long");
  });

  it("takes one recipe, one data set, and no fresh start over checkpoints", async () => {
    await expectError(
      train("tokenizer", "--seed", "4"),
      2,
      /is of another run: recipe\.seed is 4 here and 3 there.*, or both another --out and --fork .*tokenizer/,
    );
    await expectError(train("tokenizer", "--resume", "never"), 2, /has checkpoints of a run; drop --resume never/);
    const fewer = [
      "train-tokenizer",
      "--data",
      await writeIdx(at("fewer"), 24),
      "--recipe",
      recipe("tokenizer"),
      "--out",
      at("tokenizer"),
      ...oneThread,
    ];
    await expectError(fewer, 2, /not those that .* was trained on: 8 missing: train-images-idx3-ubyte#24 and 7 more/);
    expect(await readFile(at("tokenizer", "recipe.yaml"), "utf8")).toContain("epochs: 2");
  });
});

async function weightsOf(out: string): Promise<Buffer> {
  const [newest] = await listCheckpoints(at(out));
  return readFile(join(newest.path, "model.safetensors"));
}

describe("an interrupted run", () => {
  const afterStep = (step: number, ...names: ("SIGINT" | "SIGTERM")[]): RunCliOptions => ({
    onLine: (line, signal) => {
      if (line.includes(`"step":${step},"totalSteps"`)) names.forEach(signal);
    },
  });

  it.each(["SIGINT", "SIGTERM"] as const)(
    "saves on %s, exits with 130 and goes on to the same weights",
    async (name) => {
      const stopped = await cli(train(name, "--json"), afterStep(3, name));
      expect(stopped.code).toBe(130);
      expect(stopped.stderr).toContain(
        "stopping at the next step (a training run saves first); press Ctrl-C again to stop at once",
      );
      expect(stopped.stderr).toMatch(
        /stopped at step 3 of 8; saved as .*step-000003; the same command goes on from there/,
      );
      expect(stopped.events.at(-1)).toMatchObject({ event: "interrupted", step: 3 });
      const resumed = await cli(train(name, "--json"));
      expect(resumed.code).toBe(0);
      expect(resumed.events.filter(({ event }) => event === "step").map(({ step }) => step)).toEqual([4, 5, 6, 7, 8]);
      expect(await weightsOf(name)).toEqual(await weightsOf("tokenizer"));
      const lines = (await readFile(at(name, "metrics.jsonl"), "utf8")).trimEnd().split("\n");
      expect(lines.map((line) => (JSON.parse(line) as { step: number }).step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    },
  );

  it("saves all the same where a signal arrives twice, from the terminal and from npm", async () => {
    const { code, events } = await cli(train("twice", "--json"), afterStep(2, "SIGINT", "SIGINT"));
    expect(code).toBe(130);
    expect(events.at(-1)).toMatchObject({ event: "interrupted", step: 2 });
  });

  it("goes on from the checkpoint before a damaged one, and says so", async () => {
    await cli(train("damaged", "--save-every", "2", "--json"), afterStep(5, "SIGINT"));
    const [newest, before] = await listCheckpoints(at("damaged"));
    await truncate(join(newest.path, "model.safetensors"), 100);
    const resumed = await cli(train("damaged", "--json"));
    expect(resumed.stderr).toMatch(
      /warning: damaged checkpoint passed over: .*step-000005: expected model\.safetensors of \d+ bytes, got 100/,
    );
    expect(resumed.events.find(({ event }) => event === "resume")).toMatchObject({ step: 4, checkpoint: before.path });
    expect(await weightsOf("damaged")).toEqual(await weightsOf("tokenizer"));
  });

  it("of a command with nothing to save ends at once, without an error", async () => {
    const onLine: RunCliOptions["onLine"] = (line, signal) => {
      if (line.includes('"event":"backend"')) signal("SIGINT");
    };
    for (const command of [
      ["evaluate", at("tokenizer")],
      ["tokenize", "--tokenizer", at("tokenizer")],
    ]) {
      const run = await cli([...command, "--data", data, ...oneThread, "--json"], { onLine });
      expect(run.code).toBe(130);
      expect(run.events.at(-1)?.event).toBe("backend");
      expect(run.stderr).not.toContain("beit:");
    }
  });

  it("goes on from a checkpoint of another folder", async () => {
    await cli(train("elsewhere", "--json"), afterStep(4, "SIGINT"));
    const run = await cli(train("moved", "--resume", at("elsewhere")));
    expect(run).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/going on at step 4, from .*elsewhere/) as string,
    });
    expect(await weightsOf("moved")).toEqual(await weightsOf("tokenizer"));
  });
});

describe("as a process", () => {
  const repository = fileURLToPath(new URL("../../../..", import.meta.url));
  const start = (argv: readonly string[]) =>
    spawn(
      process.execPath,
      ["--import", "jiti/register", "--conditions=@beitjs/source", join(repository, "apps/cli/src/main.ts"), ...argv],
      {
        cwd: repository,
      },
    );
  const ended = (child: ReturnType<typeof start>): Promise<number | null> =>
    new Promise((resolve) => child.once("exit", resolve));

  // On Windows a process is not sent signals but ended.
  it.skipIf(process.platform === "win32")("stops on a real SIGINT with a checkpoint and 130", async () => {
    const child = start(train("process", "--json", "--set", "epochs=4000"));
    let told = "";
    child.stdout.on("data", (text: Buffer) => {
      const before = told.includes('"event":"images"');
      told += text.toString();
      if (!before && told.includes('"event":"images"')) child.kill("SIGINT");
    });
    expect(await ended(child)).toBe(130);
    expect(await listCheckpoints(at("process"))).toHaveLength(1);
    expect(await readdir(at("process"))).not.toContain("run.lock");
  });

  it("is quiet when the reader of its output has gone", async () => {
    const child = start(train("unread", "--json"));
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdout.destroy();
    expect(await ended(child)).toBe(0);
    expect(stderr).not.toContain("EPIPE");
    expect(stderr).toContain("done: 8 steps");
  });
});

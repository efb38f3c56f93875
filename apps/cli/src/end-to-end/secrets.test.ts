// Every command that takes a model, with an address that has a name, a password, a signed query and a fragment: whatever it writes
// or says, file by file and byte by byte, has none of them.
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, makeFolder, writeIdx, writePngs, writeRecipes, type CliRun } from "../testing/run-cli.ts";
import { serveFolder, type ServedFolder } from "../testing/serve-folder.ts";

const secrets = ["s3cretUser", "s3cretPass", "s3cretSignature", "s3cretFragment"];
const oneThread = ["--backend", "simd", "--threads", "1"];
let folder: Awaited<ReturnType<typeof makeFolder>>;
let host: ServedFolder;
let recipe: Awaited<ReturnType<typeof writeRecipes>>;
const at = (...parts: string[]) => join(folder.path, ...parts);
const written = () => at("written");
const secret = (path: string, scheme = "http") =>
  `${scheme}${host.address.slice(4)}`.replace("://", "://s3cretUser:s3cretPass@") +
  `${path}?X-Amz-Signature=s3cretSignature#s3cretFragment`;

async function run(...argv: string[]): Promise<CliRun> {
  const done = await cli(argv);
  expect(done.code, done.stderr).toBe(0);
  return done;
}

beforeAll(async () => {
  folder = await makeFolder();
  recipe = await writeRecipes(at("recipes"));
  await writeIdx(at("idx"));
  await writePngs(at("pngs"), ["0", "1"], 2);
  const train = (command: string, name: Parameters<typeof recipe>[0], ...rest: string[]) =>
    run(command, "--data", at("idx"), "--recipe", recipe(name), ...oneThread, ...rest);
  await train("train-tokenizer", "tokenizer", "--out", at("tokenizer"));
  await train("finetune", "fineTune", "--scratch", "--out", at("finetune"));
  for (const name of ["tokenizer", "finetune"]) await run("convert", at(name), "--out", at(`${name}-file`));
  host = await serveFolder(folder.path);
}, 120_000);
afterAll(async () => {
  host.close();
  await folder.remove();
});

async function textsBelow(path: string): Promise<[name: string, text: string][]> {
  if (!(await stat(path)).isDirectory()) return [[path, await readFile(path, "latin1")]];
  const names = await readdir(path);
  return (await Promise.all(names.map((name) => textsBelow(join(path, name))))).flat();
}

async function expectNoSecrets(...runs: CliRun[]): Promise<void> {
  const said = runs.flatMap(({ stdout, stderr }) => [["stdout", stdout] as const, ["stderr", stderr] as const]);
  const all = [...said, ...(await textsBelow(written()))];
  for (const [name, text] of all)
    for (const one of secrets) expect(text.includes(one), `${one} in ${name}`).toBe(false);
}

describe("an address with secrets", () => {
  it("leaves none in runs, and in what is made of them", async () => {
    await rm(written(), { recursive: true, force: true });
    await mkdir(written());
    const [beit, tokenizer] = [secret("/finetune-file/model.safetensors"), secret("/tokenizer-file/", "HTTP")];
    const into = (...names: string[]) => join(written(), ...names);
    const train = (command: string, name: Parameters<typeof recipe>[0], ...rest: string[]) =>
      run(
        command,
        "--data",
        at("idx"),
        "--recipe",
        recipe(name),
        "--json",
        "--val-share",
        "0.25",
        ...oneThread,
        ...rest,
      );
    const runs = [
      await train("finetune", "fineTune", "--from", beit, "--out", into("tuned")),
      await train("pretrain", "pretrain", "--tokenizer", tokenizer, "--out", into("pre")),
      await run("evaluate", into("pre"), "--tokenizer", tokenizer, "--data", at("idx"), ...oneThread),
      await run("evaluate", beit, "--data", at("idx"), "--out", into("figures"), ...oneThread),
      await run("predict", beit, "--images", at("pngs"), "--out", into("predicted.json"), ...oneThread),
      await run("predict", beit, "--images", at("pngs"), "--out", into("predicted.csv"), "--json", ...oneThread),
      await run("encode", beit, "--images", at("pngs"), "--out", into("features.safetensors"), ...oneThread),
      await run("tokenize", "--data", at("pngs"), "--tokenizer", tokenizer, "--out", into("tokens.json"), ...oneThread),
      await run("inspect", beit, tokenizer, secret("/finetune-file/")),
      await run("inspect", beit, "--json"),
      await run("report", into("tuned"), into("pre"), "--out", into("report.html")),
    ];
    for (const to of ["hugging-face", "onnx", "beitjs"]) {
      runs.push(await run("convert", beit, "--to", to, "--out", into(`to-${to}`)));
      runs.push(await run("convert", into("tuned"), "--to", to, "--out", into(`tuned-to-${to}`)));
    }
    await expectNoSecrets(...runs);
    const manifest = await textsBelow(into("tuned"));
    expect(manifest.some(([name, text]) => name.endsWith("manifest.json") && text.includes(host.address))).toBe(true);
  }, 240_000);

  it("leaves none in the replay of a step that was not finite, and in what is told of it", async () => {
    await rm(written(), { recursive: true, force: true });
    await mkdir(written());
    const train = (command: string, name: Parameters<typeof recipe>[0], out: string, ...rest: string[]) =>
      cli([
        ...[command, "--data", at("idx"), "--recipe", recipe(name), "--json", ...oneThread],
        ...["--set", "learningRate.peak=1e30", "--out", join(written(), out), ...rest],
      ]);
    const runs = [
      await train("finetune", "fineTune", "tuned", "--from", secret("/finetune-file/model.safetensors")),
      await train("pretrain", "pretrain", "pre", "--tokenizer", secret("/tokenizer-file/")),
    ];
    expect(runs.map(({ code }) => code)).toEqual([1, 1]);
    for (const name of ["tuned", "pre"]) {
      expect(await readdir(join(written(), name, "replay"))).toContain("replay.json");
      const again = await cli(["replay", join(written(), name), ...oneThread]);
      expect(again.code, again.stderr).toBe(0);
      runs.push(again);
    }
    await expectNoSecrets(...runs);
    const replays = await textsBelow(join(written(), "pre", "replay"));
    expect(replays.some(([name, text]) => name.endsWith("replay.json") && text.includes(host.address))).toBe(true);
  }, 240_000);

  it.each([
    ["that is not there", () => ["inspect", secret("/nothing.pth")], 1],
    ["where no model is", () => ["inspect", secret("/recipes/")], 2],
    ["of another protocol", () => ["inspect", "s3://s3cretUser:s3cretPass@bucket/a?s3cretSignature"], 2],
    ["with a space before it", () => ["inspect", " https://s3cretUser:s3cretPass@host/a?s3cretSignature"], 2],
    ["for a recipe", () => ["recipes", "show", secret("/recipes/fineTune.json")], 2],
    ["for data", () => ["predict", at("finetune-file"), "--images", secret("/pngs")], 1],
    ["in a place where none is taken", () => ["watch", "--port", secret("/")], 2],
    ["as a command", () => [secret("/")], 2],
    ["without a network", () => ["inspect", "http://s3cretUser:s3cretPass@127.0.0.1:1/a.pth?s3cretSignature"], 1],
    ["that is none", () => ["inspect", "http://s3cretUser:s3cretPass@[/a.pth?s3cretSignature"], 1],
  ] as const)("leaves none in the error of one %s", async (_, argv, code) => {
    for (const flags of [[], ["--json"], ["--debug"]]) {
      const done = await cli([...argv(), ...flags]);
      expect([done.code, done.stderr !== ""], done.stderr).toEqual([code, true]);
      for (const one of secrets) expect(done.stdout + done.stderr).not.toContain(one);
    }
  });

  it("leaves no token in the error of one that cannot be sent", async () => {
    const env = { HF_ENDPOINT: host.address, HF_TOKEN: "s3cret\u0007Token" };
    const done = await cli(["inspect", `${host.address}/finetune-file/`, "--debug"], { env });
    expect([done.code, done.stderr.includes("s3cret")], done.stderr).toEqual([1, false]);
  });

  it("takes seconds to wait from the environment, and nothing else", async () => {
    const inspect = (seconds: string) =>
      cli(["inspect", `${host.address}/finetune-file/`], { env: { HF_HUB_DOWNLOAD_TIMEOUT: seconds } });
    expect((await inspect("20")).code).toBe(0);
    expect(await inspect("soon")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("expected seconds above 0, got soon") as string,
    });
  });
});

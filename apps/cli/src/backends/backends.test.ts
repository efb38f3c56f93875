// The flag --backend: what is trained on one backend is used on another, what is missing is named, nothing is taken instead.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, makeFolder, writeIdx, writePngs, writeRecipes } from "../testing/run-cli.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let data: string;
let pngs: string;
let recipe: Awaited<ReturnType<typeof writeRecipes>>;
const at = (...names: string[]) => join(folder.path, ...names);

beforeAll(async () => {
  folder = await makeFolder();
  data = await writeIdx(at("data"));
  pngs = await writePngs(at("pngs"), ["a", "b"], 2);
  recipe = await writeRecipes(at("recipes"));
});
afterAll(() => folder.remove());

async function trainTokenizer(name: string, flags: readonly string[]): Promise<void> {
  const where = ["--data", data, "--recipe", recipe("tokenizer"), "--out", at(name)];
  const { code, stderr } = await cli(["train-tokenizer", ...where, ...flags]);
  expect(stderr).toContain(`backend: ${flags[1]}`);
  expect(code).toBe(0);
}

async function tokensOf(name: string, flags: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await cli(["tokenize", "--tokenizer", at(name), "--data", pngs, ...flags]);
  expect(code, stderr).toBe(0);
  expect(stdout).not.toBe("");
  return stdout;
}

async function lossesOf(name: string, tokenizer: string, flags: readonly string[]): Promise<number[]> {
  const where = ["--data", data, "--tokenizer", at(tokenizer), "--recipe", recipe("pretrain"), "--out", at(name)];
  const { code, events, stderr } = await cli(["pretrain", ...where, ...flags, "--json"]);
  expect(code, stderr).toBe(0);
  return events.filter(({ event }) => event === "step").map(({ loss }) => loss as number);
}

function expectClose(values: readonly number[], expected: readonly number[]): void {
  expect(values).toHaveLength(expected.length);
  for (const [i, value] of values.entries()) expect(Math.abs(value - expected[i]), `step ${i}`).toBeLessThan(1e-3);
}

const simd = ["--backend", "simd", "--threads", "1"];

describe("tfjs-wasm", () => {
  const tfjs = ["--backend", "tfjs-wasm"];
  it("trains what simd uses, and as simd does", async () => {
    await trainTokenizer("by-tfjs", tfjs);
    expect(await tokensOf("by-tfjs", simd)).toEqual(await tokensOf("by-tfjs", tfjs));
    expectClose(await lossesOf("bert-tfjs", "by-tfjs", tfjs), await lossesOf("bert-simd", "by-tfjs", simd));
  });
});

describe.runIf(process.env.VK_DRIVER_FILES !== undefined)("webgpu", () => {
  const webgpu = ["--backend", "webgpu", "--software-gpu"];
  it("trains what simd uses, and as simd does", async () => {
    await trainTokenizer("by-gpu", webgpu);
    expect(await tokensOf("by-gpu", simd)).toEqual(await tokensOf("by-gpu", webgpu));
    expectClose(await lossesOf("bert-gpu", "by-gpu", webgpu), await lossesOf("bert-cpu", "by-gpu", simd));
  });

  it("says what its products are made of, and that only it has --mixed", async () => {
    const tokenizing = ["tokenize", "--tokenizer", at("nothing"), "--data", pngs, "--mixed"];
    const { stderr } = await cli([...tokenizing, "--backend", "webgpu", "--software-gpu"]);
    expect(stderr).toMatch(/backend: webgpu \(.*; products of f16 factors, from registers\)/);
    const { code, stderr: complaint } = await cli(tokenizing);
    expect(code).toBe(2);
    expect(complaint).toContain("expected --backend webgpu for --mixed, got auto");
  });

  it("is not a driver on the processor unless that is asked for", async () => {
    const { code, stderr } = await cli([
      "tokenize",
      "--tokenizer",
      at("nothing"),
      "--data",
      pngs,
      "--backend",
      "webgpu",
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/beit: expected a GPU, got the software adapter .*; --software-gpu takes it all the same/);
  });
});

describe("auto", () => {
  it("says what it takes and what it passed over", async () => {
    const { stderr } = await cli(["tokenize", "--tokenizer", at("nothing"), "--data", pngs]);
    expect(stderr).toMatch(/backend: (simd, .*; no webgpu: |webgpu \()/);
  });

  it("is simd where a flag asks for what only simd has", async () => {
    const { stderr } = await cli(["tokenize", "--tokenizer", at("nothing"), "--data", pngs, "--threads", "1"]);
    expect(stderr).toMatch(/backend: simd, .* 1 thread /);
    expect(stderr).not.toContain("no webgpu");
  });
});

describe("what is not there", () => {
  it.each([
    ["tensorflow", "@tensorflow/tfjs-node", "needs Node 20"],
    ["tensorflow-gpu", "@tensorflow/tfjs-node-gpu", "CUDA 11.2 and cuDNN 8.1"],
  ])("--backend %s says how to get it", async (name, addon, needs) => {
    const { code, stderr } = await cli([
      "pretrain",
      ...["--data", data, "--tokenizer", at("nothing"), "--out", at("x")],
      "--recipe",
      recipe("pretrain"),
      "--backend",
      name,
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain(`--backend ${name}: ${addon} was not found.`);
    expect(stderr).toContain(needs);
    expect(stderr).toContain(`npm install ${addon}@4.22.0. Nothing else is taken in its place`);
    expect(stderr).not.toMatch(/^backend: /m);
  });

  it.each(["reference", "tfjs-wasm", "webgpu"])("%s has no other precision", async (name) => {
    const flags = ["--backend", name, "--precision", "int16"];
    const { code, stderr } = await cli(["tokenize", "--tokenizer", at("nothing"), "--data", pngs, ...flags]);
    expect(code).toBe(2);
    expect(stderr).toContain(`expected --backend simd for --precision int16, got ${name}`);
  });
});

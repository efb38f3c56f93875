// The flag --backend: what is trained on one backend is used on another, what is missing is named, nothing is taken instead.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { largestGap, prepareRuns, type BackendRuns } from "../testing/backend-runs.ts";
import { cli } from "../testing/run-cli.ts";

let runs: BackendRuns;
beforeAll(async () => {
  runs = await prepareRuns();
});
afterAll(() => runs.remove());

const simd = ["--backend", "simd", "--threads", "1"];

describe("tfjs-wasm", () => {
  const tfjs = ["--backend", "tfjs-wasm"];
  it("trains what simd uses, and as simd does", async () => {
    await runs.trainTokenizer("by-tfjs", tfjs);
    expect(await runs.tokensOf("by-tfjs", simd)).toEqual(await runs.tokensOf("by-tfjs", tfjs));
    const [losses, expected] = [
      await runs.lossesOf("bert-tfjs", "by-tfjs", tfjs),
      await runs.lossesOf("bert-simd", "by-tfjs", simd),
    ];
    expect(largestGap(losses, expected)).toBeLessThan(1e-3);
  });
});

describe.runIf(process.env.VK_DRIVER_FILES !== undefined)("webgpu", () => {
  it("says what its products are made of, and that only it has --mixed", async () => {
    const tokenizing = ["tokenize", "--tokenizer", runs.at("nothing"), "--data", runs.pngs, "--mixed"];
    const { stderr, events } = await cli([...tokenizing, "--backend", "webgpu", "--software-gpu", "--json"]);
    expect(stderr).toMatch(/backend: webgpu \(.*; products of f16 factors, from registers\)/);
    // A fact of the run, which a replay goes by.
    expect(events.find(({ event }) => event === "backend")).toMatchObject({ name: "webgpu", mixed: true });
    const { code, stderr: complaint } = await cli(tokenizing);
    expect(code).toBe(2);
    expect(complaint).toContain("expected --backend webgpu for --mixed, got auto");
  });

  it("is not a driver on the processor unless that is asked for", async () => {
    const { code, stderr } = await cli([
      "tokenize",
      "--tokenizer",
      runs.at("nothing"),
      "--data",
      runs.pngs,
      "--backend",
      "webgpu",
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/beit: expected a GPU, got the software adapter .*; --software-gpu takes it all the same/);
  });
});

describe("auto", () => {
  it("says what it takes and what it passed over", async () => {
    const { stderr } = await cli(["tokenize", "--tokenizer", runs.at("nothing"), "--data", runs.pngs]);
    expect(stderr).toMatch(/backend: (simd, .*; no webgpu: |webgpu \()/);
  });

  it("is simd where a flag asks for what only simd has", async () => {
    const { stderr } = await cli([
      "tokenize",
      "--tokenizer",
      runs.at("nothing"),
      "--data",
      runs.pngs,
      "--threads",
      "1",
    ]);
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
      ...["--data", runs.data, "--tokenizer", runs.at("nothing"), "--out", runs.at("x")],
      "--recipe",
      runs.recipe("pretrain"),
      "--backend",
      name,
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain(`--backend ${name}: ${addon} was not found.`);
    expect(stderr).toContain(needs);
    expect(stderr).toContain(`Install it with: npm install ${addon}@4.22.0. Nothing else is taken in its place`);
    expect(stderr).not.toMatch(/^backend: /m);
  });

  it.each(["reference", "tfjs-wasm", "webgpu"])("%s has no other precision", async (name) => {
    const flags = ["--backend", name, "--precision", "int16"];
    const { code, stderr } = await cli(["tokenize", "--tokenizer", runs.at("nothing"), "--data", runs.pngs, ...flags]);
    expect(code).toBe(2);
    expect(stderr).toContain(`expected --backend simd for --precision int16, got ${name}`);
  });
});

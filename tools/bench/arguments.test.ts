import { describe, expect, it } from "vitest";
import { parseArguments, peerNames, UsageError } from "./arguments.ts";

describe("parseArguments", () => {
  it("fills in what is left out", () => {
    const { threads, ...options } = parseArguments(["train"]);
    expect(options).toEqual({ suites: ["train"], json: false, rounds: 3, peers: peerNames });
    expect(threads[0]).toBe(1);
  });

  it("takes all options, in any place", () => {
    const argv = ["--json", "gemm", "--rounds", "5", "--peers", "torch, torch", "--python=python3"];
    const more = ["--threads", "1,2,2", "--seconds", "0.5", "--save", "results", "--unilm", "unilm"];
    expect(parseArguments([...argv, ...more])).toEqual({
      suites: ["gemm"],
      json: true,
      rounds: 5,
      peers: ["torch"],
      python: "python3",
      threads: [1, 2],
      seconds: 0.5,
      save: "results",
      unilm: "unilm",
    });
    expect(parseArguments(["train", "--peers", "none"]).peers).toEqual([]);
  });

  it("takes several suites, each once, in their order", () => {
    expect(parseArguments(["encoder", "tokenizer", "encoder"]).suites).toEqual(["encoder", "tokenizer"]);
  });

  it.each([
    [[], "expected a suite, got none"],
    [["train", "gemm", "--json"], "expected one suite for --json, got 2"],
    [["trian"], "got trian"],
    [["train", "--rounds", "0"], "expected --rounds from 1 to 1000, got 0"],
    [["train", "--rounds", "two"], "expected --rounds from 1 to 1000, got two"],
    [["train", "--threads", "1,0"], "expected --threads from 1 to 64, got 0"],
    [["train", "--seconds", "long"], "expected --seconds from 0 to 600, got long"],
    [["train", "--peers", "tfjs,onnx"], "expected a peer of ort-web, ort-node, tfjs, jax, torch, unilm, got onnx"],
    [["train", "--peers", ""], "got nothing"],
    [["train", "--python2"], "--python2"],
  ])("refuses %j", (argv, message) => {
    expect(() => parseArguments(argv)).toThrow(UsageError);
    expect(() => parseArguments(argv)).toThrow(message);
  });
});

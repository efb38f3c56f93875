import { describe, expect, it } from "vitest";
import { parseArguments, UsageError } from "./arguments.ts";

describe("parseArguments", () => {
  it("fills in what is left out", () => {
    expect(parseArguments(["train"])).toEqual({ suite: "train", json: false, rounds: 3, peers: ["tfjs", "torch"] });
  });

  it("takes all options, in any place", () => {
    const argv = ["--json", "gemm", "--rounds", "5", "--peers", "torch, torch", "--python=python3"];
    expect(parseArguments(argv)).toEqual({ suite: "gemm", json: true, rounds: 5, peers: ["torch"], python: "python3" });
    expect(parseArguments(["train", "--peers", "none"]).peers).toEqual([]);
  });

  it.each([
    [[], "expected one suite, got 0"],
    [["train", "gemm"], "expected one suite, got 2"],
    [["trian"], "expected a suite of train, gemm, masking, ops, got trian"],
    [["train", "--rounds", "0"], "expected --rounds from 1 to 1000, got 0"],
    [["train", "--rounds", "two"], "expected --rounds from 1 to 1000, got two"],
    [["train", "--peers", "tfjs,jax"], "expected a peer of tfjs, torch, got jax"],
    [["train", "--peers", ""], "expected a peer of tfjs, torch, got nothing"],
    [["train", "--threads", "2"], "--threads"],
  ])("refuses %j", (argv, message) => {
    expect(() => parseArguments(argv)).toThrow(UsageError);
    expect(() => parseArguments(argv)).toThrow(message);
  });
});

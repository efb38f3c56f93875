// A short run of the fuzzer of command lines: all kinds of outcomes come, and no promise breaks.
import { expect, it } from "vitest";
import { argumentsFormat } from "./arguments.ts";
import { fuzz, outcomesOf } from "./run.ts";

it("command lines are refused with a reason, or give what their flags declare", async () => {
  const outcomes = outcomesOf(await fuzz(argumentsFormat(), { inputs: 400, seed: 5 }));
  expect(Object.keys(outcomes).sort()).toEqual(["accepted", "help or version", "help, wrong use", "wrong use"]);
  expect(outcomes["accepted"]).toBeGreaterThan(20);
});

// A short run of the fuzzer of command lines: all kinds of outcomes come, and no promise breaks.
import { expect, it } from "vitest";
import { argumentsFormat } from "./arguments.ts";
import { fuzz, outcomesOf } from "./run.ts";

it("command lines are refused with a reason, or give what their flags declare", async () => {
  const outcomes = outcomesOf(await fuzz(argumentsFormat(), { inputs: 400, seed: 5 }));
  // What comes is another with each command that is added: only what is frequent is sure to come.
  expect(outcomes["accepted"]).toBeGreaterThan(20);
  expect(outcomes["wrong use"]).toBeGreaterThan(100);
  expect(outcomes["help or version"]).toBeGreaterThan(2);
});

import { beitVariants } from "@beitjs/beit-encoder";
import { dvaeVariants } from "@beitjs/dvae-tokenizer";
import { describe, expect, it } from "vitest";
import { encoderOperations, operationsOf, tokenizerOperations } from "./operations.ts";

describe("operations", () => {
  it("counts DALL-E's encoder at 112 x 112 as others do: 26.06 G multiply-adds", () => {
    expect(tokenizerOperations(dvaeVariants["dall-e"]) / 2e9).toBeCloseTo(26.06, 2);
  });

  it("counts BEiT-base at 224 x 224 as others do: 17.6 G multiply-adds", () => {
    expect(encoderOperations(beitVariants.base) / 2e9).toBeCloseTo(17.56, 1);
  });

  it("grows with the pixels of the tokenizer, and faster than the patches of the encoder", () => {
    const dallE = dvaeVariants["dall-e"];
    expect(operationsOf({ ...dallE, imageSize: 224 })).toBe(4 * operationsOf(dallE));
    const [base, large] = [224, 448].map((imageSize) => operationsOf({ ...beitVariants.base, imageSize }));
    expect(large / base).toBeGreaterThan(4);
    expect(large / base).toBeLessThan(5);
  });
});

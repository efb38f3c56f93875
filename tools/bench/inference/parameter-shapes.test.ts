import { dvaeVariants, initTokenizer, type DallEConfig } from "@beitjs/dvae-tokenizer";
import { leaves, type Tensor } from "@beitjs/tensor-core";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { describe, expect, it } from "vitest";
import { randomValues, tokenizerShapes } from "./parameter-shapes.ts";

describe("tokenizerShapes", () => {
  it("is the half of a tokenizer that tokenizes", () => {
    const config: DallEConfig = { ...dvaeVariants["dall-e"], imageSize: 16, hidden: 8, groups: 3, vocabSize: 11 };
    const { params } = initTokenizer(config, createRng(1), createReferenceBackend());
    const shapes = leaves<Tensor>({ encoder: params.encoder }).map(([path, { shape }]) => [path, [...shape]] as const);
    expect(new Map([...tokenizerShapes(config)].map(([path, shape]) => [path, [...shape]]))).toEqual(new Map(shapes));
  });
});

describe("randomValues", () => {
  it("draws the same values from the same stream, filters as wide as keeps signals alive", () => {
    const draw = (path: string) => randomValues(path, [16, 3, 3, 24], createRng(5));
    const values = draw("encoder.groups.0.0.conv1.filter");
    expect(draw("encoder.groups.0.0.conv1.filter")).toEqual(values);
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    expect(variance * 216).toBeCloseTo(2, 0);
    expect(Math.max(...draw("encoder.groups.0.0.conv4.filter"))).toBeCloseTo(32 * Math.max(...values), 4);
  });

  it("keeps factors of normalizations around 1", () => {
    const gammas = randomValues("blocks.0.norm1.gamma", [100], createRng(1));
    expect(Math.min(...gammas)).toBeGreaterThanOrEqual(0.8);
    expect(Math.max(...gammas)).toBeLessThanOrEqual(1.2);
  });
});

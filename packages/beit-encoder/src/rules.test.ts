import { describe, expect, it } from "vitest";
import { sizeOf } from "@beitjs/tensor-core";
import {
  beitVariants,
  layerDecayRules,
  parameterDepths,
  parameterShapes,
  weightDecayRules,
  type ParameterRule,
} from "./index.ts";

const { base, large } = beitVariants;
const classifier = { ...base, vocabSize: 0, classes: 1000, relativePositions: "per-layer" } as const;

function valueOf(path: string, rules: readonly ParameterRule[]): number {
  const rule = rules.find(([pattern]) => pattern.test(path));
  if (!rule) throw new Error(`no rule for ${path}`);
  return rule[1];
}

describe("weightDecayRules", () => {
  it("gives the official groups of pre-training", () => {
    const entries = [...parameterShapes(base)].map(([path, shape]) => ({
      decay: valueOf(path, weightDecayRules),
      size: sizeOf(shape),
    }));
    const group = (decay: number) => entries.filter((entry) => entry.decay === decay);
    const values = (decay: number) => group(decay).reduce((sum, { size }) => sum + size, 0);
    expect([group(0).length, values(0)]).toEqual([137, 140_288]);
    expect([group(1).length, values(1)]).toEqual([52, 91_825_488]);
  });

  it("gives the official groups of fine-tuning: 2 + 1 in the stem, 11 + 5 in a block, 3 + 1 on top", () => {
    const depths = parameterDepths(classifier);
    const count = (depth: number, decay: number) =>
      [...parameterShapes(classifier).keys()].filter(
        (path) => valueOf(path, depths) === depth && valueOf(path, weightDecayRules) === decay,
      ).length;
    expect([count(0, 0), count(0, 1)]).toEqual([2, 1]);
    for (let block = 1; block <= 12; block++) expect([count(block, 0), count(block, 1)]).toEqual([11, 5]);
    expect([count(13, 0), count(13, 1)]).toEqual([3, 1]);
  });

  it("decays the mask token and the tables, not the class token and the positions", () => {
    const decays = [
      "maskToken",
      "relativePositionBias",
      "blocks.3.attention.relativePositionBias",
      "patchEmbedding.weight",
      "blocks.0.attention.qkv.weight",
    ];
    const stays = [
      "classToken",
      "positions",
      "patchEmbedding.bias",
      "blocks.0.attention.queryBias",
      "blocks.11.scale2",
      "norm.gamma",
      "classHead.bias",
    ];
    for (const path of decays) expect(valueOf(path, weightDecayRules)).toBe(1);
    for (const path of stays) expect(valueOf(path, weightDecayRules)).toBe(0);
  });
});

describe("layerDecayRules", () => {
  const stem = ["classToken", "maskToken", "positions", "patchEmbedding.weight", "patchEmbedding.bias"];
  const block = (i: number) => [
    `blocks.${i}.norm1.gamma`,
    `blocks.${i}.attention.relativePositionBias`,
    `blocks.${i}.mlp.expand.weight`,
  ];
  const top = ["classNorm.beta", "classHead.weight", "norm.gamma", "visualTokenHead.bias", "relativePositionBias"];
  const groups = [stem, ...Array.from({ length: 12 }, (_, i) => block(i)), top];

  it.each<[number, number[]]>([
    [
      0.65,
      [
        0.003697, 0.005688, 0.008751, 0.013463, 0.020712, 0.031864, 0.049022, 0.075419, 0.116029, 0.178506, 0.274625,
        0.4225, 0.65, 1,
      ],
    ],
    [
      0.85,
      [
        0.120905, 0.142242, 0.167343, 0.196874, 0.231617, 0.272491, 0.320577, 0.37715, 0.443705, 0.522006, 0.614125,
        0.7225, 0.85, 1,
      ],
    ],
  ])("gives the official scales of base at %f", (decay, expected) => {
    const rules = layerDecayRules(base, decay);
    groups.forEach((paths, depth) => {
      for (const path of paths) expect(Math.abs(valueOf(path, rules) - expected[depth]), path).toBeLessThan(1e-6);
    });
  });

  it("gives the official scales of large", () => {
    const rules = layerDecayRules(large, 0.75);
    expect(valueOf("classToken", rules)).toBeCloseTo(0.000753, 6);
    expect(valueOf("blocks.0.norm1.gamma", rules)).toBeCloseTo(0.001003, 6);
    expect(valueOf("blocks.23.norm1.gamma", rules)).toBe(0.75);
    expect(valueOf("classToken", layerDecayRules(large, 0.9))).toBeCloseTo(0.07179, 5);
  });

  it("covers every parameter", () => {
    for (const config of [base, { ...classifier, absolutePositions: true, pooling: "class" as const }]) {
      for (const path of parameterShapes(config).keys()) {
        expect(valueOf(path, layerDecayRules(config, 0.9))).toBeGreaterThan(0);
        expect([0, 1]).toContain(valueOf(path, weightDecayRules));
      }
    }
  });
});

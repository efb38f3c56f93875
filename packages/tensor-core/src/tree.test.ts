import { describe, expect, it } from "vitest";
import { createReferenceBackend } from "./backends/reference/index.ts";
import { zeros } from "./tensor.ts";
import { leafAt, leaves, mapTree, valueCount } from "./tree.ts";

const tree = { embed: { weight: 1 }, blocks: [{ norm: { gamma: 2, beta: undefined } }, { norm: { gamma: 3 } }] };

describe("trees", () => {
  it("lists paths in order and leaves undefined out", () => {
    expect(leaves<number>(tree)).toEqual([
      ["embed.weight", 1],
      ["blocks.0.norm.gamma", 2],
      ["blocks.1.norm.gamma", 3],
    ]);
  });

  it("maps leaves with their paths and keeps the structure", () => {
    const mapped = mapTree(tree, (leaf: number, path) => (path.startsWith("blocks") ? leaf * 10 : leaf));
    expect(mapped).toEqual({
      embed: { weight: 1 },
      blocks: [{ norm: { gamma: 20, beta: undefined } }, { norm: { gamma: 30 } }],
    });
  });

  it("finds leaves, not branches and nothing inherited", () => {
    expect(leafAt(tree, "blocks.1.norm.gamma")).toBe(3);
    expect(leafAt(tree, "blocks.1")).toBeUndefined();
    expect(leafAt(tree, "blocks.7.norm")).toBeUndefined();
    expect(leafAt(tree, "constructor.name")).toBeUndefined();
  });

  it("counts the values of tensors", () => {
    const backend = createReferenceBackend();
    const params = {
      norm: { gamma: zeros([3], backend), beta: undefined },
      blocks: [{ weight: zeros([2, 5], backend) }],
    };
    expect(valueCount(params)).toBe(13);
    expect(valueCount(undefined)).toBe(0);
  });

  it("treats typed arrays as leaves", () => {
    const values = Float32Array.of(1, 2);
    expect(leaves({ values })).toEqual([["values", values]]);
  });
});

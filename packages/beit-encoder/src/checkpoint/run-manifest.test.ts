// A manifest beside weights: what it says comes along, and what it does not say, or says in no way that is ours, is as if it were absent.
import { describe, expect, it } from "vitest";
import { labelsOfRun, preprocessingOfRun } from "./run-manifest.ts";

const format = "beitjs-checkpoint";
const half = [0.5, 0.5, 0.5];
const evalView = {
  channels: 3,
  size: [16, 24],
  fit: { kind: "centerCrop", cropRatio: 0.8 },
  filter: "bicubic",
  normalization: { mean: half, std: half },
};
const prepared = { filter: "bicubic", size: [20, 30], fit: "shortSide", crop: [16, 24], margins: "even" };
const fields = (change: object) => ({ format, recipe: { evalView: { ...evalView, ...change } } });

describe("preparation", () => {
  it.each<[string, object, object]>([
    ["a crop", {}, { ...prepared, mean: half, std: half }],
    [
      "a stretched one",
      { fit: { kind: "squareCrop", cropRatio: 0.8, margins: "down" } },
      { ...prepared, fit: "square", margins: "down", mean: half, std: half },
    ],
    [
      "none",
      { fit: { kind: "direct" } },
      { filter: "bicubic", size: [16, 24], fit: "square", crop: 0, mean: half, std: half },
    ],
    ["named numbers", { channels: 1, normalization: "unit" }, { ...prepared, mean: [0], std: [1] }],
    [
      "bands",
      { channels: 4, normalization: { mean: [0.1, 0.2, 0.3, 0.4], std: [1, 2, 3, 4] } },
      { ...prepared, mean: [0.1, 0.2, 0.3, 0.4], std: [1, 2, 3, 4] },
    ],
    ["mapped pixels", { channels: 1, normalization: "mapPixels" }, { ...prepared, mean: [-0.125], std: [1.25] }],
  ])("of fine-tuning: %s", (_, change, expected) => {
    expect(preprocessingOfRun(fields(change))).toEqual(expected);
  });

  it("of pre-training: the center", () => {
    const views = { channels: 1, pixelSize: 8, tokenSize: 4, mean: [0.1], std: [0.2] };
    const expected = {
      filter: "bicubic",
      size: 8,
      fit: "shortSide",
      crop: 8,
      margins: "even",
      mean: [0.1],
      std: [0.2],
    };
    expect(preprocessingOfRun({ format, recipe: { views } })).toEqual(expected);
  });

  it.each<[string, object | undefined]>([
    ["no manifest", undefined],
    ["another program's", { ...fields({}), format: "app" }],
    ["no recipe", { format }],
    ["another filter", fields({ filter: "box" })],
    ["another fit", fields({ fit: { kind: "zoom", cropRatio: 0.8 } })],
    ["a ratio above 1", fields({ fit: { kind: "centerCrop", cropRatio: 2 } })],
    ["other channels", fields({ channels: 9 })],
    ["numbers of other channels", fields({ normalization: { mean: [0.5], std: [0.5] } })],
    ["no size", fields({ size: "large" })],
    ["null", fields({ normalization: null, fit: null })],
  ])("is not there: %s", (_, manifest) => {
    expect(preprocessingOfRun(manifest)).toBeUndefined();
  });
});

describe("labels", () => {
  it.each<[string, object | undefined, readonly string[] | undefined]>([
    ["of the images", { format, run: { identity: { data: { classes: ["a", "b"] } } } }, ["a", "b"]],
    ["of the demo", { format, run: { classes: ["a", "b"] } }, ["a", "b"]],
    ["of another number", { format, run: { classes: ["a"] } }, undefined],
    ["that are none", { format, run: { classes: [1, 2] } }, undefined],
    ["of another program", { run: { classes: ["a", "b"] } }, undefined],
    ["of nobody", undefined, undefined],
  ])("%s", (_, manifest, expected) => {
    expect(labelsOfRun(manifest, 2)).toEqual(expected);
  });
});

import { describe, expect, it } from "vitest";
import {
  evalViewFields,
  preprocessingFromHuggingFace,
  preprocessingToHuggingFace,
  type Preprocessing,
} from "../index.ts";

const half = [0.5, 0.5, 0.5];
const released = {
  crop_size: 224,
  do_center_crop: false,
  do_normalize: true,
  do_resize: true,
  feature_extractor_type: "BeitFeatureExtractor",
  image_mean: half,
  image_std: half,
  resample: 2,
  size: 224,
};
const direct: Preprocessing = { filter: "bilinear", size: 224, fit: "square", crop: 0, mean: half, std: half };

describe("preprocessingFromHuggingFace", () => {
  it("reads ViT's, which says nothing of a crop, and null for it, as AutoImageProcessor does", () => {
    const { do_center_crop: _, resample: __, ...vit } = { ...released, image_processor_type: "ViTImageProcessor" };
    expect(preprocessingFromHuggingFace(vit)).toMatchObject({ crop: 0, filter: "bilinear" });
    expect(preprocessingFromHuggingFace({ ...vit, do_center_crop: null })).toMatchObject({ crop: 0 });
    const beit = { ...vit, image_processor_type: "BeitImageProcessor" };
    expect(preprocessingFromHuggingFace(beit)).toMatchObject({ crop: 0, filter: "bicubic" });
  });

  it("reads the released models' file", () => expect(preprocessingFromHuggingFace(released)).toEqual(direct));

  it("fills in defaults that all versions share", () => {
    const { resample, image_mean, image_std, do_normalize, do_resize, ...least } = released;
    expect([resample, image_mean, image_std, do_normalize, do_resize]).toEqual([2, half, half, true, true]);
    expect(preprocessingFromHuggingFace(least)).toEqual({ ...direct, filter: "bicubic" });
  });

  it("reads sizes in every form", () => {
    const sized = (size: unknown) => preprocessingFromHuggingFace({ ...released, size });
    expect(sized({ height: 384, width: 384 })).toEqual({ ...direct, size: 384 });
    const cropped = { ...released, size: { shortest_edge: 256 }, do_center_crop: true };
    expect(preprocessingFromHuggingFace({ ...cropped, crop_size: { height: 224, width: 224 } })).toEqual({
      ...direct,
      ...{ size: 256, fit: "shortSide", crop: 224, margins: "down" },
    });
    expect(preprocessingFromHuggingFace({ ...released, size: 256, do_center_crop: true })).toEqual({
      ...direct,
      ...{ size: 256, crop: 224, margins: "down" },
    });
  });

  it("reads rectangles, height first", () => {
    const wide = { ...released, size: { height: 384, width: 640 } };
    expect(preprocessingFromHuggingFace(wide)).toEqual({ ...direct, size: [384, 640] });
    const cropped = { ...wide, do_center_crop: true, crop_size: { height: 336, width: 560 } };
    expect(preprocessingFromHuggingFace(cropped)).toEqual({
      ...direct,
      ...{ size: [384, 640], crop: [336, 560], margins: "down" },
    });
  });

  it.each([
    [0, "nearest"],
    [1, "lanczos"],
    [2, "bilinear"],
    [3, "bicubic"],
  ])("resample %i is %s, back too", (resample, filter) => {
    const read = preprocessingFromHuggingFace({ ...released, resample });
    expect(read.filter).toBe(filter);
    expect(preprocessingToHuggingFace(read)["resample"]).toBe(resample);
  });

  // What AutoImageProcessor of transformers 5.23 makes of each, with both of its backends.
  it("leaves out a step whose flag is null, and takes no notice of null where nothing needs it", () => {
    const read = (fields: object) => preprocessingFromHuggingFace({ ...released, ...fields });
    for (const flag of ["do_center_crop", "do_rescale", "do_normalize"]) {
      expect(read({ [flag]: null })).toEqual(read({ [flag]: false }));
      expect(read({ [flag]: null }), flag).not.toEqual(read({ [flag]: true, crop_size: 112 }));
    }
    const rest = { do_reduce_labels: null, do_convert_rgb: null, do_pad: null, image_processor_type: null };
    expect(read({ ...rest, do_center_crop: null, crop_size: null })).toEqual(read({ do_center_crop: false }));
    expect(read({ do_rescale: null, rescale_factor: null })).toEqual(read({ do_rescale: false }));
    expect(read({ do_normalize: null, image_mean: null, image_std: null })).toEqual(read({ do_normalize: false }));
    expect(read({ size: { height: 24, width: 32, shortest_edge: null } }).size).toEqual([24, 32]);
    expect(read({ size: [24, 32] }).size).toEqual([24, 32]);
  });

  it("takes every scaling into mean and std", () => {
    // (byte factor - mean) / std of byte 200, whatever the way.
    const value = ({ mean, std }: Preprocessing) => (200 / 255 - mean[0]) / std[0];
    const read = (fields: object) => value(preprocessingFromHuggingFace({ ...released, ...fields }));
    expect(read({ rescale_factor: 0.00392156862745098 })).toBeCloseTo((200 / 255 - 0.5) / 0.5, 12);
    expect(read({ rescale_factor: 1 / 127.5, image_mean: 1, image_std: 1 })).toBeCloseTo(200 / 127.5 - 1, 12);
    expect(read({ do_rescale: false, image_mean: 100, image_std: 50 })).toBeCloseTo(2, 12);
    expect(read({ do_normalize: false })).toBeCloseTo(200 / 255, 12);
    expect(read({ do_normalize: false, do_rescale: false })).toBeCloseTo(200, 9);
  });

  it.each<[string, object, string]>([
    ["no resizing", { do_resize: false }, "do_resize true, got false"],
    ["no resizing, by null", { do_resize: null }, "do_resize true, got null"],
    ["a box filter", { resample: 4 }, "resample to be 0 (nearest), 1 (Lanczos), 2 (bilinear) or 3 (bicubic), got 4"],
    ["a filter of null", { resample: null }, "3 (bicubic), got null"],
    ["a size of null", { size: null }, "size to be a positive integer, got null"],
    ["a crop of null", { do_center_crop: true, crop_size: null }, "crop_size to be a positive integer, got null"],
    [
      "a ViT's crop without a size",
      { image_processor_type: "ViTImageProcessor", do_center_crop: true, crop_size: undefined },
      "got none",
    ],
    ["a factor of null", { rescale_factor: null }, "rescale_factor to be a number, got null"],
    ["means of null", { image_mean: null }, "image_mean to be numbers, got null"],
    ["deviations of null", { image_std: null }, "image_std to be numbers, got null"],
    [
      "two edges",
      { size: { shortest_edge: 224, longest_edge: 300 } },
      "size.shortest_edge alone, without longest_edge, got 300",
    ],
    ["no size", { size: undefined }, "size to be a positive integer, got none"],
    ["a size of 0 on one side", { size: { height: 1, width: 0 } }, "size.width to be a positive integer, got 0"],
    [
      "a crop of another shape",
      { do_center_crop: true, size: { height: 256, width: 256 }, crop_size: { height: 224, width: 112 } },
      "crop_size in the proportions of size, got [224,112]",
    ],
    [
      "a crop that is too wide",
      { do_center_crop: true, size: { height: 256, width: 224 }, crop_size: { height: 224, width: 256 } },
      "crop_size of at most 256 x 224, got [224,256]",
    ],
    ["a size by its longest edge", { size: { longest_edge: 224 } }, "size.height to be a positive integer, got none"],
    ["a size of 0", { size: { shortest_edge: 0 } }, "size.shortest_edge to be a positive integer, got 0"],
    ["an image that stays oblong", { size: { shortest_edge: 256 } }, "do_center_crop true after"],
    ["a crop that is no choice", { do_center_crop: 1 }, "do_center_crop to be true or false, got 1"],
    ["a crop beyond the image", { do_center_crop: true, crop_size: 300 }, "crop_size of at most 224, got 300"],
    ["a factor of 0", { rescale_factor: 0 }, "rescale_factor above 0, got 0"],
    ["means of text", { image_mean: ["a"] }, `image_mean to be numbers, got ["a"]`],
    ["fewer deviations than means", { image_std: [1] }, "image_std of 3 values, got [1]"],
    ["a deviation of 0", { image_std: [1, 0, 1] }, "image_std without 0, got [1,0,1]"],
  ])("refuses %s", (_, fields, message) => {
    const run = () => preprocessingFromHuggingFace({ ...released, ...fields });
    expect(run).toThrow("[preprocessingFromHuggingFace] expected ");
    expect(run).toThrow(message);
  });
});

it.each<[string, Preprocessing]>([
  ["straight to the square", direct],
  [
    "short side and crop",
    { ...direct, filter: "bicubic", size: 256, fit: "shortSide", crop: 224, margins: "down", mean: [0.1, 0.2, 0.3] },
  ],
  ["square and crop", { ...direct, size: 256, crop: 224, margins: "down" }],
  ["straight to a rectangle", { ...direct, size: [384, 640] }],
  ["rectangle and crop", { ...direct, size: [384, 640], crop: [336, 560], margins: "down" }],
])("preprocessingToHuggingFace is read back: %s", (_, preprocessing) => {
  expect(preprocessingFromHuggingFace(preprocessingToHuggingFace(preprocessing))).toEqual(preprocessing);
});

it("preprocessingToHuggingFace refuses what transformers cannot do", () => {
  const kept: Preprocessing = { ...direct, size: [438, 731], fit: "shortSide", crop: [384, 640] };
  expect(() => preprocessingToHuggingFace(kept)).toThrow(
    `[preprocessingToHuggingFace] expected fit "square" for images of 438 x 731`,
  );
});

describe("evalViewFields", () => {
  it("is direct without a crop", () => {
    const rest = { channels: 3, filter: "bilinear", normalization: { mean: half, std: half } };
    expect(evalViewFields(direct)).toEqual({ ...rest, size: 224, fit: { kind: "direct" } });
    expect(evalViewFields({ ...direct, crop: 224 })).toEqual({ ...rest, size: 224, fit: { kind: "direct" } });
  });

  it("has the ratio whose view resizes to the same side, for every size", () => {
    const fit = (size: number, crop: number) => evalViewFields({ ...direct, fit: "shortSide", size, crop });
    expect(fit(256, 224)).toMatchObject({ size: 224, fit: { kind: "centerCrop", cropRatio: 0.875, margins: "even" } });
    for (let size = 1; size <= 600; size++) {
      for (const crop of [1, Math.ceil(size * 0.3), Math.ceil(size * 0.9), size]) {
        const view = fit(size, crop).fit;
        expect(view.kind === "centerCrop" && Math.floor(crop / view.cropRatio)).toBe(size);
      }
    }
  });

  it("cuts a square out of a larger one", () => {
    const { size, fit } = evalViewFields({ ...direct, size: 256, crop: 224, margins: "down" });
    expect({ size, fit }).toEqual({ size: 224, fit: { kind: "squareCrop", cropRatio: 0.875, margins: "down" } });
  });

  it("has one ratio for both sides of a rectangle", () => {
    const fit = (height: number, width: number, ratio: number) => {
      const size = [Math.floor(height / ratio), Math.floor(width / ratio)] as const;
      const view = evalViewFields({ ...direct, fit: "shortSide", size, crop: [height, width] });
      expect(view.size).toEqual([height, width]);
      const found = view.fit.kind === "direct" ? NaN : view.fit.cropRatio;
      expect([Math.floor(height / found), Math.floor(width / found)]).toEqual(size);
    };
    for (let side = 1; side <= 300; side++) {
      for (const ratio of [0.875, 0.9, 0.95, 0.31]) fit(side, 2 * side + 7, ratio);
    }
    expect(evalViewFields({ ...direct, size: [32, 48], crop: [32, 48] }).fit).toEqual({ kind: "direct" });
    expect(() => evalViewFields({ ...direct, size: [64, 64], crop: [32, 48] })).toThrow(
      "[evalViewFields] expected a crop in the proportions of the size, got 32 x 48 of 64",
    );
  });

  it("refuses channels that are no image's", () => {
    const nine = new Array<number>(9).fill(0.5);
    expect(() => evalViewFields({ ...direct, mean: nine, std: nine })).toThrow("expected 1 to 8 channels, got 9");
  });
});

// The note says a difference where the two ways of cutting give other boxes, and nowhere else.
import { describe, expect, it } from "vitest";
import type { Preprocessing } from "@beitjs/beit-encoder";
import { centerCropBox } from "@beitjs/tensor-core/image";
import { describeCropDifference } from "./transformers-crop.ts";

const preprocessing: Preprocessing = {
  filter: "bicubic",
  size: 248,
  fit: "shortSide",
  crop: 224,
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
};

function offsets(side: number, crop: number): readonly [torchvision: number, transformers: number] {
  const size = { width: crop, height: crop };
  return [centerCropBox(side, side, size).left, centerCropBox(side, side, size, "down").left];
}

describe("describeCropDifference", () => {
  // Where both cut 32 pixels out of what they had resized: timm 1.0.31 with torchvision 0.29, transformers 5.23.
  it.each([
    [32, 0, 0],
    [33, 0, 0],
    [34, 1, 1],
    [35, 2, 1],
    [37, 2, 2],
    [38, 3, 3],
    [39, 4, 3],
    [40, 4, 4],
    [43, 6, 5],
    [51, 10, 9],
    [59, 14, 13],
    [62, 15, 15],
    [63, 16, 15],
    [66, 17, 17],
  ])("knows where both cut a side of %i pixels", (side, torchvision, transformers) => {
    expect(offsets(side, 32)).toEqual([torchvision, transformers]);
    const note = describeCropDifference({ ...preprocessing, size: side, crop: 32 });
    const square = describeCropDifference({ ...preprocessing, fit: "square", size: side, crop: 32 });
    if (torchvision !== transformers) {
      expect(note).toContain("every image is cut a pixel further up or to the left");
      expect(square).toBe(note);
    } else {
      expect(note).toContain("images that are no squares");
      expect(square).toBeUndefined();
    }
  });

  it("names the sides that are cut another way", () => {
    const note = describeCropDifference(preprocessing) as string;
    expect(note).toContain("is 224 + 4 n + 3 pixels (227, 231, …)");
    for (let side = 224; side < 300; side++) {
      const [torchvision, transformers] = offsets(side, 224);
      expect(torchvision - transformers, String(side)).toBe((side - 227) % 4 === 0 ? 1 : 0);
    }
  });

  it("looks at both sides of a rectangle", () => {
    const rectangle = { ...preprocessing, fit: "square", crop: [32, 64] } as const;
    expect(describeCropDifference({ ...rectangle, size: [36, 72] })).toBeUndefined();
    expect(describeCropDifference({ ...rectangle, size: [36, 71] })).toContain("every image");
    expect(describeCropDifference({ ...rectangle, size: [35, 72] })).toContain("every image");
  });

  it("says nothing where nothing is cut, or as transformers cuts", () => {
    expect(describeCropDifference({ ...preprocessing, crop: 0, fit: "square" })).toBeUndefined();
    expect(describeCropDifference({ ...preprocessing, margins: "down" })).toBeUndefined();
  });
});

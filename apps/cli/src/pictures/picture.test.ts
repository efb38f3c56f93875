// Pictures: lossless PNG, square pixels, masks and frames where they belong.
import type { Image } from "@beitjs/tensor-core/image";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { heatColor, heatOver } from "./heat.ts";
import { composite, enlarge, frame, picture, plain, pngUri } from "./picture.ts";

const gray: Image = { width: 4, height: 4, channels: 1, data: Uint8Array.from({ length: 16 }, (_, i) => i * 16) };
const color: Image = { width: 2, height: 3, channels: 3, data: Uint8Array.from({ length: 18 }, (_, i) => i * 14) };

describe("pngUri", () => {
  it.each([gray, color])("keeps every pixel ($channels channels)", async (image) => {
    const bytes = Buffer.from((await pngUri(image)).replace("data:image/png;base64,", ""), "base64");
    const space = image.channels === 1 ? "b-w" : "srgb";
    const { data, info } = await sharp(bytes).toColourspace(space).raw().toBuffer({ resolveWithObject: true });
    expect((await sharp(bytes).metadata()).channels).toBe(image.channels);
    expect([info.width, info.height, info.channels]).toEqual([image.width, image.height, image.channels]);
    expect(new Uint8Array(data)).toEqual(image.data);
  });
});

describe("picture", () => {
  it("has a text alternative, escaped, and keeps the shape", async () => {
    const { markup } = await picture(color, `a "shirt" <1>`, 100);
    expect(markup).toContain('alt="a &#34;shirt&#34; &#60;1&#62;"');
    expect(markup).toContain('width="100" height="150"');
  });
});

describe("enlarge", () => {
  it("makes squares of pixels", () => {
    const { width, height, channels, data } = enlarge(gray, 3);
    expect([width, height, channels]).toEqual([12, 12, 3]);
    for (const [x, y] of [
      [0, 0],
      [5, 2],
      [11, 11],
    ]) {
      expect(data[(y * 12 + x) * 3 + 1]).toBe(gray.data[Math.floor(y / 3) * 4 + Math.floor(x / 3)]);
    }
  });
});

describe("frame", () => {
  it("colors the edge of the box and nothing else", () => {
    const image = enlarge(plain({ width: 8, height: 8, channels: 1 }, 7), 1);
    frame(image, { left: 2, top: 1, width: 4, height: 5 }, [255, 0, 0], 1);
    const red = Array.from({ length: 64 }, (_, i) => image.data[i * 3] === 255);
    expect(red.filter(Boolean)).toHaveLength(2 * 4 + 2 * 3);
    expect(red[1 * 8 + 2] && red[5 * 8 + 5]).toBe(true);
    expect(red[2 * 8 + 3]).toBe(false);
  });
});

describe("composite", () => {
  it("takes masked patches from the second image", () => {
    const out = composite(gray, plain(gray, 255), { cells: [0, 1, 0, 0], grid: { rows: 2, cols: 2 } });
    const expected = Array.from(gray.data, (value, i) => (i % 4 >= 2 && i < 8 ? 255 : value));
    expect([...out.data]).toEqual(expected);
    expect(gray.data[2]).toBe(32);
  });
});

describe("heat maps", () => {
  it("rise in lightness", () => {
    const lightness = Array.from({ length: 11 }, (_, i) => heatColor(i / 10)).map(
      ([r, g, b]) => 0.3 * r + 0.59 * g + 0.11 * b,
    );
    expect(lightness.every((value, i) => i === 0 || value > lightness[i - 1])).toBe(true);
    expect(heatColor(2)).toEqual(heatColor(1));
    expect(heatColor(-1)).toEqual(heatColor(0));
  });

  it("light the patch with the largest value most", () => {
    const { data } = heatOver(plain(gray, 100), [0.1, 0.4, 0.1, 0.1], { grid: { rows: 2, cols: 2 }, factor: 2 });
    const at = (x: number, y: number) => data[(y * 8 + x) * 3];
    expect(at(6, 1)).toBeGreaterThan(at(1, 1));
    expect(at(1, 1)).toBe(at(6, 6));
  });

  it("lie over rectangles, row by row", () => {
    const wide = plain({ width: 6, height: 2, channels: 1 }, 100);
    const { data } = heatOver(wide, [0, 0, 0, 0, 0, 1], { grid: { rows: 2, cols: 3 }, factor: 1 });
    const red = Array.from({ length: 12 }, (_, i) => data[i * 3] > 100);
    expect(red).toEqual([...new Array<boolean>(10).fill(false), true, true]);
  });

  it("are dark where nothing is attended to at all", () => {
    expect(
      Math.max(...heatOver(plain(gray, 0), [0, 0, 0, 0], { grid: { rows: 2, cols: 2 }, factor: 1 }).data),
    ).toBeLessThan(10);
  });
});

import { describe, expect, it } from "vitest";
import { createRng } from "../random.ts";
import {
  adjustBrightness,
  adjustContrast,
  adjustSaturation,
  colorJitter,
  createImage,
  grayToRgb,
  toGray,
  withChannels,
  type Image,
} from "./index.ts";

const rgb = createImage(2, 1, 3, Uint8Array.of(170, 13, 67, 65, 173, 72));
const gray = createImage(4, 1, 1, Uint8Array.of(0, 50, 100, 250));
const none = { brightness: 0, contrast: 0, saturation: 0 };

describe("color changes", () => {
  it("hold the factor as float32 and cut the result", () => {
    expect(adjustBrightness(rgb, 1.3).data[0]).toBe(220); // 170 * 1.3 = 221 in double precision
  });

  it("clip at both ends", () => {
    expect([...adjustBrightness(gray, 9).data]).toEqual([0, 255, 255, 255]);
    expect([...adjustContrast(gray, 9).data]).toEqual([0, 0, 100, 255]); // mean 100
    expect([...adjustBrightness(gray, -1).data]).toEqual([0, 0, 0, 0]);
  });

  it("leave the image alone at 1 and give the degenerate one at 0", () => {
    for (const adjust of [adjustBrightness, adjustContrast, adjustSaturation]) expect(adjust(rgb, 1)).toEqual(rgb);
    expect([...adjustBrightness(rgb, 0).data]).toEqual([0, 0, 0, 0, 0, 0]);
    expect([...adjustContrast(gray, 0).data]).toEqual([100, 100, 100, 100]);
    expect(adjustSaturation(rgb, 0)).toEqual(grayToRgb(toGray(rgb)));
  });

  it("treat a grey image as PIL treats L: saturation changes nothing", () => {
    expect(adjustSaturation(gray, 3)).toBe(gray);
  });

  it("never write into their input", () => {
    const copy = rgb.data.slice();
    for (const adjust of [adjustBrightness, adjustContrast, adjustSaturation]) adjust(rgb, 0.3);
    expect(rgb.data).toEqual(copy);
  });

  it("refuse factors that are no numbers", () => {
    expect(() => adjustBrightness(rgb, Number.NaN)).toThrow("[adjustBrightness] expected a finite factor, got NaN");
    expect(() => adjustContrast(rgb, Infinity)).toThrow("[adjustContrast]");
    expect(() => adjustSaturation(gray, Number.NaN)).toThrow("[adjustSaturation]");
  });
});

describe("colorJitter", () => {
  it("applies each change once, in the drawn order, with the drawn factors", () => {
    const changes = [adjustBrightness, adjustContrast, adjustSaturation];
    for (let seed = 0; seed < 20; seed++) {
      const rng = createRng(seed);
      const [last, middle] = [rng.integer(3), rng.integer(2)];
      const order = [0, 1, 2];
      [order[2], order[last]] = [order[last], order[2]];
      [order[1], order[middle]] = [order[middle], order[1]];
      const factors = [0.4, 0.2, 0.9].map((amount) => 1 - amount + rng.uniform() * 2 * amount);
      const expected = order.reduce<Image>((image, change) => changes[change](image, factors[change]), rgb);
      const options = { brightness: 0.4, contrast: 0.2, saturation: 0.9 };
      const [drawn, actual] = [createRng(seed), colorJitter(rgb, options, createRng(seed))];
      colorJitter(rgb, options, drawn);
      expect(actual).toEqual(expected);
      expect(drawn.drawn).toBe(5);
    }
  });

  it("uses every order", () => {
    const options = { brightness: 0.4, contrast: 0.4, saturation: 0.4 };
    const first = Array.from({ length: 200 }, (_, seed) => colorJitter(rgb, options, createRng(seed)).data.join());
    expect(new Set(first).size).toBeGreaterThan(150);
  });

  it("stays within factors of at least 0 and skips amounts of 0", () => {
    expect(colorJitter(rgb, none, createRng(1))).toBe(rgb);
    const white = createImage(1, 1, 1, Uint8Array.of(255));
    const values = Array.from(
      { length: 300 },
      (_, seed) => colorJitter(white, { ...none, brightness: 2 }, createRng(seed)).data[0],
    );
    expect(Math.min(...values)).toBeLessThan(20); // factor ~ U(0, 3), so a third lies below 255
    const below = values.filter((value) => value < 255).length;
    expect(below / 300).toBeGreaterThan(0.25);
    expect(below / 300).toBeLessThan(0.42);
    expect(() => colorJitter(rgb, { ...none, contrast: -0.1 }, createRng(1))).toThrow("at least 0, got -0.1");
  });
});

describe("channels", () => {
  it("convert both ways and leave fitting images alone", () => {
    expect([...grayToRgb(gray).data.slice(0, 6)]).toEqual([0, 0, 0, 50, 50, 50]);
    expect(toGray(grayToRgb(gray))).toEqual(gray);
    expect(toGray(gray)).toBe(gray);
    expect(grayToRgb(rgb)).toBe(rgb);
    expect(withChannels(gray, 3).channels).toBe(3);
    expect(withChannels(rgb, 1).channels).toBe(1);
  });
});

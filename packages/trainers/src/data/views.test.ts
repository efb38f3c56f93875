import {
  colorJitter,
  createImage,
  crop,
  flipHorizontal,
  fromFloat,
  grayToRgb,
  pad,
  randomResizedCropBox,
  resize,
  toFloat,
} from "@beitjs/tensor-core/image";
import { createRng } from "@beitjs/tensor-core/random";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  evalView,
  paperEvalView,
  paperTrainView,
  paperViews,
  stack,
  trainView,
  twoViews,
  viewRng,
  type EvalViewOptions,
} from "./index.ts";

const noise = (width: number, height: number, channels: 1 | 3) => {
  const rng = createRng(width * height);
  return createImage(
    width,
    height,
    channels,
    Uint8Array.from({ length: width * height * channels }, () => rng.integer(256)),
  );
};
const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
const photo = noise(60, 45, 3);
const small = { ...paperViews, pixelSize: 32, tokenSize: 16 };

describe("twoViews", () => {
  it("is jitter, mirroring, one crop and two resizes, in that order", () => {
    let mirroredOnce = 0;
    for (let index = 0; index < 12; index++) {
      const rng = viewRng({ seed: 5, epoch: 1, index });
      const jittered = colorJitter(photo, small.colorJitter, rng);
      const mirrored = rng.uniform() < 0.5;
      mirroredOnce += Number(mirrored);
      const box = randomResizedCropBox(60, 45, { scale: [0.08, 1], ratio: [3 / 4, 4 / 3] }, rng);
      const part = crop(mirrored ? flipHorizontal(jittered) : jittered, box);
      const views = twoViews(photo, small, viewRng({ seed: 5, epoch: 1, index }));
      expect(views.crop).toEqual(box);
      expectSame(views.pixelView, toFloat(resize(part, { width: 32, height: 32, filter: "bicubic" }), half));
      expectSame(views.tokenView, toFloat(resize(part, { width: 16, height: 16, filter: "lanczos" }), "unit"));
    }
    expect(mirroredOnce).toBeGreaterThan(1);
    expect(mirroredOnce).toBeLessThan(11);
  });

  it("depends on seed, epoch and index alone", () => {
    const make = (address: { seed: number; epoch: number; index: number }) =>
      twoViews(photo, small, viewRng(address)).pixelView;
    const first = make({ seed: 1, epoch: 2, index: 3 });
    expect(make({ seed: 1, epoch: 2, index: 3 })).toEqual(first);
    for (const other of [
      { seed: 2, epoch: 2, index: 3 },
      { seed: 1, epoch: 3, index: 3 },
      { seed: 1, epoch: 2, index: 4 },
    ]) {
      expect(make(other)).not.toEqual(first);
    }
  });

  it("gives the tokenizer [0, 1] and the encoder what mean and std make", () => {
    const white = createImage(20, 20, 3, new Uint8Array(1200).fill(255));
    const plain = { ...small, colorJitter: { brightness: 0, contrast: 0, saturation: 0 } };
    expect(twoViews(white, plain, createRng(1)).tokenView.every((value) => value === 1)).toBe(true);
    const pixels = twoViews(white, { ...plain, mean: [0, 0.5, 1], std: [1, 1, 1] }, createRng(1)).pixelView;
    expect([...pixels.slice(0, 3)]).toEqual([1, 0.5, 0]);
  });

  it("works on grey images and converts channels", () => {
    const gray = { ...small, channels: 1, mean: [0.5], std: [0.5] } as const;
    expect(twoViews(noise(28, 28, 1), gray, createRng(1)).pixelView).toHaveLength(32 * 32);
    expect(twoViews(noise(28, 28, 1), gray, createRng(1)).tokenView).toHaveLength(16 * 16);
    expect(twoViews(photo, gray, createRng(1)).tokenView).toHaveLength(16 * 16);
    const view = twoViews(noise(28, 28, 1), small, createRng(1)).pixelView;
    expect(view).toHaveLength(32 * 32 * 3);
    expect(view[0]).toBe(view[2]);
  });

  it("takes images of any size, one pixel included", () => {
    const side = fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 90 }));
    fc.assert(
      fc.property(side, side, fc.constantFrom(1 as const, 3 as const), fc.nat(), (width, height, channels, seed) => {
        const { pixelView, tokenView } = twoViews(noise(width, height, channels), small, createRng(seed));
        expect([pixelView.length, tokenView.length]).toEqual([32 * 32 * 3, 16 * 16 * 3]);
        expect(pixelView.every((value) => value >= -1 && value <= 1)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("defaults to the paper's sizes", () => {
    expect(paperViews).toMatchObject({ pixelSize: 224, tokenSize: 112, flip: 0.5, scale: [0.08, 1] });
  });
});

describe("trainView", () => {
  const cifar = { ...paperTrainView, size: 32, crop: { kind: "padded", padding: 4 } } as const;

  it("crops and resizes, then mirrors", () => {
    for (let seed = 0; seed < 6; seed++) {
      const rng = createRng(seed);
      const box = randomResizedCropBox(60, 45, { scale: [0.08, 1], ratio: [3 / 4, 4 / 3] }, rng);
      const view = resize(crop(photo, box), { width: 48, height: 48, filter: "bicubic" });
      const expected = toFloat(rng.uniform() < 0.5 ? flipHorizontal(view) : view, half);
      expectSame(trainView(photo, { ...paperTrainView, size: 48 }, createRng(seed)), expected);
    }
  });

  it("pads small images by 4 black pixels and cuts anywhere", () => {
    const image = noise(32, 32, 3);
    const places = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const rng = createRng(seed);
      const [top, left] = [rng.integer(9) - 4, rng.integer(9) - 4];
      places.add(`${top} ${left}`);
      const view = fromFloat(trainView(image, { ...cifar, flip: 0 }, createRng(seed)), image, cifar.normalization);
      for (const [x, y] of [
        [0, 0],
        [31, 31],
        [15, 16],
      ]) {
        const inside = x + left >= 0 && x + left < 32 && y + top >= 0 && y + top < 32;
        const expected = inside ? image.data[((y + top) * 32 + x + left) * 3] : 0;
        expect(view.data[(y * 32 + x) * 3]).toBe(expected);
      }
    }
    expect(places.size).toBeGreaterThan(60); // of 81
  });

  it("brings other sizes to the crop's before padding", () => {
    expect(trainView(noise(28, 28, 1), cifar, createRng(1))).toHaveLength(32 * 32 * 3);
  });
});

describe("evalView", () => {
  it("scales the short side to 256 and cuts 224 from the center", () => {
    const image = noise(300, 400, 3);
    const scaled = resize(image, { width: 256, height: 341, filter: "bicubic" });
    const expected = toFloat(crop(scaled, { left: 16, top: 58, width: 224, height: 224 }), half);
    expectSame(evalView(image, paperEvalView), expected);
  });

  it("or resizes straight", () => {
    const options = { ...paperEvalView, fit: { kind: "direct" }, filter: "bilinear", size: 24 } as const;
    expectSame(evalView(photo, options), toFloat(resize(photo, { width: 24, height: 24, filter: "bilinear" }), half));
    const gray = noise(9, 9, 1);
    const expected = toFloat(resize(grayToRgb(gray), { width: 24, height: 24, filter: "bilinear" }), half);
    expectSame(evalView(gray, options), expected);
  });

  it("does not blow up long strips", () => {
    const view = evalView(createImage(1, 100_000, 1, new Uint8Array(100_000).fill(255)), {
      ...paperEvalView,
      size: 32,
    });
    expectSame(view, new Float32Array(32 * 32 * 3).fill(1));
  });
});

describe("rectangles, height x width", () => {
  const size = [16, 40] as const;
  const plain = { width: 40, height: 16 };

  it("two views show one crop", () => {
    const options = { ...small, pixelSize: size, tokenSize: [8, 20] as const };
    const { pixelView, tokenView, crop: box } = twoViews(photo, options, viewRng({ seed: 5, epoch: 1, index: 2 }));
    const square = twoViews(photo, small, viewRng({ seed: 5, epoch: 1, index: 2 }));
    expect(box).toEqual(square.crop);
    const rng = viewRng({ seed: 5, epoch: 1, index: 2 });
    const jittered = colorJitter(photo, small.colorJitter, rng);
    const part = crop(rng.uniform() < 0.5 ? flipHorizontal(jittered) : jittered, box);
    expectSame(pixelView, toFloat(resize(part, { ...plain, filter: "bicubic" }), half));
    expectSame(tokenView, toFloat(resize(part, { width: 20, height: 8, filter: "lanczos" }), "unit"));
  });

  it.each([{ kind: "resized", scale: [0.5, 1], ratio: [1, 3] } as const, { kind: "padded", padding: 3 } as const])(
    "training: $kind crops",
    (range) => {
      const options = { ...paperTrainView, size, crop: range, flip: 0 };
      const view = trainView(photo, options, viewRng({ seed: 1, epoch: 0, index: 0 }));
      const rng = viewRng({ seed: 1, epoch: 0, index: 0 });
      if (range.kind === "resized") {
        const box = randomResizedCropBox(60, 45, range, rng);
        return expectSame(view, toFloat(resize(crop(photo, box), { ...plain, filter: "bicubic" }), half));
      }
      const padded = pad(resize(photo, { ...plain, filter: "bicubic" }), 3);
      const [top, left] = [rng.integer(7), rng.integer(7)];
      expectSame(view, toFloat(crop(padded, { left, top, ...plain }), half));
    },
  );

  it("evaluation: straight, stretched, or covered in the image's own shape", () => {
    const view = (fit: EvalViewOptions["fit"]) => evalView(photo, { ...paperEvalView, size, fit });
    expectSame(view({ kind: "direct" }), toFloat(resize(photo, { ...plain, filter: "bicubic" }), half));
    // 16 x 40 by 0.8 is 20 x 50.
    const stretched = resize(photo, { width: 50, height: 20, filter: "bicubic" });
    const middle = { left: 5, top: 2, ...plain };
    expectSame(view({ kind: "squareCrop", cropRatio: 0.8 }), toFloat(crop(stretched, middle), half));
    // The image of 60 x 45 covers 50 x 20 with 50 x 38 pixels (37.5, to the even number).
    const covered = resize(photo, { width: 50, height: 38, filter: "bicubic" });
    const center = { left: 5, top: 11, ...plain };
    expectSame(view({ kind: "centerCrop", cropRatio: 0.8 }), toFloat(crop(covered, center), half));
  });

  it("evaluation of strips, which are not scaled whole", () => {
    const options = { ...paperEvalView, channels: 1 as const, size, normalization: "unit" as const };
    for (const [width, height] of [
      [9000, 3],
      [3, 9000],
    ]) {
      const view = evalView(createImage(width, height, 1, new Uint8Array(width * height).fill(51)), options);
      expect(new Set(view)).toEqual(new Set([Math.fround(0.2)]));
      expect(view).toHaveLength(640);
    }
  });
});

describe("stack", () => {
  it("joins views of equal length", () => {
    expect([...stack([Float32Array.of(1, 2), Float32Array.of(3, 4)])]).toEqual([1, 2, 3, 4]);
    expect(stack([])).toHaveLength(0);
    expect(() => stack([Float32Array.of(1), Float32Array.of(3, 4)])).toThrow(
      "[stack] expected views of 1 values, got 2",
    );
  });
});

// By bytes: toEqual takes seconds for large arrays.
function expectSame(actual: Float32Array, expected: Float32Array): void {
  expect(actual.length).toBe(expected.length);
  expect(Buffer.from(actual.buffer).equals(Buffer.from(expected.buffer))).toBe(true);
}

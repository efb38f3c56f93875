// Policies of fine-tuning against timm's, number by number: RandAugment, random erasing, mixup and CutMix, of which every random number
// is fed to ours (tools/golden/augment/make.py).
import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { tensor, valueAndGradient } from "@beitjs/tensor-core";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { toFloat, type Image } from "@beitjs/tensor-core/image";
import { createRng, type Rng } from "@beitjs/tensor-core/random";
import { hashUniform } from "@beitjs/tensor-core/testing";
import { describe, expect, it } from "vitest";
import { fineTuneBase } from "../recipes/fine-tune-base.ts";
import type { EraseOptions } from "../recipes/recipe.ts";
import { labelLoss } from "../stages/label-loss.ts";
import { tinyImages } from "../testing.ts";
import { eraseBox } from "./erase.ts";
import { withClasses } from "./hold-out.ts";
import { cutMixOf, drawBeta, drawMix, mixBatch, mixPixels } from "./mix.ts";
import { operations, randAugment } from "./rand-augment.ts";

type Picture = readonly [key: number, width: number, height: number, channels: number, kind: "noise" | "extreme"];
type OperationCase = { image: Picture; name: string; level: number; negative: boolean; fill: number[]; crc: number };
type PolicyCase = {
  image: Picture;
  mean: number[];
  operations: number[];
  uniforms: number[];
  normals: number[];
  names: string[];
  crc: number;
};
type EraseCase = { size: [number, number]; numbers: number[]; box: [number, number, number, number] | null };
type MixCase = {
  key: number;
  kind: "mixup" | "cutmix";
  shape: [batch: number, height: number, width: number];
  lambda: number;
  center: [number, number];
  smoothing: number;
  labels: number[];
  crc: number;
  targets: number[][];
  logits: number[][];
  loss: number;
  gradients: number[][];
};
type Golden = {
  names: string[];
  operations: OperationCase[];
  policy: PolicyCase[];
  erase: EraseCase[];
  eraseAlways: EraseCase[];
  mix: MixCase[];
};

const path = new URL("../../../../tools/golden/augment/golden.json", import.meta.url);
const golden = JSON.parse(readFileSync(path, "utf8")) as Golden;
const published = fineTuneBase.view.randAugment!;
const erasing = fineTuneBase.view.erase!;
const mixing = fineTuneBase.mix!;

function picture([key, width, height, channels, kind]: Picture): Image {
  const byte = (i: number): number => Math.floor(256 * hashUniform(key, i));
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) =>
    kind === "noise" ? byte(i) : 255 * (byte(i) >> 7),
  );
  return { width, height, channels, data };
}

/** Numbers of lists instead of a generator's, each kind its own; all must be asked for. */
function scripted(lists: { integers?: readonly number[]; uniforms?: readonly number[]; normals?: readonly number[] }) {
  const { integers, uniforms = [], normals = [] } = lists;
  const queues = { integers: [...(integers ?? [])], uniforms: [...uniforms], normals: [...normals] };
  const next = (kind: keyof typeof queues): number => {
    const value = queues[kind].shift();
    if (value === undefined) throw new Error(`no more ${kind} in the script`);
    return value;
  };
  const rng: Rng = {
    ...createRng(0),
    uniform: () => next("uniforms"),
    normal: () => next("normals"),
    integer: (bound) => (integers ? next("integers") : Math.floor(next("uniforms") * bound)),
  };
  return { rng, left: () => Object.values(queues).flat().length };
}

describe("RandAugment", () => {
  it("has timm's operations in timm's order", () => {
    expect(operations.map(({ name }) => name)).toEqual(golden.names);
  });

  it("makes of every level what timm makes of it", () => {
    expect(golden.operations.length).toBe(180);
    for (const one of golden.operations) {
      const { image, name, level, negative, fill } = one;
      const operation = operations.find((found) => found.name === name)!;
      const made = operation.apply(picture(image), level / 10, negative ? -1 : 1, { fill });
      expect(crc32(made.data), JSON.stringify(one)).toBe(one.crc);
    }
  });

  it("as BEiT has it draws and does what rand-m9-mstd0.5-inc1 does", () => {
    expect(golden.policy.length).toBe(120);
    expect(new Set(golden.policy.flatMap(({ names }) => names)).size).toBe(15);
    for (const one of golden.policy) {
      const { rng, left } = scripted({ integers: one.operations, uniforms: one.uniforms, normals: one.normals });
      const made = randAugment(picture(one.image), published, { mean: one.mean, std: [1, 1, 1] }, rng);
      expect(crc32(made.data), JSON.stringify(one)).toBe(one.crc);
      expect(left(), JSON.stringify(one)).toBe(0);
    }
  });

  it("makes a black picture of magnitude 10 where Pillow 13 stops", () => {
    const options = { ...published, operations: 1, probability: 1, magnitude: 10, magnitudeStd: 0 };
    const posterize = golden.names.indexOf("PosterizeIncreasing");
    const { rng } = scripted({ integers: [posterize], uniforms: [0] });
    expect(randAugment(picture([1, 3, 2, 1, "noise"]), options, "unit", rng).data).toEqual(new Uint8Array(6));
  });

  it("refuses bands and 16 bits, with the way out", () => {
    const rng = createRng(1);
    const bands = { width: 1, height: 1, channels: 4, data: new Uint8Array(4) };
    expect(() => randAugment(bands, published, "unit", rng)).toThrow(
      "[randAugment] expected images of 1 or 3 channels and 8 bits a sample, as view.randAugment takes them, got 4 channels of 8 bits (view.randAugment.probability 0 leaves it out)",
    );
    const deep = { width: 1, height: 1, channels: 1, data: new Uint16Array(1) };
    expect(() => randAugment(deep, published, "unit", rng)).toThrow("got 1 channels of 16 bits");
  });
});

it("random erasing has timm's boxes", () => {
  const always: EraseOptions = { ...erasing, probability: 1 };
  expect(golden.eraseAlways.filter(({ box }) => box).length).toBeGreaterThan(30);
  expect(golden.erase.some(({ box }) => box) && golden.erase.some(({ box }) => !box)).toBe(true);
  for (const [cases, options] of [
    [golden.erase, erasing],
    [golden.eraseAlways, always],
  ] as const) {
    for (const one of cases) {
      const { rng, left } = scripted({ uniforms: one.numbers });
      const box = eraseBox(one.size, options, rng);
      const filled = box && box.width > 0 && box.height > 0 ? [box.left, box.top, box.width, box.height] : null;
      expect(filled, JSON.stringify(one)).toEqual(one.box);
      expect(left()).toBe(0);
    }
  }
});

describe("mixup and CutMix", () => {
  const mixOf = ({ kind, lambda, shape, center: [y, x] }: MixCase) =>
    kind === "mixup" ? { share: lambda } : cutMixOf(lambda, [shape[1], shape[2]], { y, x });
  const viewsOf = ({ key, shape: [batch, height, width] }: MixCase): Float32Array[] => {
    const all = toFloat(picture([key, width, height * batch, 3, "noise"]), "unit");
    const size = height * width * 3;
    return Array.from({ length: batch }, (_, i) => all.slice(i * size, (i + 1) * size));
  };

  it.each(golden.mix)("pixels, targets, loss and gradients of case $key, $kind", async (one) => {
    const { shape, labels, smoothing, logits } = one;
    const mix = mixOf(one);
    const views = viewsOf(one);
    const size = [shape[1], shape[2]] as const;
    const mixed = views.map((view, i) => mixPixels(view, views[views.length - 1 - i], mix, { size, channels: 3 }));
    const bytes = new Float32Array(mixed.flatMap((view) => [...view]));
    expect(crc32(new Uint8Array(bytes.buffer))).toBe(one.crc);

    const backend = createReferenceBackend();
    const classes = Array.from({ length: logits[0].length }, (_, k) => String(k));
    const images = withClasses(tinyImages(8), ["left", "top", ...classes.slice(2)]);
    const loss = labelLoss({ ...fineTuneBase, labelSmoothing: smoothing }, images, backend);
    const targets = loss.targets(
      labels.map((label, i) => ({
        labels: [label],
        mixed: { labels: [labels[labels.length - 1 - i]], share: mix.share },
      })),
    );
    const rows = [...(await targets.targets.read())];
    one.targets.flat().forEach((value, i) => expect(rows[i]).toBeCloseTo(value, 5));
    const params = { logits: tensor(logits.flat(), [labels.length, classes.length], backend) };
    const { value, gradients } = valueAndGradient(params, ({ logits: tracked }) => loss.loss(tracked, targets));
    expect((await value.loss.read())[0]).toBeCloseTo(one.loss, 5);
    const made = [...(await gradients.logits.read())];
    one.gradients.flat().forEach((gradient, i) => expect(made[i]).toBeCloseTo(gradient, 6));
  });

  it("draws whether, which, how much and where, in timm's order", () => {
    const draws = (uniforms: readonly number[], recipe = mixing) =>
      drawMix(recipe, [10, 20], { ...scripted({ uniforms }).rng, normal: () => 0 });
    expect(draws([0.5], { ...mixing, probability: 0.5 })).toBeUndefined();
    // Two equal gamma variates: half of each. Of shapes below 1 a uniform number more is drawn.
    expect(draws([0.2, 0.5, 0.3, 0.9, 0.3, 0.9])).toEqual({ share: 0.5 });
    expect(draws([0.2, 0.9, 0.9], { ...mixing, cutmixAlpha: 0, mixupAlpha: 2 })).toEqual({ share: 0.5 });
    const box = { left: 3, top: 2, width: 14, height: 6 };
    expect(draws([0.2, 0.49, 0.9, 0.9, 0.5, 0.5])).toEqual({ share: 1 - 84 / 200, box });
  });

  it("draws shares of a beta distribution, of any alpha", () => {
    for (const alpha of [1e-3, 0.2, 0.8, 1, 4, 1000]) {
      const shares = Array.from({ length: 4000 }, (_, index) => drawBeta(alpha, createRng({ seed: 1, index })));
      expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true);
      const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
      const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length;
      // Both within five standard errors or so.
      expect(Math.abs(mean - 0.5)).toBeLessThan(0.04 / Math.sqrt(2 * alpha + 1));
      expect(variance * 4 * (2 * alpha + 1)).toBeCloseTo(1, 0.7);
    }
  });

  it("leaves the views it was given alone, and an odd batch's middle as it is", () => {
    const batch = Array.from({ length: 3 }, (_, i) => ({ pixels: new Float32Array(8 * 8).fill(i), labels: [i] }));
    const mixed = mixBatch(batch, { ...mixing, cutmixAlpha: 0 }, { seed: 1, step: 4, size: 8, channels: 1 });
    expect(batch.map(({ pixels }) => pixels[0])).toEqual([0, 1, 2]);
    expect(mixed[1].pixels).toEqual(batch[1].pixels);
    expect(mixed.map(({ mixed: with_ }) => with_?.labels)).toEqual([[2], [1], [0]]);
    const { share } = mixed[0].mixed!;
    expect(mixed[0].pixels[0]).toBeCloseTo(2 * (1 - share), 6);
  });
});

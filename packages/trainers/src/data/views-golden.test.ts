// Against the original transforms: microsoft/unilm's two views and its evaluation view, timm's views, and transformers'
// processor, run on Pillow 13.0 (tools/golden/image/make-views.py). All of it to the last bit, bytes and floats.
import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { evalViewFields, preprocessingFromHuggingFace } from "@beitjs/beit-encoder";
import { heightWidth } from "@beitjs/tensor-core/grid";
import { fromFloat, toFloat, type Image, type Normalization } from "@beitjs/tensor-core/image";
import { permutation, type Rng } from "@beitjs/tensor-core/random";
import { hashUniform } from "@beitjs/tensor-core/testing";
import { evalView, paperEvalView, paperTrainView, paperViews, trainView, twoViews } from "./views.ts";

type Picture = [key: number, width: number, height: number, kind: "noise" | "extreme" | "waves"];
type View = {
  readonly crc: number;
  readonly bytes: number[];
  readonly floats: number;
  readonly values: number[];
};
type TwoCase = {
  readonly image: Picture;
  readonly sizes: [number, number];
  readonly order: number[];
  readonly flip: boolean;
  readonly tokens: "dall-e" | "customized";
  readonly imagenet: boolean;
  readonly jitter: number[];
  readonly places: number[];
  readonly pixelView: View;
  readonly tokenView: View;
};
type TrainCase = View & { readonly image: Picture; readonly size: number; readonly flip: boolean; places: number[] };
type EvalCase = View & { code: "unilm" | "timm"; image: Picture; size: number; crop: number; imagenet: boolean };
type Views = { two: TwoCase[]; train: TrainCase[]; evaluation: EvalCase[] };
type ProcessorCase = View & { readonly image: Picture; readonly config: Record<string, unknown> };

function golden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../../../tools/golden/image/${name}`, import.meta.url), "utf8")) as T;
}
const views = golden<Views>("views.json");
const { cases: processorCases } = golden<{ cases: ProcessorCase[] }>("hugging-face.json");

function picture([key, width, height, kind]: Picture): Image {
  const byte = (i: number): number => {
    const value = hashUniform(key, i);
    if (kind === "noise") return Math.floor(256 * value);
    if (kind === "extreme") return value >= 0.5 ? 255 : 0;
    const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / (3 * width)), i % 3];
    const wave = Math.abs(((3 * x + 5 * y + 40 * c) % 256) - 128);
    return Math.min(255, Math.floor(((wave + 32 * value) / 160) * 256));
  };
  return { width, height, channels: 3, data: Uint8Array.from({ length: width * height * 3 }, (_, i) => byte(i)) };
}

const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
const imagenetNormalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** Random numbers of a list instead of a generator's: each has to be asked for. */
function scripted(numbers: readonly number[]): Rng & { readonly left: () => number } {
  const queue = [...numbers];
  const uniform = (): number => {
    const next = queue.shift();
    if (next === undefined) throw new Error("no more numbers in the script");
    return next;
  };
  const refuse = (): never => {
    throw new Error("not in the script");
  };
  return {
    address: { seed: 0, stream: 0, epoch: 0, index: 0 },
    drawn: 0,
    uniform,
    integer: (bound) => Math.floor(uniform() * bound),
    uint32: refuse,
    normal: refuse,
    fork: refuse,
    left: () => queue.length,
  };
}

/** The two numbers that make `permutation` give an order. */
function numbersOf(order: readonly number[]): number[] {
  const candidates = [0, 1 / 3, 2 / 3].flatMap((first) => [0, 0.5].map((second) => [first + 0.1, second + 0.1]));
  const found = candidates.find((numbers) => `${[...permutation(3, scripted(numbers))]}` === `${[...order]}`);
  if (!found) throw new Error(`no numbers for the order ${order.join(", ")}`);
  return found;
}

const flipNumber = (flip: boolean): number => (flip ? 0 : 0.999);

/** The floats to the last bit, and the bytes that they come from. */
function expectView(values: Float32Array, side: number, normalization: Normalization, expected: View): void {
  const { data } = fromFloat(values, { width: side, height: side, channels: 3 }, normalization);
  const at = (array: ArrayLike<number>): number[] =>
    Array.from({ length: 6 }, (_, i) => array[Math.floor((i * array.length) / 6)]);
  expect(at(data)).toEqual(expected.bytes);
  expect(crc32(data)).toBe(expected.crc);
  expect(at(values)).toEqual(expected.values.map(Math.fround));
  expect(crc32(new Uint8Array(values.buffer))).toBe(expected.floats);
}

describe("unilm's two views", () => {
  it.each(views.two)("$image", ({ image, sizes, order, flip, tokens, imagenet, jitter, places, ...expected }) => {
    const normalization = imagenet ? imagenetNormalization : half;
    const [pixelSize, tokenSize] = sizes;
    const rng = scripted([...numbersOf(order), ...jitter, flipNumber(flip), ...places]);
    const options = { ...paperViews, pixelSize, tokenSize, ...normalization } as const;
    const { pixelView, tokenView } = twoViews(picture(image), options, rng);
    expect(rng.left()).toBe(0);
    expectView(pixelView, pixelSize, normalization, expected.pixelView);
    // unilm's pipeline ends in the tokenizer's range; ours leaves that to the tokenizer.
    const tokenRange = tokens === "dall-e" ? "mapPixels" : half;
    const shown = fromFloat(tokenView, { width: tokenSize, height: tokenSize, channels: 3 }, "unit");
    expectView(toFloat(shown, tokenRange), tokenSize, tokenRange, expected.tokenView);
  });
});

describe("timm's training view", () => {
  it.each(views.train)("$image", ({ image, size, flip, places, ...expected }) => {
    const rng = scripted([...places, flipNumber(flip)]);
    const values = trainView(picture(image), { ...paperTrainView, size }, rng);
    expect(rng.left()).toBe(0);
    expectView(values, size, half, expected);
  });
});

describe("evaluation views", () => {
  it.each(views.evaluation)("$code, $image to $size, $crop", ({ image, size, crop, imagenet, ...expected }) => {
    const normalization = imagenet ? imagenetNormalization : half;
    const fit = { kind: "centerCrop", cropRatio: crop } as const;
    const values = evalView(picture(image), { ...paperEvalView, size, fit, normalization });
    expectView(values, size, normalization, expected);
  });
});

describe("transformers' BeitImageProcessorPil, by way of evalViewFields", () => {
  it.each(processorCases)("$image, $config.size $config.resample", ({ image, config, ...expected }) => {
    const options = evalViewFields(preprocessingFromHuggingFace(config));
    const values = evalView(picture(image), options);
    expectView(values, heightWidth(options.size).height, options.normalization, expected);
  });
});

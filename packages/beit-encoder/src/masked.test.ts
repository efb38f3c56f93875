// Encoders that see only some patches: what they see, what is kept of them elsewhere, and what is refused.
import { afterAll, describe, expect, it } from "vitest";
import { disposeTree, leaves, scope, tensor, type HostArray, type Tensor } from "@beitjs/tensor-core";
import { bytesSource } from "@beitjs/tensor-core/files";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import {
  beitConfigIssues,
  encode,
  encodeMasked,
  encoderOnly,
  initBeit,
  openBeit,
  parameterShapes,
  pixelLoss,
  pixelPredictions,
  plainTransformer,
  saveBeit,
  toClassifier,
  toPretraining,
  visualTokenLoss,
  withPatchStatistics,
  type BeitConfig,
} from "./index.ts";

const backend = createReferenceBackend();
const sizes = { imageSize: 12, patchSize: 4, channels: 2, width: 8, depth: 2, heads: 2, mlpRatio: 2 };
const common = { ...sizes, ...plainTransformer, dropPath: 0, epsilon: 1e-6, classes: 0, pooling: "mean" } as const;
const bare = { ...common, vocabSize: 0, poolingNorm: "before" } as const;
const decoder = { width: 4, depth: 1, heads: 2, vocabSize: 0 };
const visible: BeitConfig = { ...bare, decoder };
const pixelsOfAll: BeitConfig = { ...bare, pixelHead: true };
const beit = initBeit(visible, createRng(3), backend, { std: 0.5 });
const masks = [
  [1, 0, 1, 0, 1, 1, 1, 0, 1],
  [1, 1, 1, 1, 1, 1, 0, 0, 0],
].map((cells) => ({ cells: Uint8Array.from(cells) }));

const picture = (value: (i: number) => number): Tensor =>
  tensor(
    Array.from({ length: 2 * 12 * 12 * 2 }, (_, i) => value(i)),
    [2, 12, 12, 2],
    backend,
  );
const rng = createRng(4);
const noise = Array.from({ length: 2 * 12 * 12 * 2 }, () => rng.normal());
const isHidden = (i: number): boolean => {
  const [image, y, x] = [Math.floor(i / 288), Math.floor((i % 288) / 24), Math.floor((i % 24) / 2)];
  return masks[image].cells[Math.floor(y / 4) * 3 + Math.floor(x / 4)] === 1;
};
const pixels = picture((i) => noise[i]);
const valuesOf = (body: () => Tensor): HostArray => scope(backend, () => ({ values: body().readSync() })).values;

afterAll(() => {
  disposeTree([beit.params, pixels]);
  expect(backend.memory().tensors).toBe(0);
});

describe("encodeMasked of a model with a decoder", () => {
  it("gives a token of the decoder's width for every place, and frees what it made", () => {
    const before = backend.memory().tensors;
    const tokens = encodeMasked(beit, pixels, { mask: masks });
    expect(tokens.shape).toEqual([2, 10, 4]);
    expect(backend.memory().tensors).toBe(before + 1);
    tokens.dispose();
  });

  it("does not see hidden patches, and does see the others", () => {
    const tokensOf = (value: (i: number) => number) =>
      valuesOf(() => encodeMasked(beit, picture(value), { mask: masks }));
    const expected = tokensOf((i) => noise[i]);
    expect(tokensOf((i) => (isHidden(i) ? 9 : noise[i]))).toEqual(expected);
    expect(tokensOf((i) => (isHidden(i) ? noise[i] : noise[i] + 0.1))).not.toEqual(expected);
  });

  it("is the same with recomputing, and without a mask sees all patches", () => {
    const once = valuesOf(() => encodeMasked(beit, pixels, { mask: masks }));
    expect(valuesOf(() => encodeMasked(beit, pixels, { mask: masks, recompute: true }))).toEqual(once);
    expect(valuesOf(() => encodeMasked(beit, pixels, {}))).toHaveLength(2 * 10 * 4);
  });

  it("refuses masks of different counts, and those that hide everything", () => {
    const uneven = [masks[0], { cells: Uint8Array.from([0, 0, 1, 0, 1, 1, 1, 0, 1]) }];
    expect(() => encodeMasked(beit, pixels, { mask: uneven })).toThrow(
      "[encodeMasked] expected masks that leave as many patches in every image, and some, got 3 of 9 and 4",
    );
    const all = { cells: new Uint8Array(9).fill(1) };
    expect(() => encodeMasked(beit, pixels, { mask: all })).toThrow("and some, got every one hidden");
  });
});

it("of a model without a decoder it is encode", () => {
  const plain = initBeit({ ...common, vocabSize: 7 }, createRng(5), backend);
  const own = valuesOf(() => encode(plain, pixels, { mask: masks }));
  expect(valuesOf(() => encodeMasked(plain, pixels, { mask: masks }))).toEqual(own);
  disposeTree(plain.params);
});

describe("losses", () => {
  const lossOf = (mask: typeof masks | undefined, compared: { normalized: boolean; error?: "squared" | "absolute" }) =>
    valuesOf(() => pixelLoss(beit, encodeMasked(beit, pixels, { mask: masks }), pixels, { mask, ...compared }))[0];

  it("of all patches are the weighted means of hidden and visible ones", () => {
    const seen = masks.map(({ cells }) => ({ cells: cells.map((cell) => 1 - cell) }));
    for (const compared of [
      { normalized: true },
      { normalized: false },
      { normalized: true, error: "absolute" },
    ] as const) {
      const parts = (12 * lossOf(masks, compared) + 6 * lossOf(seen, compared)) / 18;
      expect(lossOf(undefined, compared)).toBeCloseTo(parts, 10);
    }
  });

  it("of predictions put back in place of their patches are those of pixels as they are", () => {
    const patch = Float32Array.from([3, 5, 10, -2]);
    const mean = 4;
    const deviation = Math.sqrt((1 + 1 + 36 + 36) / 3);
    const normalized = patch.map((value) => (value - mean) / deviation);
    withPatchStatistics(normalized, patch).forEach((value, i) => expect(value).toBeCloseTo(patch[i], 5));
  });

  it("of pixels need a head for pixels, and those of tokens one for tokens", () => {
    scope(backend, () => {
      const tokens = encodeMasked(beit, pixels, { mask: masks });
      const targets = tensor(new Int32Array(12), [12], backend, "int32");
      expect(() => visualTokenLoss(beit, tokens, { mask: masks, targets })).toThrow("expected a model with vocabSize");
      const plain = initBeit({ ...common, vocabSize: 7 }, createRng(5), backend);
      const encoded = encode(plain, pixels, { mask: masks });
      expect(() => pixelPredictions(plain, encoded, { mask: masks })).toThrow(
        "[pixelPredictions] expected a model with a head for pixels, got one without",
      );
    });
  });
});

describe("the encoder of such a model", () => {
  it.each([
    ["a decoder", visible],
    ["a head for pixels", pixelsOfAll],
  ])("is the same without %s, and as a classifier", async (_, config) => {
    const model = initBeit(config, createRng(6), backend);
    const alone = encoderOnly(model);
    expect(alone.config).toEqual(bare);
    expect(leaves<Tensor>(alone.params).map(([path]) => path)).toEqual([...parameterShapes(bare).keys()]);
    const expected = valuesOf(() => encode(model, pixels));
    expect(valuesOf(() => encode(alone, pixels))).toEqual(expected);
    const classifier = await toClassifier(model, { classes: 3 }, createRng(7));
    expect(classifier.config).toEqual({ ...common, vocabSize: 0, classes: 3 });
    expect(valuesOf(() => encode(classifier, pixels))).toEqual(expected);
    disposeTree([model.params, classifier.params]);
  });

  it("goes on to pre-training of another kind", async () => {
    const released = initBeit({ ...common, vocabSize: 7 }, createRng(8), backend);
    const further = await toPretraining(released, visible, {}, createRng(9));
    expect(valuesOf(() => encode(further, pixels))).toEqual(valuesOf(() => encode(released, pixels)));
    const back = await toPretraining(further, { ...common, vocabSize: 7 }, {}, createRng(9));
    expect(back.params.decoder).toBeUndefined();
    expect(valuesOf(() => encode(back, pixels))).toEqual(valuesOf(() => encode(released, pixels)));
    const wider = await toPretraining(further, { ...visible, decoder: { ...decoder, width: 8 } }, {}, createRng(9));
    expect(wider.params.decoder?.maskToken.shape).toEqual([8]);
    disposeTree([released.params, further.params, back.params, wider.params]);
  });

  it("is stored and opened with what predicts", async () => {
    const opened = await openBeit(bytesSource(await saveBeit(beit)), backend);
    expect(opened.beit.config).toEqual(visible);
    const tokens = valuesOf(() => encodeMasked(beit, pixels, { mask: masks }));
    const again = valuesOf(() => encodeMasked(opened.beit, pixels, { mask: masks }));
    again.forEach((value, i) => expect(value).toBeCloseTo(tokens[i], 5));
    disposeTree(opened.beit.params);
  });
});

describe("configs", () => {
  it.each<readonly [string, object, readonly (keyof BeitConfig)[]]>([
    ["a decoder with tokens of the encoder's own", { vocabSize: 5 }, ["vocabSize", "poolingNorm"]],
    ["a decoder and classes", { classes: 2 }, ["classes"]],
    ["a decoder that is none", { decoder: null }, ["decoder"]],
    ["a decoder without heads", { decoder: { width: 4, depth: 1 } }, ["decoder"]],
    ["a decoder whose heads do not divide", { decoder: { ...decoder, heads: 3 } }, ["decoder"]],
    ["a decoder of a width without quarters", { decoder: { ...decoder, width: 6 } }, ["decoder"]],
    ["a decoder and a head for pixels", { pixelHead: true }, ["pixelHead"]],
    ["tables of relative positions", { relativePositions: "shared" }, ["relativePositions"]],
    ["no positions", { absolutePositions: false }, ["absolutePositions"]],
  ])("%s are refused", (_, change, paths) => {
    expect(beitConfigIssues({ ...visible, ...change } as BeitConfig).map(({ path }) => path)).toEqual(paths);
  });

  it("of many blocks in a decoder are refused before they are spelled out", async () => {
    const bytes = await saveBeit(beit);
    const config = { decoder: { ...decoder, depth: 1e9 } };
    await expect(openBeit(bytesSource(bytes), backend, { config })).rejects.toThrow(
      "expected the tensors of 1000000002 blocks",
    );
  });
});

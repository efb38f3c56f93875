import { afterAll, describe, expect, it } from "vitest";
import {
  disposeTree,
  leaves,
  scope,
  tensor,
  valueAndGradient,
  zeros,
  type HostArray,
  type Tensor,
} from "@beitjs/tensor-core";
import { argmax, crossEntropy } from "@beitjs/tensor-core/ops";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import {
  attentionMaps,
  beitVariants,
  classLogits,
  encode,
  encodeWithFeatures,
  initBeit,
  largestMass,
  visualTokenLogits,
  visualTokenLoss,
  type BeitConfig,
} from "./index.ts";

const config: BeitConfig = {
  ...beitVariants.tiny,
  imageSize: 12,
  patchSize: 4,
  channels: 2,
  width: 8,
  depth: 3,
  heads: 2,
  mlpRatio: 2,
  vocabSize: 7,
  classes: 4,
};
const backend = createReferenceBackend();
const beit = initBeit(config, createRng(3), backend);
const rng = createRng(11);
const pixels = tensor(
  Array.from({ length: 3 * 12 * 12 * 2 }, () => rng.normal()),
  [3, 12, 12, 2],
  backend,
);
const own = backend.memory().tensors;
const mask = { cells: Uint8Array.from([1, 0, 1, 0, 0, 0, 0, 0, 1]) };

// Values of a result, whose tensors are then freed; nothing else may be left.
function valuesOf(body: () => ReturnType<typeof encode>): HostArray {
  const before = backend.memory().tensors;
  const result = body();
  expect(backend.memory().tensors).toBe(before + 1);
  const values = result.readSync();
  result.dispose();
  return values;
}

afterAll(() => {
  disposeTree([beit.params, pixels]);
  expect(backend.memory().tensors).toBe(0);
});

describe("encode", () => {
  it("gives a token per patch and the class token, and frees what it made", () => {
    const encoded = encode(beit, pixels, { mask, rng: createRng(1) });
    expect(encoded.shape).toEqual([3, 10, 8]);
    expect(backend.memory().tensors).toBe(own + 1);
    encoded.dispose();
  });

  it("takes one mask for all, one an example, or a tensor", () => {
    const one = valuesOf(() => encode(beit, pixels, { mask }));
    const each = valuesOf(() => encode(beit, pixels, { mask: [mask, mask, mask] }));
    const cells = tensor([...mask.cells, ...mask.cells, ...mask.cells], [3, 9], backend, "int32");
    const encoded = encode(beit, pixels, { mask: cells });
    expect(each).toEqual(one);
    expect(encoded.readSync()).toEqual(one);
    expect(
      valuesOf(() => scope(backend, () => visualTokenLogits(beit, encode(beit, pixels, { mask: cells }), cells))),
    ).toHaveLength(9 * 7);
    disposeTree([cells, encoded]);
  });

  it("does not see masked pixels", () => {
    const changed = tensor(pixels.readSync(), pixels.shape, backend);
    const values = pixels.readSync();
    for (let row = 0; row < 4; row++) for (let col = 0; col < 8; col++) values[row * 24 + col] += 5; // patch 0, which is masked
    const other = tensor(values, pixels.shape, backend);
    const encodeBoth = (options: { mask?: typeof mask }) =>
      [changed, other].map((image) => scope(backend, () => encode(beit, image, options)));
    const hidden = encodeBoth({ mask });
    const shown = encodeBoth({});
    expect(hidden[0].readSync()).toEqual(hidden[1].readSync());
    expect(shown[0].readSync()).not.toEqual(shown[1].readSync());
    disposeTree([changed, other, hidden, shown]);
  });

  it("drops branches only with an rng and a rate, the same ones for the same rng", () => {
    const dropping = { config: { ...config, dropPath: 0.9 }, params: beit.params };
    const plain = valuesOf(() => encode(beit, pixels));
    expect(valuesOf(() => encode(beit, pixels, { rng: createRng(2) }))).toEqual(plain);
    expect(valuesOf(() => encode(dropping, pixels))).toEqual(plain);
    const dropped = valuesOf(() => encode(dropping, pixels, { rng: createRng(2) }));
    expect(dropped).not.toEqual(plain);
    expect(valuesOf(() => encode(dropping, pixels, { rng: createRng(2) }))).toEqual(dropped);
    const drawn = createRng(2);
    encode(dropping, pixels, { rng: drawn }).dispose();
    expect(drawn.drawn).toBe(2 * 2 * 3); // two branches in each of the two blocks with a rate, three examples
  });

  it("names what does not fit", () => {
    const wrong = zeros([1, 12, 16, 2], backend);
    expect(() => encode(beit, wrong)).toThrow("[encode] expected pixels [B, 12, 12, 2], got [1, 12, 16, 2]");
    expect(() => encode(beit, pixels, { mask: [mask] })).toThrow("[encode] expected 3 masks, got 1");
    expect(() => encode(beit, pixels, { mask: { cells: new Uint8Array(8) } })).toThrow(
      "[encode] expected 9 cells in mask 0, got 8",
    );
    const flat = zeros([27], backend, "int32");
    expect(() => encode(beit, pixels, { mask: flat })).toThrow("[encode] expected mask [3, 9], got [27]");
    const headless = { config: { ...config, vocabSize: 0 }, params: { ...beit.params, maskToken: undefined as never } };
    expect(() => encode(headless, pixels, { mask })).toThrow("[encode] expected a model with a mask token");
    disposeTree([wrong, flat]);
    expect(backend.memory().tensors).toBe(own);
  });
});

describe("encodeWithFeatures", () => {
  it("gives the chosen blocks in order, the last one being the encoding", () => {
    const all = encodeWithFeatures(beit, pixels);
    const some = encodeWithFeatures(beit, pixels, { blocks: [2, 0] });
    expect(all.features.map((feature) => feature.shape)).toEqual([
      [3, 10, 8],
      [3, 10, 8],
      [3, 10, 8],
    ]);
    expect(all.features[2].readSync()).toEqual(all.encoded.readSync());
    expect(some.features.map((feature) => feature.readSync())).toEqual(
      [0, 2].map((block) => all.features[block].readSync()),
    );
    disposeTree([all, some]);
    expect(() => encodeWithFeatures(beit, pixels, { blocks: [3] })).toThrow(
      "[encodeWithFeatures] expected blocks in [0, 3), got 3",
    );
    expect(backend.memory().tensors).toBe(own);
  });
});

describe("heads", () => {
  it("give masked patches in order, all patches, and classes", () => {
    const encoded = encode(beit, pixels, { mask });
    const masks = [mask, { cells: Uint8Array.from([0, 1, 0, 0, 0, 0, 0, 0, 0]) }, { cells: new Uint8Array(9) }];
    const all = visualTokenLogits(beit, encoded);
    const masked = visualTokenLogits(beit, encoded, masks);
    const classes = classLogits(beit, encoded);
    expect([all.shape, masked.shape, classes.shape]).toEqual([
      [3, 9, 7],
      [4, 7],
      [3, 4],
    ]);
    const rows = [0, 2, 8, 9 + 1];
    rows.forEach((row, i) =>
      expect(masked.readSync().slice(i * 7, i * 7 + 7)).toEqual(all.readSync().slice(row * 7, row * 7 + 7)),
    );
    disposeTree([encoded, all, masked, classes]);
    expect(backend.memory().tensors).toBe(own);
  });

  it("give loss and predictions of the masked patches", () => {
    const encoded = encode(beit, pixels, { mask });
    const logits = visualTokenLogits(beit, encoded, mask);
    const targets = tensor([5, 0, 6, 2, 1, 3, 4, 6, 0], [9], backend, "int32");
    const { loss, predictions } = visualTokenLoss(beit, encoded, { mask, targets });
    const [expected, likely] = scope(backend, () => [crossEntropy(logits, targets), argmax(logits)]);
    expect(loss.readSync()).toEqual(expected.readSync());
    expect(predictions.readSync()).toEqual(likely.readSync());
    disposeTree([encoded, logits, targets, loss, predictions, expected, likely]);
    expect(backend.memory().tensors).toBe(own);
  });

  it("name what is missing", () => {
    const encoded = zeros([1, 10, 8], backend);
    const short = zeros([1, 9, 8], backend);
    expect(() => visualTokenLogits(beit, encoded, { cells: new Uint8Array(9) })).toThrow(
      "[visualTokenLogits] expected at least one masked patch, got none",
    );
    const targets = zeros([1], backend, "int32");
    expect(() => visualTokenLoss(beit, encoded, { mask: { cells: new Uint8Array(9) }, targets })).toThrow(
      "[visualTokenLoss] expected at least one masked patch, got none",
    );
    expect(() => visualTokenLogits(beit, short)).toThrow(
      "[visualTokenLogits] expected encoded [B, 10, 8], got [1, 9, 8]",
    );
    expect(() => classLogits(beit, short)).toThrow("[classLogits] expected encoded [B, 10, 8], got [1, 9, 8]");
    const bare = initBeit({ ...config, vocabSize: 0, classes: 0 }, createRng(1), backend);
    expect(() => visualTokenLogits(bare, encoded)).toThrow(
      "[visualTokenLogits] expected a model with vocabSize above 0, got 0",
    );
    expect(() => classLogits(bare, encoded)).toThrow("[classLogits] expected a model with classes above 0, got 0");
    disposeTree([encoded, short, targets, bare.params]);
  });
});

describe("attentionMaps", () => {
  it("gives rows that sum to one, for the chosen blocks and patches", () => {
    const maps = attentionMaps(beit, pixels, { blocks: [0, 2], patches: [8, 0, 3], mask });
    expect(maps.map((map) => map.shape)).toEqual([
      [3, 2, 3, 10],
      [3, 2, 3, 10],
    ]);
    for (const map of maps) {
      const values = map.readSync();
      for (let row = 0; row < 18; row++) {
        let sum = 0;
        for (let key = 0; key < 10; key++) sum += values[row * 10 + key];
        expect(sum).toBeCloseTo(1, 12);
      }
    }
    const [last] = attentionMaps(beit, pixels, { patches: [3], mask });
    expect(last.readSync().slice(0, 10)).toEqual(maps[1].readSync().slice(20, 30));
    disposeTree([maps, last]);
    expect(backend.memory().tensors).toBe(own);
  });

  it("names blocks and patches that are not there", () => {
    expect(() => attentionMaps(beit, pixels, { patches: [9] })).toThrow(
      "[attentionMaps] expected patches in [0, 9), got 9",
    );
    expect(() => attentionMaps(beit, pixels, { patches: [0], blocks: [-1] })).toThrow(
      "[attentionMaps] expected blocks in [0, 3), got -1",
    );
  });
});

describe("largestMass", () => {
  it("keeps the largest values that make up the share", () => {
    expect([...largestMass([1, 4, 2, 3], 0.6)]).toEqual([0, 1, 0, 1]);
    expect([...largestMass([5, 0, 5], 1)]).toEqual([1, 0, 1]);
  });
});

describe("memory of a training step", () => {
  it("is given back but for value and gradients", () => {
    const step = () =>
      valueAndGradient(beit.params, (params) => {
        const model = { config: { ...config, dropPath: 0.5 }, params };
        const logits = visualTokenLogits(model, encode(model, pixels, { mask, rng: createRng(1) }), mask);
        return { loss: crossEntropy(logits, tensor([0, 1, 2, 3, 4, 5, 6, 0, 1], [9], backend, "int32")) };
      });
    const result = scope(backend, () => step());
    expect(backend.memory().tensors).toBe(own + (own - 1) + 1);
    disposeTree(result);
    expect(backend.memory().tensors).toBe(own);
  });
});

describe("recomputation of blocks", () => {
  const step = (recompute: boolean) => {
    const own = createReferenceBackend();
    const deep = initBeit({ ...config, depth: 8, dropPath: 0.4 }, createRng(5), own);
    const images = tensor(
      Float32Array.from({ length: 32 * 288 }, (_, i) => Math.sin(i)),
      [32, 12, 12, 2],
      own,
    );
    const { value, gradients } = valueAndGradient(deep.params, (params) => {
      const model = { config: deep.config, params };
      const tokens = encode(model, images, { mask, rng: createRng(9), recompute });
      const logits = visualTokenLogits(model, tokens, mask);
      return { loss: crossEntropy(logits, zeros([logits.shape[0]], own, "int32")) };
    });
    const values = [value.loss, ...leaves<Tensor>(gradients).map(([, leaf]) => leaf)].map((leaf) => leaf.readSync());
    disposeTree([deep.params, images, value, gradients]);
    expect(own.memory().tensors).toBe(0);
    return { values, peak: own.memory().peak };
  };

  it("changes no bit of the loss and of any gradient, drop path and shared positions included, and takes less memory", () => {
    const again = step(true);
    const kept = step(false);
    expect(again.values).toEqual(kept.values);
    expect(again.peak).toBeLessThan(kept.peak / 2);
  });
});

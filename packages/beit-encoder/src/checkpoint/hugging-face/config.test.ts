import { describe, expect, it } from "vitest";
import {
  beitConfigFromHuggingFace,
  beitConfigToHuggingFace,
  beitVariants,
  parameterShapes,
  plainTransformer,
  type BeitConfig,
} from "../../index.ts";

const pretraining = { architectures: ["BeitForMaskedImageModeling"], use_mask_token: true };
const classifier = { architectures: ["BeitForImageClassification"] };

describe("beitConfigFromHuggingFace", () => {
  it("fills in transformers' defaults", () => {
    expect(beitConfigFromHuggingFace({})).toEqual({
      config: {
        imageSize: 224,
        channels: 3,
        patchSize: 16,
        width: 768,
        depth: 12,
        heads: 12,
        mlpRatio: 4,
        absolutePositions: false,
        relativePositions: "none",
        layerScale: 0.1,
        dropPath: 0.1,
        epsilon: 1e-12,
        vocabSize: 0,
        classes: 0,
        pooling: "mean",
      },
    });
  });

  it("reads every field", () => {
    const { config, labels } = beitConfigFromHuggingFace({
      ...classifier,
      model_type: "beit",
      hidden_size: 1024,
      intermediate_size: 2048,
      num_hidden_layers: 24,
      num_attention_heads: 16,
      image_size: [384, 384],
      patch_size: 32,
      num_channels: 1,
      layer_norm_eps: 1e-6,
      use_absolute_position_embeddings: true,
      use_relative_position_bias: true,
      layer_scale_init_value: 0,
      drop_path_rate: 0.2,
      use_mean_pooling: false,
      id2label: { 1: "dog", 0: "cat", 2: "cat" },
    });
    expect(config).toEqual({
      imageSize: 384,
      channels: 1,
      patchSize: 32,
      width: 1024,
      depth: 24,
      heads: 16,
      mlpRatio: 2,
      absolutePositions: true,
      relativePositions: "per-layer",
      layerScale: 0,
      dropPath: 0.2,
      epsilon: 1e-6,
      vocabSize: 0,
      classes: 3,
      pooling: "class",
    });
    expect(labels).toEqual(["cat", "dog", "cat"]);
  });

  it("reads and writes images that are no squares, height first", () => {
    const { config } = beitConfigFromHuggingFace({ image_size: [384, 640] });
    expect(config.imageSize).toEqual([384, 640]);
    expect(beitConfigToHuggingFace(config)["image_size"]).toEqual([384, 640]);
    expect(beitConfigFromHuggingFace({ image_size: [384, 384] }).config.imageSize).toBe(384);
  });

  it("takes the head from the architecture", () => {
    expect(beitConfigFromHuggingFace({ ...pretraining, id2label: { 0: "a" } })).toMatchObject({
      config: { vocabSize: 8192, classes: 0 },
    });
    const shared = { ...pretraining, vocab_size: 9, use_shared_relative_position_bias: true };
    expect(beitConfigFromHuggingFace(shared).config).toMatchObject({ vocabSize: 9, relativePositions: "shared" });
    expect(beitConfigFromHuggingFace(classifier).config).toMatchObject({ vocabSize: 0, classes: 2 });
    expect(beitConfigFromHuggingFace({ ...classifier, num_labels: 7 }).config.classes).toBe(7);
    const bare = beitConfigFromHuggingFace({ architectures: ["BeitModel"], id2label: { 0: "a" } });
    expect(bare.config).toMatchObject({ vocabSize: 0, classes: 0 });
    expect(bare.labels).toBeUndefined();
  });

  it("takes what has other names: Data2VecVision, the encoder of a segmentation model", () => {
    const read = (json: object) => beitConfigFromHuggingFace(json);
    const labels = { id2label: { 0: "sky", 1: "sea" } };
    for (const family of ["Beit", "Data2VecVision"]) {
      const model_type = family === "Beit" ? "beit" : "data2vec-vision";
      const of = (kind: string) => read({ model_type, architectures: [`${family}${kind}`], ...labels });
      expect(of("Model")).toEqual(read({}));
      expect(of("ForSemanticSegmentation")).toEqual(read({}));
      expect(of("ForImageClassification")).toEqual(read({ ...classifier, ...labels }));
    }
  });

  it("takes both tables as own ones, sides that patches do not divide, and no mask token", () => {
    const both = { use_relative_position_bias: true, use_shared_relative_position_bias: true };
    expect(beitConfigFromHuggingFace(both)).toMatchObject({
      config: { relativePositions: "per-layer" },
      bothTables: true,
    });
    expect(beitConfigFromHuggingFace({ image_size: [30, 224] }).config.imageSize).toEqual([30, 224]);
    const { architectures } = pretraining;
    expect(beitConfigFromHuggingFace({ architectures })).toMatchObject({
      config: { vocabSize: 8192 },
      maskToken: false,
    });
  });

  it("takes placeholders for no labels", () => {
    expect(beitConfigFromHuggingFace({ ...classifier, id2label: { 0: "LABEL_0", 1: "LABEL_1" } }).labels).toBe(
      undefined,
    );
    const mixed = { 0: "LABEL_0", 1: "dog" };
    expect(beitConfigFromHuggingFace({ ...classifier, id2label: mixed }).labels).toEqual(["LABEL_0", "dog"]);
  });

  it("leaves dropout out, which is of training alone", () => {
    const dropout = { hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.1 };
    expect(beitConfigFromHuggingFace(dropout)).toEqual(beitConfigFromHuggingFace({}));
  });

  it("takes any hidden width of the perceptrons, and writes it back", () => {
    for (let width = 1; width <= 100; width++) {
      for (const hidden of [1, 7, 3 * width + 1, 4 * width]) {
        const json = { hidden_size: width, num_attention_heads: 1, intermediate_size: hidden };
        const { config } = beitConfigFromHuggingFace(json);
        expect(parameterShapes(config).get("blocks.0.mlp.expand.weight")).toEqual([hidden, width]);
        expect(beitConfigToHuggingFace(config)).toMatchObject({ intermediate_size: hidden });
      }
    }
  });

  it("ignores what only other classes read, and what it does not know", () => {
    const released = {
      out_indices: [3, 5, 7, 11],
      pool_scales: [1, 2, 3, 6],
      use_auxiliary_head: true,
      torch_dtype: "x",
    };
    expect(beitConfigFromHuggingFace(released)).toEqual(beitConfigFromHuggingFace({}));
    const inherited = Object.create({ hidden_size: 12 }) as object;
    expect(beitConfigFromHuggingFace(inherited).config.width).toBe(768);
  });

  it.each<[string, object, string]>([
    ["another model", { model_type: "vit" }, `model_type "beit" or "data2vec-vision", got "vit"`],
    ["a backbone", { architectures: ["BeitBackbone"] }, "architectures to be one of BeitModel"],
    ["two architectures", { architectures: ["BeitModel", "BeitModel"] }, "architectures to be one of"],
    ["another activation", { hidden_act: "gelu_new" }, `hidden_act "gelu", got "gelu_new"`],
    ["a pyramid", { add_fpn: true }, "add_fpn false, got true"],
    ["images of one side", { image_size: [224] }, "image_size to be one number or two, got [224]"],
    ["oblong patches", { patch_size: [8, 16] }, "patch_size to be one number"],
    ["a text", { hidden_size: "768" }, `hidden_size to be a number, got "768"`],
    ["a number for a flag", { use_mean_pooling: 1 }, "use_mean_pooling to be true or false, got 1"],
    ["two last norms", { ...pretraining, use_mean_pooling: false }, "use_mean_pooling true for masked image modeling"],
    ["a gap in the labels", { ...classifier, id2label: { 0: "a", 2: "c" } }, "id2label.1 to be a string, got none"],
    ["a label that is no text", { ...classifier, id2label: { 0: 1 } }, "id2label.0 to be a string, got 1"],
    ["heads that do not fit", { num_attention_heads: 7 }, "heads to be a divisor of width 768, got 7"],
    ["a list", [], "an object, got []"],
  ])("refuses %s", (_, json, message) => {
    expect(() => beitConfigFromHuggingFace(json)).toThrow("[beitConfigFromHuggingFace] expected ");
    expect(() => beitConfigFromHuggingFace(json)).toThrow(message);
  });
});

describe("beitConfigToHuggingFace", () => {
  const bare: BeitConfig = { ...beitVariants.base, vocabSize: 0 };
  it.each<[string, BeitConfig]>([
    ["pre-training", beitVariants.large],
    ["the plain transformer", { ...beitVariants.tiny, ...plainTransformer, dropPath: 0.1 }],
    ["a classifier", { ...bare, classes: 3, relativePositions: "per-layer", epsilon: 1e-12 }],
    ["a classifier of the class token", { ...bare, classes: 3, pooling: "class" }],
    ["a bare model", bare],
  ])("is read back as it was: %s", (_, config) => {
    const maskToken = config.vocabSize > 0 && { maskToken: true };
    expect(beitConfigFromHuggingFace(beitConfigToHuggingFace(config))).toEqual({ config, ...maskToken });
  });

  it("writes labels both ways", () => {
    const json = beitConfigToHuggingFace({ ...bare, classes: 2 }, ["cat", "dog"]);
    expect(json).toMatchObject({ id2label: { "0": "cat", "1": "dog" }, label2id: { cat: 0, dog: 1 } });
    expect(beitConfigFromHuggingFace(json).labels).toEqual(["cat", "dog"]);
  });

  it("refuses two heads and labels that do not fit", () => {
    expect(() => beitConfigToHuggingFace({ ...beitVariants.base, classes: 2 })).toThrow(
      "[beitConfigToHuggingFace] expected vocabSize or classes to be 0, got 8192 and 2",
    );
    expect(() => beitConfigToHuggingFace({ ...bare, classes: 2 }, ["cat"])).toThrow(
      "[beitConfigToHuggingFace] expected 2 labels, got 1",
    );
    expect(() => beitConfigToHuggingFace(bare, ["cat"])).toThrow("expected 0 labels, got 1");
  });
});

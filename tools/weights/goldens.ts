// What the published models say of image 000000039769 of COCO val2017, straight to the square with bilinear filtering and
// 0.5 / 0.5. (transformers, tests/models/beit/test_modeling_beit.py and convert_beit_unilm_to_pytorch.py)

export type Golden = {
  /** Names under which the model is published: a folder of Hugging Face's, a file of the original. */
  readonly names: readonly string[];
  /** Logits: of the first classes, or of the first visual tokens of the first patches. */
  readonly logits: readonly (readonly number[])[];
  /** The most likely class. */
  readonly best?: number;
  readonly tolerance: number;
};

const classifier = (names: readonly string[], logits: readonly number[], best: number): Golden => ({
  names,
  logits: [logits],
  best,
  tolerance: 1e-4,
});

export const goldens: readonly Golden[] = [
  classifier(
    ["beit-base-patch16-224-pt22k-ft22k", "beit_base_patch16_224_pt22k_ft22k.pth"],
    [2.2288, 2.4671, 0.7395],
    2397,
  ),
  classifier(
    ["beit-large-patch16-224-pt22k-ft22k", "beit_large_patch16_224_pt22k_ft22k.pth"],
    [1.6881, -0.2787, 0.5901],
    2396,
  ),
  classifier(
    ["beit-base-patch16-224-pt22k-ft1k", "beit_base_patch16_224_pt22k_ft1k.pth"],
    [0.1241, 0.0798, -0.6569],
    285,
  ),
  classifier(["beit-base-patch16-224", "beit_base_patch16_224_pt22k_ft22kto1k.pth"], [-1.2385, -1.0987, -1.0108], 281),
  classifier(["beit-base-patch16-384", "beit_base_patch16_384_pt22k_ft22kto1k.pth"], [-1.5303, -0.9484, -0.3147], 761),
  classifier(
    ["beit-large-patch16-224-pt22k-ft1k", "beit_large_patch16_224_pt22k_ft1k.pth"],
    [0.461, -0.0928, 0.2086],
    761,
  ),
  classifier(["beit-large-patch16-224", "beit_large_patch16_224_pt22k_ft22kto1k.pth"], [-0.4804, 0.6257, -0.1837], 761),
  classifier(["beit-large-patch16-384", "beit_large_patch16_384_pt22k_ft22kto1k.pth"], [-0.5122, 0.5117, -0.2113], 761),
  classifier(["beit-large-patch16-512", "beit_large_patch16_512_pt22k_ft22kto1k.pth"], [-0.3062, 0.7261, 0.4852], 761),
  {
    names: ["beit-base-patch16-224-pt22k", "beit_base_patch16_224_pt22k.pth"],
    logits: [
      [-3.2437, 0.5072, -13.9174],
      [-3.2456, 0.4948, -13.9401],
      [-3.2033, 0.5121, -13.855],
    ],
    tolerance: 1e-2,
  },
];

export const imageName = "000000039769.jpg";

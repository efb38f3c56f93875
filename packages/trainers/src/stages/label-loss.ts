// What a classifier's labels cost: softmax and one label an image, or a yes or no for every class; classes weighted or not.
import { tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { argmax, binaryCrossEntropy, crossEntropy, softTargetCrossEntropy } from "@beitjs/tensor-core/ops";
import { labelsAt, type Dataset } from "../data/dataset.ts";
import type { FineTuneRecipe } from "../recipes/recipe.ts";

/** What is known of a micro-batch's labels. */
export type Targets = {
  readonly targets: Tensor;
  /** Factors of the elements, of several labels an image and weighted classes. */
  readonly weights?: Tensor;
  /** What predictions are compared with: a class an image, or 0 and 1 for every class of every image. */
  readonly expected: readonly number[];
  /** What the step's loss weighs it with: images, or the sum of their weights. */
  readonly mass: number;
};

export type LabelLoss = {
  /** Labels of images, on the device. */
  targets(labels: readonly (readonly number[])[]): Targets;
  /** Loss of logits [B, classes], and what they predict, to be compared with `expected` after `decided`. */
  loss(logits: Tensor, targets: Targets): { readonly loss: Tensor; readonly predictions: Tensor };
  /** A prediction as `expected` has it. */
  decided(prediction: number): number;
};

type LossRecipe = Pick<FineTuneRecipe, "labels" | "labelSmoothing" | "classWeights">;

/** The loss that a recipe asks for. */
export function labelLoss(recipe: LossRecipe, images: Dataset, backend: Backend): LabelLoss {
  const { labels, labelSmoothing } = recipe;
  const weights = classWeights(recipe, images);
  const classes = images.classes?.length ?? 0;
  if (labels === "multi") return yesOrNo({ classes, labelSmoothing, weights }, backend);
  return weights ? weightedClasses({ weights, labelSmoothing }, backend) : oneClass(labelSmoothing, backend);
}

/**
 * What each class counts; undefined where all count the same. The inverse of frequency is that of scikit-learn's `balanced`, images /
 * (classes * images of the class); of several labels an image it is images without over images with the label, PyTorch's
 * `pos_weight`. A class without images has 1.
 *
 * @throws RangeError for a list that is not one a class
 */
export function classWeights(
  { labels, classWeights: wanted }: Pick<FineTuneRecipe, "labels" | "classWeights">,
  images: Dataset,
): readonly number[] | undefined {
  if (wanted === "equal") return undefined;
  const { classes = [] } = images;
  if (typeof wanted !== "string") {
    if (wanted.length === classes.length) return wanted;
    const expected = `classWeights: ${classes.length} numbers, one a class (${classes.slice(0, 10).join(", ")})`;
    throw new RangeError(`[fineTune] expected ${expected}, got ${wanted.length}`);
  }
  const counts = new Array<number>(classes.length).fill(0);
  for (let index = 0; index < images.length; index++) for (const label of labelsAt(images, index)) counts[label]++;
  return counts.map((count) => {
    if (count === 0) return 1;
    return labels === "multi" ? (images.length - count) / count : images.length / (classes.length * count);
  });
}

function oneClass(labelSmoothing: number, backend: Backend): LabelLoss {
  return {
    targets(labels) {
      const expected = labels.map(([label]) => label);
      return { targets: tensor(expected, [expected.length], backend, "int32"), expected, mass: expected.length };
    },
    loss: (logits, { targets }) => ({
      loss: crossEntropy(logits, targets, { labelSmoothing }),
      predictions: argmax(logits),
    }),
    decided: (prediction) => prediction,
  };
}

// As PyTorch's cross_entropy with weights: the sum of weighted losses over the sum of the labels' weights.
function weightedClasses(
  { weights, labelSmoothing }: { readonly weights: readonly number[]; readonly labelSmoothing: number },
  backend: Backend,
): LabelLoss {
  return {
    targets(labels) {
      const expected = labels.map(([label]) => label);
      const mass = expected.reduce((sum, label) => sum + weights[label], 0);
      const share = expected.length / mass;
      const rows = expected.flatMap((label) =>
        weights.map(
          (weight, k) => share * weight * (labelSmoothing / weights.length + (k === label ? 1 - labelSmoothing : 0)),
        ),
      );
      return { targets: tensor(rows, [expected.length, weights.length], backend), expected, mass };
    },
    loss: (logits, { targets }) => ({ loss: softTargetCrossEntropy(logits, targets), predictions: argmax(logits) }),
    decided: (prediction) => prediction,
  };
}

type YesOrNo = {
  readonly classes: number;
  readonly labelSmoothing: number;
  readonly weights: readonly number[] | undefined;
};

// The mean over images and classes; a class's weight counts where the label is there.
function yesOrNo({ classes, labelSmoothing, weights }: YesOrNo, backend: Backend): LabelLoss {
  return {
    targets(labels) {
      const shape = [labels.length, classes];
      const expected = labels.flatMap((of) => Array.from({ length: classes }, (_, k) => (of.includes(k) ? 1 : 0)));
      const smoothed = expected.map((yes) => yes * (1 - labelSmoothing) + labelSmoothing / 2);
      const factors = weights && expected.map((yes, i) => (yes === 1 ? weights[i % classes] : 1));
      return {
        targets: tensor(smoothed, shape, backend),
        ...(factors && { weights: tensor(factors, shape, backend) }),
        expected,
        mass: labels.length,
      };
    },
    loss: (logits, { targets, weights: factors }) => ({
      loss: binaryCrossEntropy(logits, targets, { weights: factors }),
      predictions: logits,
    }),
    decided: (prediction) => (prediction > 0 ? 1 : 0),
  };
}

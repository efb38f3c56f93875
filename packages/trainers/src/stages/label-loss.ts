// What a classifier's labels cost: softmax and one label an image, or a yes or no for every class; classes weighted or not.
import { tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { argmax, binaryCrossEntropy, crossEntropy, softTargetCrossEntropy } from "@beitjs/tensor-core/ops";
import { labelsAt, type Dataset } from "../data/dataset.ts";
import type { MixedView } from "../data/mix.ts";
import type { FineTuneRecipe } from "../recipes/recipe.ts";

/** What is known of a micro-batch's labels. */
export type Targets = {
  readonly targets: Tensor;
  /** Factors of the elements, of several labels an image and weighted classes. */
  readonly weights?: Tensor;
  /**
   * What predictions are compared with: a class an image, or 0 and 1 for every class of every image. Of a mixed image they are those
   * of the larger share.
   */
  readonly expected: readonly number[];
  /** What the step's loss weighs it with: images, or the sum of their weights. */
  readonly mass: number;
};

/** Labels of an image, and those it is mixed with: its loss is that of either, in their shares. */
export type Labels = Pick<MixedView, "labels" | "mixed">;

export type LabelLoss = {
  /** Labels of images, on the device. */
  targets(images: readonly Labels[]): Targets;
  /** Loss of logits [B, classes], and what they predict, to be compared with `expected` after `decided`. */
  loss(logits: Tensor, targets: Targets): { readonly loss: Tensor; readonly predictions: Tensor };
  /** A prediction as `expected` has it. */
  decided(prediction: number): number;
};

type LossRecipe = Pick<FineTuneRecipe, "labels" | "labelSmoothing" | "classWeights" | "mix">;

/** The loss that a recipe asks for. */
export function labelLoss(recipe: LossRecipe, images: Dataset, backend: Backend): LabelLoss {
  const { labels, labelSmoothing } = recipe;
  const weights = classWeights(recipe, images);
  const classes = images.classes?.length ?? 0;
  if (labels === "multi") return yesOrNo({ classes, labelSmoothing, weights }, backend);
  if (!weights && !recipe.mix) return oneClass(labelSmoothing, backend);
  return softClasses({ weights: weights ?? new Array<number>(classes).fill(1), labelSmoothing }, backend);
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
    targets(images) {
      const expected = images.map(({ labels: [label] }) => label);
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
function softClasses(
  { weights, labelSmoothing }: { readonly weights: readonly number[]; readonly labelSmoothing: number },
  backend: Backend,
): LabelLoss {
  const smoothed = (label: number, k: number): number =>
    labelSmoothing / weights.length + (k === label ? 1 - labelSmoothing : 0);
  return {
    targets(images) {
      const mass = images.flatMap(parts).reduce((sum, { share, labels: [label] }) => sum + share * weights[label], 0);
      const scale = images.length / mass;
      const rows = images.flatMap((image) => {
        const of = parts(image);
        return weights.map((weight, k) => scale * weight * sumOf(of, ({ labels: [label] }) => smoothed(label, k)));
      });
      const expected = images.map((image) => heavier(image)[0]);
      return { targets: tensor(rows, [images.length, weights.length], backend), expected, mass };
    },
    loss: (logits, { targets }) => ({ loss: softTargetCrossEntropy(logits, targets), predictions: argmax(logits) }),
    decided: (prediction) => prediction,
  };
}

type Part = { readonly labels: readonly number[]; readonly share: number };

// Labels with their shares.
function parts({ labels, mixed }: Labels): readonly Part[] {
  if (!mixed) return [{ labels, share: 1 }];
  return [
    { labels, share: mixed.share },
    { labels: mixed.labels, share: 1 - mixed.share },
  ];
}

function sumOf(of: readonly Part[], value: (part: Part) => number): number {
  return of.reduce((sum, part) => sum + part.share * value(part), 0);
}

function heavier({ labels, mixed }: Labels): readonly number[] {
  return mixed && mixed.share < 0.5 ? mixed.labels : labels;
}

type YesOrNo = {
  readonly classes: number;
  readonly labelSmoothing: number;
  readonly weights: readonly number[] | undefined;
};

// The mean over images and classes; a class's weight counts where the label is there. The loss is linear in weight and weight times target,
// so that of a mixed image has the weights' mean, and the targets' by weight.
function yesOrNo({ classes, labelSmoothing, weights }: YesOrNo, backend: Backend): LabelLoss {
  const smoothed = (yes: boolean): number => (yes ? 1 : 0) * (1 - labelSmoothing) + labelSmoothing / 2;
  const factor = (yes: boolean, k: number): number => (yes && weights ? weights[k] : 1);
  const places = Array.from({ length: classes }, (_, k) => k);
  return {
    targets(images) {
      const shape = [images.length, classes];
      const elements = images.flatMap((image) => {
        const of = parts(image);
        return places.map((k) => {
          const weight = sumOf(of, ({ labels }) => factor(labels.includes(k), k));
          if (of.length === 1) return { weight, target: smoothed(image.labels.includes(k)) };
          const weighted = sumOf(of, ({ labels }) => factor(labels.includes(k), k) * smoothed(labels.includes(k)));
          return { weight, target: weighted / weight };
        });
      });
      const factors = elements.map(({ weight }) => weight);
      const targets = elements.map(({ target }) => target);
      return {
        targets: tensor(targets, shape, backend),
        ...(weights && { weights: tensor(factors, shape, backend) }),
        expected: images.flatMap((image) => places.map((k) => (heavier(image).includes(k) ? 1 : 0))),
        mass: images.length,
      };
    },
    loss: (logits, { targets, weights: factors }) => ({
      loss: binaryCrossEntropy(logits, targets, { weights: factors }),
      predictions: logits,
    }),
    decided: (prediction) => (prediction > 0 ? 1 : 0),
  };
}

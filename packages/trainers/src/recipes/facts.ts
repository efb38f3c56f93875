// What the recipes are for, and what came of them where they were run: `beit recipes` prints it. Figures that nobody has measured
// with the recipe as it stands are said to be the paper's.
import { ablationRows, type AblationRow } from "./ablation.ts";

export type RecipeFacts = {
  readonly purpose: string;
  /** Images that it was made for. */
  readonly data: string;
  readonly time: string;
  readonly result: string;
  /** Where its values stand, if somebody else found them. */
  readonly source?: string;
  /** Whether its image size is what it is for: models of another size are resized to it, where others follow the model. */
  readonly resizes?: true;
};

const demoImages = "12,000 gray images of 28 x 28 (Fashion-MNIST, which comes along)";
const demoTime = "three to five minutes on two cores for the whole demo";
const labels = "100 labeled images of 28 x 28 (Fashion-MNIST, which comes along)";
const pictures = "12,000 color pictures";
const imageNet = "ImageNet-1K, 1.28 million images";
const imageNet22k = "ImageNet-22K, 14 million images of 21,841 classes";
const unmeasured = "not measured";
const gpu = "a GPU recipe";
const cifar = "50,000 color images of 32 x 32, enlarged to 224";
const readme = "the README of the authors' code";

export const recipeFacts: Readonly<Record<string, RecipeFacts>> = {
  "tokenizer-demo": {
    purpose: "the tokenizer of beit demo",
    data: demoImages,
    time: demoTime,
    result: "mean absolute error 0.110 on pixels in [-1, 1], all 128 tokens in use",
  },
  "pretrain-demo": {
    purpose: "the pre-training of beit demo",
    data: demoImages,
    time: demoTime,
    result: "fine-tune-demo's 69.7 % where scratch-demo has 59.2 %",
  },
  "fine-tune-demo": {
    purpose: "the classifier of beit demo, from the pre-trained encoder",
    data: labels,
    time: demoTime,
    result: "69.7 % of 2,000 test images, mean of the README's seeds",
  },
  "scratch-demo": {
    purpose: "the classifier of beit demo from scratch, at its best",
    data: labels,
    time: demoTime,
    result: "59.2 % of 2,000 test images, mean of the README's seeds",
  },
  "gaussian-demo": {
    purpose: "a Gaussian VAE beside the demo's tokenizer",
    data: demoImages,
    time: "minutes on two cores",
    result: "mean absolute error 0.0585 on pixels in [-1, 1], from the posterior means",
  },
  "tokenizer-small": {
    purpose: "a tokenizer of color photographs, the one that comes along",
    data: pictures,
    time: "half an hour on two cores",
    result: "mean squared error 0.02 on pixels in [-1, 1], 981 of 1,024 tokens in use",
  },
  "pretrain-small": {
    purpose: "pre-training on color photographs, for one machine without a GPU",
    data: pictures,
    time: "half an hour on two cores",
    result: "loss 4.9 on its pictures, 5.97 on others (6.90 by frequency alone)",
  },
  "pretrain-small-visible": {
    purpose: "pre-training that predicts pixels from a quarter of the patches: no tokenizer, the fastest without a GPU",
    data: "thousands of color images and more",
    time: unmeasured,
    result: unmeasured,
  },
  "fine-tune-small": {
    purpose: "a classifier from an encoder of pretrain-small, or from scratch",
    data: "a folder a class, from some ten images each",
    time: "minutes to hours on two cores, by the images",
    result: unmeasured,
  },
  "tokenizer-dall-e": {
    purpose: "the tokenizer of DALL-E at BEiT's size",
    data: imageNet,
    time: "a GPU recipe: 3,000,000 updates of 512 images in the paper, on 64 V100",
    result: "mean absolute error 0.0856 on pixels in [-1, 1] (BEiT, Table 8)",
  },
  "pretrain-tiny": {
    purpose: "pre-training of a ViT-Ti sized BEiT, for one machine",
    data: "tens of thousands of images and more",
    time: unmeasured,
    result: unmeasured,
  },
  "pretrain-base": {
    purpose: "pre-training of BEiT-base as published",
    data: imageNet,
    time: "a GPU recipe: five days on 16 V100 in the paper",
    result: "loss 6.30 and 5.0 % of hidden tokens after 300 epochs (the authors' log)",
    source: "BEiT, Table 12",
  },
  "pretrain-large": {
    purpose: "pre-training of BEiT-large as published",
    data: imageNet,
    time: gpu,
    result: "85.2 % fine-tuned at 224 in the paper",
    source: "BEiT, Table 12",
  },
  "fine-tune-base": {
    purpose: "a classifier from BEiT-base at 224",
    data: imageNet,
    time: gpu,
    result: "83.2 % in the paper",
    source: "BEiT, Table 13; peak rate and augmentation by the authors' code",
  },
  "fine-tune-large": {
    purpose: "a classifier from BEiT-large at 224",
    data: imageNet,
    time: gpu,
    result: "85.2 % in the paper",
    source: "BEiT, Table 13; the lowest of its rates",
  },
  "fine-tune-384": {
    purpose: "ten more epochs of a classifier at 384, its positions resized",
    data: imageNet,
    time: gpu,
    result: "84.6 % of base and 86.3 % of large in the paper",
    source: "BEiT, section 3.1; rates by DeiT, to which it refers",
    resizes: true,
  },
  "fine-tune-cifar100": {
    purpose: "a classifier of CIFAR-100 from BEiT-base",
    data: cifar,
    time: gpu,
    result: "90.1 % in the paper, 91.8 % after intermediate fine-tuning",
    source: "BEiT, Table 13",
  },
  "fine-tune-cifar10": {
    purpose: "a classifier of CIFAR-10 from BEiT-base",
    data: cifar,
    time: gpu,
    result: "not in the paper, not measured",
    source: "BEiT, Table 13, the column of CIFAR-100",
  },
  "intermediate-base": {
    purpose: "intermediate fine-tuning of BEiT-base, before that of the classes that are wanted",
    data: imageNet22k,
    time: gpu,
    result: "85.2 % of ImageNet-1K after fine-tune-after-intermediate-base",
    source: readme,
  },
  "intermediate-large": {
    purpose: "intermediate fine-tuning of BEiT-large, before that of the classes that are wanted",
    data: imageNet22k,
    time: gpu,
    result: "87.4 % of ImageNet-1K after fine-tune-after-intermediate-large",
    source: readme,
  },
  "fine-tune-after-intermediate-base": {
    purpose: "a classifier from BEiT-base after intermediate fine-tuning",
    data: imageNet,
    time: gpu,
    result: "85.2 % by the README",
    source: readme,
  },
  "fine-tune-after-intermediate-large": {
    purpose: "a classifier from BEiT-large after intermediate fine-tuning",
    data: imageNet,
    time: gpu,
    result: "87.4 % by the README",
    source: readme,
  },
  ...Object.fromEntries(ablationRows.map((row) => [`ablation-${row.name}`, ablationFacts(row)])),
};

function ablationFacts({ label, paper: { imageNet: accuracy, ade20k } }: AblationRow): RecipeFacts {
  return {
    purpose: `ablation of the paper: ${label}`,
    data: imageNet,
    time: gpu,
    result: `${accuracy} % of ImageNet fine-tuned, mIoU ${ade20k} on ADE20K in the paper`,
    source: "BEiT, Table 4, and Table 12 but for 300 epochs",
  };
}

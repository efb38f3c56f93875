// A dataset held in memory: equal-sized images in one array, as MNIST-like and CIFAR files hold them.
import type { Samples } from "@beitjs/tensor-core/image";
import { checkIndex, type Dataset } from "./dataset.ts";

export type MemoryDatasetOptions = {
  readonly width: number;
  readonly height: number;
  /** 1 to 8. */
  readonly channels: number;
  /** All pixels of 8 or 16 bits a sample, image after image, each row by row with channels interleaved. */
  readonly data: Samples;
  /** Labels need `classes` as well. */
  readonly labels?: Uint8Array;
  readonly classes?: readonly string[];
  /** Name of an example, for messages. */
  readonly name: (index: number) => string;
};

/**
 * A dataset over `data`, which is shared with the images it gives out.
 * @throws RangeError when sizes, labels and classes do not fit each other.
 */
export function memoryDataset(options: MemoryDatasetOptions): Dataset {
  const { width, height, channels, data, labels, classes, name } = options;
  const size = width * height * channels;
  const length = data.length / size;
  if (!Number.isInteger(length) || length < 1) {
    const unit = data.BYTES_PER_ELEMENT === 1 ? "bytes" : "samples";
    throw new RangeError(`[memoryDataset] expected images of ${size} ${unit}, got ${data.length} ${unit} in all`);
  }
  checkLabels(length, labels, classes, name);
  const check = (index: number) => checkIndex("memoryDataset", { length }, index);
  return {
    length,
    ...(classes && { classes }),
    get: async (index) => {
      check(index);
      const image = { width, height, channels, data: data.subarray(index * size, (index + 1) * size) };
      return { image, name: name(index), ...(labels && { label: labels[index] }) };
    },
    label: (index) => (check(index), labels?.[index]),
    name: (index) => (check(index), name(index)),
  };
}

function checkLabels(
  length: number,
  labels: Uint8Array | undefined,
  classes: readonly string[] | undefined,
  name: (index: number) => string,
): void {
  if ((labels === undefined) !== (classes === undefined)) {
    throw new RangeError("[memoryDataset] expected labels and classes together, got one of them");
  }
  if (!labels || !classes) return;
  if (labels.length !== length) {
    throw new RangeError(`[memoryDataset] expected ${length} labels for ${length} images, got ${labels.length}`);
  }
  const wrong = labels.findIndex((label) => label >= classes.length);
  if (wrong >= 0) {
    const got = `${labels[wrong]} for ${name(wrong)}`;
    throw new RangeError(`[memoryDataset] expected labels below ${classes.length}, got ${got}`);
  }
}

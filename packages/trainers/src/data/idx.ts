// The IDX files of MNIST and its successors: a magic number (0, 0, type, dimensions), sizes as big-endian 32-bit integers,
// then bytes (LeCun et al., "The MNIST database", file formats). Only unsigned bytes occur.
import type { Dataset } from "./dataset.ts";
import { memoryDataset } from "./memory.ts";

export type IdxImages = {
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
  readonly data: Uint8Array;
};

export type IdxDatasetOptions = {
  /** Bytes of the image file and of the label file, decompressed. */
  readonly images: Uint8Array;
  readonly labels?: Uint8Array;
  /** Class names; without them classes are called by their number. */
  readonly classes?: readonly string[];
  /** Where the bytes come from, for messages: the image file's and the label file's path. */
  readonly sources: { readonly images: string; readonly labels?: string };
};

const IMAGES_MAGIC = 0x00000803;
const LABELS_MAGIC = 0x00000801;

/**
 * Reads an IDX file of grey images.
 * @throws RangeError when the magic number is another, a size is 0, or the length is not what the header says.
 */
export function parseIdxImages(bytes: Uint8Array, source: string): IdxImages {
  const [count, rows, columns] = parseHeader("parseIdxImages", bytes, IMAGES_MAGIC, 3, source);
  return { count, rows, columns, data: bytes.subarray(16) };
}

/** Reads an IDX file of labels. Throws as `parseIdxImages`. */
export function parseIdxLabels(bytes: Uint8Array, source: string): Uint8Array {
  parseHeader("parseIdxLabels", bytes, LABELS_MAGIC, 1, source);
  return bytes.subarray(8);
}

/**
 * A dataset of an image file and, unless it stays unlabelled, its label file.
 * @throws RangeError when a file is malformed, their counts differ, or a label is beyond the classes.
 */
export function idxDataset({ images, labels, classes, sources }: IdxDatasetOptions): Dataset {
  const { count, rows, columns, data } = parseIdxImages(images, sources.images);
  const shape = { width: columns, height: rows, channels: 1, data } as const;
  const name = (index: number) => `${sources.images}#${index}`;
  if (!labels) return memoryDataset({ ...shape, name });
  const values = parseIdxLabels(labels, sources.labels ?? "labels");
  if (values.length !== count) {
    const got = `${count} in ${sources.images} and ${values.length} in ${sources.labels ?? "labels"}`;
    throw new RangeError(`[idxDataset] expected as many images as labels, got ${got}`);
  }
  return memoryDataset({ ...shape, labels: values, classes: classes ?? numbered(values), name });
}

function numbered(labels: Uint8Array): readonly string[] {
  const count = labels.reduce((most, label) => Math.max(most, label + 1), 0);
  return Array.from({ length: count }, (_, label) => String(label));
}

function parseHeader(caller: string, bytes: Uint8Array, magic: number, dimensions: number, source: string): number[] {
  const headerLength = 4 + 4 * dimensions;
  if (bytes.length < headerLength) {
    throw new RangeError(
      `[${caller}] expected a header of ${headerLength} bytes in ${source}, got ${bytes.length} bytes`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = view.getUint32(0);
  if (found !== magic) {
    throw new RangeError(`[${caller}] expected IDX magic number ${hex(magic)} in ${source}, got ${hex(found)}`);
  }
  const sizes = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const expected = sizes.reduce((product, size) => product * size, 1);
  if (expected === 0) throw new RangeError(`[${caller}] expected sizes above 0 in ${source}, got ${sizes.join(" x ")}`);
  if (bytes.length - headerLength !== expected) {
    const got = `${bytes.length - headerLength}`;
    throw new RangeError(
      `[${caller}] expected ${sizes.join(" x ")} = ${expected} bytes of data in ${source}, got ${got}`,
    );
  }
  return sizes;
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}

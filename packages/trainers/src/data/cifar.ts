// The binary version of CIFAR-10 and CIFAR-100 (Krizhevsky 2009): records of one or two label bytes and 3072 bytes of
// pixels, 32 x 32, all of red, then green, then blue.
import type { Dataset } from "./dataset.ts";
import { memoryDataset } from "./memory.ts";

export type CifarKind = "cifar10" | "cifar100";

export type CifarDatasetOptions = {
  readonly kind: CifarKind;
  /** Files in order, each with its bytes and its path for messages. */
  readonly files: readonly { readonly bytes: Uint8Array; readonly source: string }[];
  /** CIFAR-100 has 20 coarse and 100 fine classes. */
  readonly labels?: "fine" | "coarse";
  /** Class names; without them classes are called by their number. */
  readonly classes?: readonly string[];
};

const SIDE = 32;
const PIXELS = SIDE * SIDE;

/**
 * Reads one binary file: interleaved pixels and one label per image.
 * @throws RangeError when the length is no whole number of records, or a label is beyond the classes.
 */
export function parseCifar(
  bytes: Uint8Array,
  { kind, labels: which = "fine", source }: { kind: CifarKind; labels?: "fine" | "coarse"; source: string },
): { readonly count: number; readonly data: Uint8Array; readonly labels: Uint8Array } {
  const labelBytes = kind === "cifar10" ? 1 : 2;
  const record = labelBytes + 3 * PIXELS;
  const count = bytes.length / record;
  if (!Number.isInteger(count) || count < 1) {
    const got = `${bytes.length} bytes (${Math.floor(count)} records and ${bytes.length % record} bytes)`;
    throw new RangeError(`[parseCifar] expected records of ${record} bytes in ${source}, got ${got}`);
  }
  const data = new Uint8Array(count * 3 * PIXELS);
  const labels = new Uint8Array(count);
  const limits = kind === "cifar10" ? [10] : [20, 100];
  for (let i = 0; i < count; i++) {
    const found = limits.map((limit, k) => checkLabel(bytes[i * record + k], limit, i, source));
    labels[i] = found[which === "coarse" ? 0 : labelBytes - 1];
    interleave(bytes, i * record + labelBytes, data, i * 3 * PIXELS);
  }
  return { count, data, labels };
}

/** A dataset of several binary files. Throws as `parseCifar`. */
export function cifarDataset({ kind, files, labels = "fine", classes }: CifarDatasetOptions): Dataset {
  const parts = files.map(({ bytes, source }) => ({ source, ...parseCifar(bytes, { kind, labels, source }) }));
  const total = parts.reduce((sum, { count }) => sum + count, 0);
  const data = new Uint8Array(total * 3 * PIXELS);
  const allLabels = new Uint8Array(total);
  const starts: number[] = [];
  let start = 0;
  for (const part of parts) {
    data.set(part.data, start * 3 * PIXELS);
    allLabels.set(part.labels, start);
    starts.push(start);
    start += part.count;
  }
  const name = (index: number) => {
    const file = starts.findLastIndex((first) => first <= index);
    return `${parts[file].source}#${index - starts[file]}`;
  };
  const names = classes ?? Array.from({ length: classCount(kind, labels) }, (_, label) => String(label));
  return memoryDataset({ width: SIDE, height: SIDE, channels: 3, data, labels: allLabels, classes: names, name });
}

/** 10, 20 or 100. */
export function classCount(kind: CifarKind, labels: "fine" | "coarse"): number {
  return kind === "cifar10" ? 10 : labels === "coarse" ? 20 : 100;
}

function interleave(bytes: Uint8Array, from: number, out: Uint8Array, to: number): void {
  for (let i = 0; i < PIXELS; i++) {
    for (let c = 0; c < 3; c++) out[to + i * 3 + c] = bytes[from + c * PIXELS + i];
  }
}

function checkLabel(label: number, limit: number, record: number, source: string): number {
  if (label < limit) return label;
  throw new RangeError(`[parseCifar] expected labels below ${limit}, got ${label} in record ${record} of ${source}`);
}

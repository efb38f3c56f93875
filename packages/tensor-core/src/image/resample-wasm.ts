// Runs the passes of resample.ts in WebAssembly SIMD (assembly/resample.ts), with the same bytes as result and several times as
// fast. Compiled at first use, 1.3 kB; the one file of image code that touches WebAssembly.
import type { Kernels } from "../generated/resample-kernels.ts";
import { resampleWasm } from "../generated/resample.ts";
import type { Image } from "./image.ts";
import { neededRows, type Resampling } from "./resample.ts";
import type { ResampleWeights } from "./resample-weights.ts";

declare namespace WebAssembly {
  type Memory = { readonly buffer: ArrayBuffer; grow(pages: number): number };
  const Memory: new (limits: { initial: number; maximum: number }) => Memory;
  const Module: new (bytes: Uint8Array) => object;
  const Instance: new (module: object, imports: object) => { readonly exports: object };
}
declare const atob: (text: string) => string;

/** `most`: groups of taps that every position has room for. */
type WeightTable = { readonly words: Int32Array; readonly most: number };
type Resampler = { readonly memory: WebAssembly.Memory; readonly kernels: Kernels };

const PAGE = 65536;
/** Memory stays as large as the largest image made it: what needs more than this is left to the plain loops. */
const MAXIMUM_BYTES = 64 * 2 ** 20;
/** Source rows go through the pass over columns in strips of this size, or of one row. */
const STRIP_BYTES = 2 ** 20;
/** Kernels read and write up to 16 bytes behind the end. */
const SLACK = 16;
const TAPS = 4;
const LOW_BITS = 15;

let opened: Resampler | undefined | null = null;
const tables = new WeakMap<ResampleWeights, WeightTable>();

/** What `resample` returns; undefined where the engine has no SIMD, or the image would take too much memory. */
export function resampleInWasm(image: Image, { columns, rows }: Resampling): Image | undefined {
  if (opened === null) opened = open();
  if (!opened) return undefined;
  const { channels, width: sourceWidth } = image;
  const width = columns ? columns.first.length : sourceWidth;
  const { first, count } = neededRows(image, rows);
  const height = rows ? rows.first.length : count;
  const pitch = width * channels;
  const columnTable = columns && tableOf(columns);
  const rowTable = rows && tableOf(rows);
  const sourcePitch = sourceWidth * channels;
  const strip = Math.min(count, Math.max(1, Math.floor(STRIP_BYTES / sourcePitch)));
  // The pass over rows reads groups of rows, whose last ones may lie behind the end.
  const sizes = [
    columnTable?.words.byteLength ?? 0,
    rowTable?.words.byteLength ?? 0,
    columns ? strip * sourcePitch : 0,
    (count + TAPS - 1) * pitch,
    rows ? height * pitch : 0,
  ];
  const [columnsAt, rowsAt, source, wide, narrow, end] = addresses(sizes);
  if (end > MAXIMUM_BYTES) return undefined;
  const bytes = reserve(opened.memory, end);
  const { resampleColors, resampleGrays, resampleRows } = opened.kernels;
  const rowsOfImage = (y: number, many: number) => image.data.subarray(y * sourcePitch, (y + many) * sourcePitch);
  if (columnTable) {
    place(bytes, columnsAt, columnTable);
    const pass = channels === 1 ? resampleGrays : resampleColors;
    for (let y = 0; y < count; y += strip) {
      const many = Math.min(strip, count - y);
      bytes.set(rowsOfImage(first + y, many), source);
      pass(wide + y * pitch, source, many, sourcePitch, width, columnsAt, columnTable.most);
    }
  } else bytes.set(rowsOfImage(first, count), wide);
  if (rowTable) {
    place(bytes, rowsAt, rowTable);
    resampleRows(narrow, wide - first * pitch, pitch, height, rowsAt, rowTable.most);
  }
  const out = rowTable ? narrow : wide;
  return { width, height, channels, data: bytes.slice(out, out + height * pitch) };
}

function open(): Resampler | undefined {
  if (typeof WebAssembly === "undefined") return undefined;
  const bytes = Uint8Array.from(atob(resampleWasm), (character) => character.charCodeAt(0));
  try {
    const memory = new WebAssembly.Memory({ initial: 0, maximum: MAXIMUM_BYTES / PAGE });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
    return { memory, kernels: exports as Kernels };
  } catch {
    return undefined; // no SIMD, or a page whose policy forbids WebAssembly
  }
}

// Of parts one after another, and the end of all.
function addresses(sizes: readonly number[]): number[] {
  const starts = [0];
  for (const size of sizes) starts.push(starts[starts.length - 1] + Math.ceil(size / SLACK + 1) * SLACK);
  return starts;
}

function reserve(memory: WebAssembly.Memory, bytes: number): Uint8Array {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE);
  if (missing > 0) memory.grow(missing);
  return new Uint8Array(memory.buffer);
}

function place(bytes: Uint8Array, at: number, { words }: WeightTable): void {
  bytes.set(new Uint8Array(words.buffer), at);
}

// Weights are below 2 in amount, as they sum to 1: their upper halves fit into 16 bits.
function tableOf(weights: ResampleWeights): WeightTable {
  const known = tables.get(weights);
  if (known) return known;
  const { first, count, stride } = weights;
  const most = Math.ceil(stride / TAPS);
  const words = new Int32Array(first.length * (2 + most * TAPS));
  const halves = new Int16Array(words.buffer, first.length * 8);
  for (let i = 0; i < first.length; i++) {
    words[i * 2] = first[i];
    words[i * 2 + 1] = Math.ceil(count[i] / TAPS);
    for (let k = 0; k < count[i]; k++) {
      const at = (i * most * TAPS + k - (k % TAPS)) * 2 + (k % TAPS);
      const weight = weights.weights[i * stride + k];
      halves[at] = weight >> LOW_BITS;
      halves[at + TAPS] = weight & ((1 << LOW_BITS) - 1);
    }
  }
  const table = { words, most };
  tables.set(weights, table);
  return table;
}

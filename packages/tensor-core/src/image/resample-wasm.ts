// Runs the passes of resample.ts in WebAssembly SIMD (assembly/resample.ts), with the same bytes as result and several times as
// fast. Compiled at first use, 1.3 kB; the one file of image code that touches WebAssembly.
import type { Kernels } from "../generated/resample-kernels.ts";
import { resampleWasm } from "../generated/resample.ts";
import type { ByteImage } from "./image.ts";
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
/** The source goes through its first pass in strips of this size, or of one row, or of a few bytes of all rows. */
const STRIP_BYTES = 2 ** 20;
const NARROWEST_STRIP = 64;
/** Kernels read and write up to 16 bytes behind the end. */
const SLACK = 16;
const TAPS = 4;
const LOW_BITS = 15;

let opened: Resampler | undefined | null = null;
const tables = new WeakMap<ResampleWeights, WeightTable>();

/** What `resample` returns of one channel or three; undefined where the engine has no SIMD, or the image would take too much memory. */
export function resampleInWasm(image: ByteImage, { columns, rows, rowsFirst }: Resampling): ByteImage | undefined {
  if (opened === null) opened = open();
  if (!opened) return undefined;
  if (columns && !(rows && rowsFirst)) return columnsThenRows(opened, image, columns, rows);
  const low = rows ? rowsAlone(opened, image, rows) : image;
  return low && columns ? columnsThenRows(opened, low, columns, undefined) : low;
}

function columnsThenRows(
  { memory, kernels }: Resampler,
  image: ByteImage,
  columns: ResampleWeights,
  rows: ResampleWeights | undefined,
): ByteImage | undefined {
  const { channels, width: sourceWidth, data } = image;
  const width = columns.first.length;
  const { first, count } = neededRows(image, rows);
  const height = rows ? rows.first.length : count;
  const pitch = width * channels;
  const columnTable = tableOf(columns);
  const rowTable = rows && tableOf(rows);
  const sourcePitch = sourceWidth * channels;
  const strip = Math.min(count, Math.max(1, Math.floor(STRIP_BYTES / sourcePitch)));
  const [columnsAt, rowsAt, source, wide, narrow, end] = addresses([
    columnTable.words.byteLength,
    rowTable?.words.byteLength ?? 0,
    strip * sourcePitch,
    rowsRead(count) * pitch,
    rows ? height * pitch : 0,
  ]);
  if (end > MAXIMUM_BYTES) return undefined;
  const bytes = reserve(memory, end);
  if (!bytes) return undefined;
  place(bytes, columnsAt, columnTable);
  const pass = channels === 1 ? kernels.resampleGrays : kernels.resampleColors;
  for (let y = 0; y < count; y += strip) {
    const many = Math.min(strip, count - y);
    bytes.set(data.subarray((first + y) * sourcePitch, (first + y + many) * sourcePitch), source);
    pass(wide + y * pitch, source, many, sourcePitch, width, columnsAt, columnTable.most);
  }
  if (rowTable) {
    place(bytes, rowsAt, rowTable);
    kernels.resampleRows(narrow, wide - first * pitch, pitch, height, rowsAt, rowTable.most);
  }
  const out = rowTable ? narrow : wide;
  return { width, height, channels, data: bytes.slice(out, out + height * pitch) };
}

// Every byte of a row goes its own way here, so the strips are upright ones.
function rowsAlone({ memory, kernels }: Resampler, image: ByteImage, rows: ResampleWeights): ByteImage | undefined {
  const { width, channels, data } = image;
  const { first, count } = neededRows(image, rows);
  const height = rows.first.length;
  const pitch = width * channels;
  const table = tableOf(rows);
  const strip = Math.min(pitch, Math.max(NARROWEST_STRIP, Math.floor(STRIP_BYTES / count)));
  const sizes = [table.words.byteLength, rowsRead(count) * strip, height * strip];
  const [rowsAt, source, narrow, end] = addresses(sizes);
  if (end > MAXIMUM_BYTES) return undefined;
  const bytes = reserve(memory, end);
  if (!bytes) return undefined;
  place(bytes, rowsAt, table);
  const out = new Uint8Array(height * pitch);
  for (let x = 0; x < pitch; x += strip) {
    const many = Math.min(strip, pitch - x);
    for (let y = 0; y < count; y++) {
      const from = (first + y) * pitch + x;
      bytes.set(data.subarray(from, from + many), source + y * many);
    }
    kernels.resampleRows(narrow, source - first * many, many, height, rowsAt, table.most);
    for (let y = 0; y < height; y++) {
      out.set(bytes.subarray(narrow + y * many, narrow + (y + 1) * many), y * pitch + x);
    }
  }
  return { width, height, channels, data: out };
}

// The pass over rows reads groups of rows, whose last ones may lie behind the end.
function rowsRead(count: number): number {
  return count + TAPS - 1;
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

// Undefined where the machine has no more, as with an end to its address space.
function reserve(memory: WebAssembly.Memory, bytes: number): Uint8Array | undefined {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE);
  try {
    if (missing > 0) memory.grow(missing);
  } catch {
    return undefined;
  }
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

// A tensor's elements from its storage: a view where they lie in row-major order, else a copy in that order.
import { PickleError } from "./error.ts";
import type { Range } from "../files/ranges.ts";
import { dtypeBits } from "../safetensors/dtypes.ts";
import type { SafeTensor } from "../safetensors/convert.ts";
import type { PickleStorage, PickleTensor } from "./value.ts";

/** Refuses a tensor that reaches outside its storage; what a copy of it takes, or 0 for a view. */
export function checkTensor(tensor: PickleTensor, name: string, bigEndian: boolean): number {
  const { shape, strides, offset, storage } = tensor;
  const length = elementCount(shape, name);
  if (length === 0) return 0;
  const end = offset + 1 + lastElement(shape, strides);
  const size = itemBytes(tensor);
  const held = tensor.dtype === storage.dtype ? storage.length : Math.floor(storageBytes(storage) / size);
  if (!Number.isSafeInteger(end) || end > held) {
    throw new PickleError(
      "Storage",
      `expected ${name} [${shape}] with strides [${strides}] from ${offset} inside ${held} elements`,
    );
  }
  return isRowMajor(shape, strides) && !isSwapped(tensor, bigEndian) ? 0 : length * size;
}

/** The bytes of its storage that a checked tensor needs, from its first element to its last. */
export function extentOf(tensor: PickleTensor): Range {
  const { shape, strides, offset } = tensor;
  if (shape.includes(0)) return { start: 0, end: 0 };
  const size = itemBytes(tensor);
  return { start: offset * size, end: (offset + 1 + lastElement(shape, strides)) * size };
}

/** A checked tensor from the bytes of its extent: the same bytes, or a copy in row-major order, little-endian. */
export function materialize(tensor: PickleTensor, extent: Uint8Array, bigEndian: boolean): SafeTensor {
  const { dtype, shape } = tensor;
  if (shape.includes(0)) return { dtype, shape, data: new Uint8Array(0) };
  const data = isRowMajor(shape, tensor.strides) ? extent : gather(tensor, extent);
  return { dtype, shape, data: isSwapped(tensor, bigEndian) ? swapped(data, numberBytes(tensor)) : data };
}

export function storageBytes(storage: PickleStorage): number {
  const size = storage.length * (dtypeBits(storage.dtype) / 8);
  if (!Number.isSafeInteger(size)) {
    throw new PickleError("Storage", `expected a size below 2^53, got ${storage.length} of ${storage.dtype}`);
  }
  return size;
}

function itemBytes({ dtype }: PickleTensor): number {
  return dtypeBits(dtype) / 8;
}

/** A complex element is two numbers. */
function numberBytes(tensor: PickleTensor): number {
  return tensor.dtype === "C64" ? 4 : itemBytes(tensor);
}

function isSwapped(tensor: PickleTensor, bigEndian: boolean): boolean {
  return bigEndian && numberBytes(tensor) > 1;
}

function swapped(data: Uint8Array, size: number): Uint8Array {
  const copy = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += size) {
    for (let byte = 0; byte < size; byte++) copy[at + byte] = data[at + size - 1 - byte]!;
  }
  return copy;
}

function elementCount(shape: ReadonlyArray<number>, name: string): number {
  if (shape.includes(0)) return 0;
  let count = 1;
  for (const size of shape) count *= size;
  if (!Number.isSafeInteger(count))
    throw new PickleError("Storage", `expected ${name} below 2^53 elements, got [${shape}]`);
  return count;
}

function lastElement(shape: ReadonlyArray<number>, strides: ReadonlyArray<number>): number {
  return shape.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] as number), 0);
}

function isRowMajor(shape: ReadonlyArray<number>, strides: ReadonlyArray<number>): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] as number;
    // The stride of an axis of one is never used, and torch leaves anything there.
    if (size !== 1 && strides[axis] !== expected) return false;
    expected *= size;
  }
  return true;
}

function gather(tensor: PickleTensor, extent: Uint8Array): Uint8Array {
  const { shape, strides } = tensor;
  const size = itemBytes(tensor);
  const length = shape.reduce((product, axis) => product * axis, 1);
  const data = new Uint8Array(length * size);
  const index = shape.map(() => 0);
  let source = 0;
  for (let target = 0; target < length; target++) {
    for (let byte = 0; byte < size; byte++) data[target * size + byte] = extent[source * size + byte]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      source -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return data;
}

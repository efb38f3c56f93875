// A tensor's elements from its storage: a view where they lie in row-major order, else a copy in that order.
import { PickleError } from "./error.ts";
import { dtypeBits } from "../safetensors/dtypes.ts";
import type { SafeTensor } from "../safetensors/convert.ts";
import type { PickleTensor } from "./value.ts";

/** What copies have taken so far. */
export type Copies = { bytes: number; readonly limit: number };

export function materialize(tensor: PickleTensor, storage: Uint8Array, copies: Copies, name: string): SafeTensor {
  const { shape, strides, offset } = tensor;
  const dtype = tensor.storage.dtype;
  const itemBytes = dtypeBits(dtype) / 8;
  const length = elementCount(shape, name);
  if (length === 0) return { dtype, shape, data: new Uint8Array(0) };
  const end = offset + 1 + lastElement(shape, strides);
  if (!Number.isSafeInteger(end) || end > tensor.storage.length) {
    throw new PickleError(
      "Storage",
      `expected ${name} [${shape}] with strides [${strides}] from ${offset} inside ${tensor.storage.length} elements`,
    );
  }
  if (isRowMajor(shape, strides)) {
    return { dtype, shape, data: storage.subarray(offset * itemBytes, (offset + length) * itemBytes) };
  }
  copies.bytes += length * itemBytes;
  if (copies.bytes > copies.limit) {
    throw new PickleError(
      "Limit",
      `expected at most ${copies.limit} bytes to be copied, got more for ${name} [${shape}]`,
    );
  }
  return { dtype, shape, data: gather(tensor, storage, length, itemBytes) };
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

function gather(tensor: PickleTensor, storage: Uint8Array, length: number, itemBytes: number): Uint8Array {
  const { shape, strides } = tensor;
  const data = new Uint8Array(length * itemBytes);
  const index = shape.map(() => 0);
  let source = tensor.offset;
  for (let target = 0; target < length; target++) {
    for (let byte = 0; byte < itemBytes; byte++) data[target * itemBytes + byte] = storage[source * itemBytes + byte]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      source -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return data;
}

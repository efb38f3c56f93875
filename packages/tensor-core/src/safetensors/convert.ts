// Tensor bytes to numbers and back. A tensor may start at any byte of a file, so its bytes are copied to an aligned buffer
// first; the format is little-endian, as is every host that runs WebAssembly.
import type { SafeDtype } from "./dtypes.ts";
import { tensorBytes } from "./header.ts";

export type SafeTensor = {
  readonly dtype: SafeDtype;
  readonly shape: ReadonlyArray<number>;
  /** Little-endian, row-major; for a tensor that was read, a view of the file's bytes. */
  readonly data: Uint8Array;
};

/**
 * The values of a floating-point tensor as a new array. F64 is rounded to nearest.
 * @throws TypeError for any dtype but F16, BF16, F32 and F64
 */
export function toFloat32(tensor: SafeTensor): Float32Array<ArrayBuffer> {
  const buffer = alignedCopy(tensor);
  switch (tensor.dtype) {
    case "F32":
      return new Float32Array(buffer);
    case "F64":
      return Float32Array.from(new Float64Array(buffer));
    case "F16":
      return Float32Array.from(new Uint16Array(buffer), halfToNumber);
    case "BF16":
      return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (half) => half << 16).buffer);
    default:
      throw new TypeError(`[toFloat32] expected a tensor of F16, BF16, F32 or F64, got ${tensor.dtype}`);
  }
}

/**
 * The values of an integer or boolean tensor as a new array.
 * @throws TypeError for floating-point dtypes; RangeError where a value does not fit 32 bits
 */
export function toInt32(tensor: SafeTensor): Int32Array<ArrayBuffer> {
  const buffer = alignedCopy(tensor);
  switch (tensor.dtype) {
    case "I32":
      return new Int32Array(buffer);
    case "BOOL":
    case "U8":
      return Int32Array.from(new Uint8Array(buffer));
    case "I8":
      return Int32Array.from(new Int8Array(buffer));
    case "I16":
      return Int32Array.from(new Int16Array(buffer));
    case "U16":
      return Int32Array.from(new Uint16Array(buffer));
    case "U32":
      return Int32Array.from(new Uint32Array(buffer), checkInt32);
    case "I64":
      return Int32Array.from(Array.from(new BigInt64Array(buffer), checkInt32));
    case "U64":
      return Int32Array.from(Array.from(new BigUint64Array(buffer), checkInt32));
    default:
      throw new TypeError(`[toInt32] expected a tensor of integers or BOOL, got ${tensor.dtype}`);
  }
}

/** An F32 tensor over the same memory. */
export function fromFloat32(values: Float32Array, shape: ReadonlyArray<number>): SafeTensor {
  return wrap("F32", values, shape);
}

/**
 * An F16 tensor: half the bytes, 11 bits of every value. Rounds to nearest, ties to even; what is above 65,504 becomes
 * infinite, what is below 2^-25 zero.
 */
export function fromFloat32ToHalf(values: Float32Array, shape: ReadonlyArray<number>): SafeTensor {
  return wrap("F16", Uint16Array.from(values, numberToHalf), shape);
}

const LARGEST_HALF = 65504;

/**
 * A trained parameter as `fromFloat32ToHalf`, where a finite value that would become infinite is an error instead.
 *
 * @throws RangeError `[user] expected values of at most 65504, …` with the parameter's name
 */
export function parameterToHalf(
  values: Float32Array,
  shape: ReadonlyArray<number>,
  { user, name }: { readonly user: string; readonly name: string },
): SafeTensor {
  const large = values.find((value) => Math.abs(value) >= LARGEST_HALF + 16 && Number.isFinite(value));
  if (large !== undefined) {
    throw new RangeError(
      `[${user}] expected values of at most ${LARGEST_HALF}, the largest of 16 bits, got ${large} in ${name}; leave out half`,
    );
  }
  return fromFloat32ToHalf(values, shape);
}

/** An I32 tensor over the same memory. */
export function fromInt32(values: Int32Array, shape: ReadonlyArray<number>): SafeTensor {
  return wrap("I32", values, shape);
}

function wrap(
  dtype: "F32" | "F16" | "I32",
  values: Float32Array | Uint16Array | Int32Array,
  shape: ReadonlyArray<number>,
): SafeTensor {
  const size = tensorBytes(dtype, shape, "(unnamed)");
  if (size !== values.byteLength) {
    throw new RangeError(
      `[safetensors] expected ${size / values.BYTES_PER_ELEMENT} values for shape [${shape.join(", ")}], got ${values.length}`,
    );
  }
  return { dtype, shape, data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
}

function alignedCopy({ dtype, shape, data }: SafeTensor): ArrayBuffer {
  const size = tensorBytes(dtype, shape, "(unnamed)");
  if (size !== data.length) {
    throw new RangeError(`[safetensors] expected ${size} bytes for ${dtype} [${shape.join(", ")}], got ${data.length}`);
  }
  return new Uint8Array(data).buffer;
}

function checkInt32(value: number | bigint): number {
  const number = Number(value);
  if (number !== (number | 0)) throw new RangeError(`[toInt32] expected values that fit 32 bits, got ${value}`);
  return number;
}

// IEEE 754 binary16: 1 bit sign, 5 bits exponent with bias 15, 10 bits fraction.
function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function numberToHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size < 2 ** -14) return sign | roundToEven(size * 2 ** 24);
  // Rounding up may carry into the exponent, which is then the right one; from 65,520 on the nearest is infinity.
  const exponent = Math.min(16, Math.floor(Math.log2(size)));
  const unit = size < 2 ** exponent ? exponent - 1 : exponent;
  if (unit > 15) return sign | 0x7c00;
  const half = ((unit + 14) << 10) + roundToEven(size * 2 ** (10 - unit));
  return sign | Math.min(half, 0x7c00);
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

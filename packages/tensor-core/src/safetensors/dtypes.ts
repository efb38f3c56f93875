// Element types of the safetensors format with their width in bits, in increasing alignment: the order of this table is
// the order in which the reference implementation sorts tensors (safetensors: src/tensor.rs, `Dtype`).

const bits = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

export type SafeDtype = keyof typeof bits;

/** Every element type, from the loosest alignment to the strictest. */
export const safeDtypes = Object.keys(bits) as ReadonlyArray<SafeDtype>;

const ranks: ReadonlyMap<string, number> = new Map(safeDtypes.map((dtype, rank) => [dtype, rank]));

export function isSafeDtype(name: string): name is SafeDtype {
  return ranks.has(name);
}

/** Width of one element in bits; the F4 and F6 types take less than a byte. */
export function dtypeBits(dtype: SafeDtype): number {
  return bits[dtype];
}

/** Place in the table above; larger means stricter alignment, and earlier in a file. */
export function dtypeRank(dtype: SafeDtype): number {
  return ranks.get(dtype) as number;
}

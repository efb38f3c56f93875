// The header of NumPy's npy files, version 1.0. (numpy/lib/format.py)

/** What stands in front of float32 values in C order; its length is a multiple of 64, and at least `least` bytes. */
export function npyHeader(shape: readonly number[], least = 0): Uint8Array {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${tuple}), }`;
  const fixed = 10; // magic, version, length
  const total = Math.ceil(Math.max(least, fixed + text.length + 1) / 64) * 64;
  const header = new TextEncoder().encode(`\0NUMPY\x01\0\0\0${text.padEnd(total - fixed - 1)}\n`);
  header[0] = 0x93;
  new DataView(header.buffer).setUint16(8, total - fixed, true);
  return header;
}

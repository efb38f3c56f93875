// One wasm binary serves both kinds of memory: kernels hold no atomic instruction, so a build for shared memory differs
// from one for plain memory in a single bit, the flag `shared` in the limits of the imported memory.
// Format: WebAssembly Core Specification 2.0, 5.5 (modules), and the threads proposal (limits).

const IMPORT_SECTION = 2;
// Kinds of imports.
const MEMORY = 2;
const GLOBAL = 3;
// Flags of limits.
const WITH_MAXIMUM = 1;
const SHARED = 2;

/**
 * A copy of a wasm binary whose imported memory is shared.
 *
 * @throws if it imports no memory with a maximum, or something else than globals before it
 */
export function withSharedMemory(bytes: Uint8Array): Uint8Array {
  const flags = memoryFlags(bytes);
  if (flags === undefined || (bytes[flags] & WITH_MAXIMUM) === 0) {
    throw new Error("[withSharedMemory] expected wasm that imports a memory with a maximum, got another");
  }
  const shared = bytes.slice();
  shared[flags] |= SHARED;
  return shared;
}

// Offset of the flags of the imported memory.
function memoryFlags(bytes: Uint8Array): number | undefined {
  for (let section = 8; section < bytes.length;) {
    const size = readUnsigned(bytes, section + 1);
    if (bytes[section] === IMPORT_SECTION) return findMemory(bytes, size.end);
    section = size.end + size.value;
  }
  return undefined;
}

function findMemory(bytes: Uint8Array, imports: number): number | undefined {
  const { value: count, end } = readUnsigned(bytes, imports);
  for (let i = 0, at = end; i < count; i++) {
    const kind = skipName(bytes, skipName(bytes, at));
    if (bytes[kind] === MEMORY) return kind + 1;
    if (bytes[kind] !== GLOBAL) return undefined;
    // A type and whether it can change.
    at = kind + 3;
  }
  return undefined;
}

function skipName(bytes: Uint8Array, at: number): number {
  const length = readUnsigned(bytes, at);
  return length.end + length.value;
}

// LEB128.
function readUnsigned(bytes: Uint8Array, at: number): { readonly value: number; readonly end: number } {
  let value = 0;
  let end = at;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[end++];
    value |= (byte & 127) << shift;
    if (byte < 128) return { value: value >>> 0, end };
    if (end >= bytes.length) return { value: 0, end: bytes.length };
  }
}

// Text to UTF-8 and back, refusing what UTF-8 cannot hold, and the byte order of names.
// Both coders belong to every JavaScript host, but to no ECMAScript library file, hence the declarations.

declare const TextDecoder: {
  new (label: string, options: { fatal: boolean; ignoreBOM: boolean }): { decode(bytes: Uint8Array): string };
};
declare const TextEncoder: { new (): { encode(text: string): Uint8Array } };

/** The text, or undefined where the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    // A copy, because browsers do not decode shared memory.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(new Uint8Array(bytes));
  } catch {
    return undefined;
  }
}

export function encodeUtf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** False where a surrogate stands alone: such text has no UTF-8 form. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** Order of the UTF-8 bytes, which is the order of code points and not that of UTF-16 units. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = codePointOrder(a.charCodeAt(i)) - codePointOrder(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

// Surrogates stand for code points above every other unit, so they change places with U+E000..U+FFFF.
function codePointOrder(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

// PNG chunks that hold no pixels and that decoders unfold all the same: compressed texts may be megabytes each, hundreds in a file.

const dropped = new Set(["tEXt", "zTXt", "iTXt", "sPLT"]);

/** The same image without texts and suggested palettes, and with one color profile or none; the same bytes where there are no such chunks. */
export function stripPng(bytes: Uint8Array, { profile }: { readonly profile: boolean }): Uint8Array {
  const kept: Uint8Array[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let profiles = profile ? 0 : 1;
  let from = 0;
  for (let at = 8; at + 8 <= bytes.length;) {
    const end = at + 12 + view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (type === "iCCP") profiles++;
    if (dropped.has(type) || (type === "iCCP" && profiles > 1)) {
      kept.push(bytes.subarray(from, at));
      from = Math.min(end, bytes.length);
    }
    at = end;
  }
  return from === 0 ? bytes : Buffer.concat([...kept, bytes.subarray(from)]);
}

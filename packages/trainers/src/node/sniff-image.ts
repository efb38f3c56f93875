// Recognizes a file by its first bytes. Only formats on the list below are handed to the decoder: a name says nothing, and a
// decoder that guesses would also rasterize SVG or PDF.

import { bmpHeaders } from "./read-bmp.ts";

export type SniffedType = {
  /** What the bytes are, in words. */
  readonly name: string;
  readonly supported: boolean;
};

/** How many bytes `sniffImage` looks at. */
export const SNIFF_LENGTH = 1024;

type Signature = { readonly name: string; readonly supported: boolean; readonly at?: number; readonly bytes: string };

// Bytes as Latin-1 text.
const signatures: readonly Signature[] = [
  { name: "JPEG", supported: true, bytes: "\xff\xd8\xff" },
  { name: "PNG", supported: true, bytes: "\x89PNG\r\n\x1a\n" },
  { name: "GIF", supported: true, bytes: "GIF87a" },
  { name: "GIF", supported: true, bytes: "GIF89a" },
  { name: "TIFF", supported: true, bytes: "II*\0" },
  { name: "TIFF", supported: true, bytes: "MM\0*" },
  { name: "TIFF", supported: true, bytes: "II+\0\x08\0\0\0" },
  { name: "TIFF", supported: true, bytes: "MM\0+\0\x08\0\0" },
  { name: "WebP", supported: true, at: 8, bytes: "WEBP" },
  { name: "JPEG XL", supported: false, bytes: "\xff\x0a" },
  { name: "JPEG XL", supported: false, bytes: "\0\0\0\x0cJXL " },
  { name: "JPEG 2000", supported: false, bytes: "\0\0\0\x0cjP  " },
  { name: "JPEG 2000", supported: false, bytes: "\xff\x4f\xff\x51" },
  { name: "PDF", supported: false, bytes: "%PDF-" },
  { name: "PostScript", supported: false, bytes: "%!PS" },
  { name: "Photoshop", supported: false, bytes: "8BPS" },
  { name: "ICO", supported: false, bytes: "\0\0\x01\0" },
  { name: "ZIP", supported: false, bytes: "PK\x03\x04" },
  { name: "gzip", supported: false, bytes: "\x1f\x8b" },
  { name: "Git LFS pointer (the image itself was not fetched)", supported: false, bytes: "version https://git-lfs" },
];

/** Names the type of a file from its beginning, `SNIFF_LENGTH` bytes or all of it. */
export function sniffImage(head: Uint8Array): SniffedType {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, SNIFF_LENGTH)).toString("latin1");
  if (text.length === 0) return { name: "nothing (0 bytes)", supported: false };
  if (isBmp(text)) return { name: "BMP", supported: true };
  if (isPnm(text)) return { name: "PNM", supported: true };
  const found = signatures.find(({ at = 0, bytes }) => text.startsWith(bytes, at));
  if (found) return { name: found.name, supported: found.supported };
  return sniffHeif(text) ?? { name: sniffText(text) ?? unknown(text), supported: false };
}

// Two letters are no signature: the header's size follows at a fixed place.
function isBmp(text: string): boolean {
  if (!text.startsWith("BM") || text.length < 18) return false;
  return bmpHeaders.includes(text.charCodeAt(14)) && /^\0{3}$/.test(text.slice(15, 18));
}

function isPnm(text: string): boolean {
  return /^P[1-6]\s+(#[^\r\n]*[\r\n]\s*)*\d+\s/.test(text);
}

// ISO media files list their brands after "ftyp"; AVIF is the one brand of HEIF that the decoder holds.
function sniffHeif(text: string): SniffedType | undefined {
  if (!text.startsWith("ftyp", 4)) return undefined;
  const length = Math.max(16, text.charCodeAt(2) * 256 + text.charCodeAt(3));
  const brands = text.slice(8, length);
  if (/avi[fs]/.test(brands)) return { name: "AVIF", supported: true };
  const name = /hei[cxms]|hev[cx]|mif1|msf1/.test(brands) ? "HEIC" : "ISO media (video)";
  return { name, supported: false };
}

function sniffText(text: string): string | undefined {
  const start = text.replace(/^\xef\xbb\xbf/, "").trimStart();
  if (/^<(!doctype\s+html|html|head|body)/i.test(start)) return "HTML text";
  if (/^<svg/i.test(start) || (/^<[?!]/.test(start) && /<svg/i.test(start))) return "SVG";
  if (/^<\?xml/i.test(start)) return "XML text";
  if (/^P7\s/.test(text)) return "PAM";
  const printable = [...text].every((character) => /[\t\r\n\x20-\x7e\x80-\xff]/.test(character));
  return printable ? "text" : undefined;
}

function unknown(text: string): string {
  if (/^\0+$/.test(text)) return "zero bytes";
  return `an unknown type (${Buffer.from(text.slice(0, 8), "latin1").toString("hex")})`;
}

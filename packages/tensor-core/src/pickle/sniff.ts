// What a file is, by its first and last bytes. Half of the reports of "broken weights" are an HTML page or a pointer file.
import { latin1 } from "./latin1.ts";
import { findZipEnd } from "./zip.ts";

export type FileKind =
  | "safetensors"
  | "torch-zip"
  | "torch-legacy"
  | "pickle"
  | "zip"
  | "truncated-zip"
  | "gzip"
  | "html"
  | "lfs-pointer"
  | "wget-log"
  | "empty"
  | "unknown";

const descriptions: Readonly<Record<FileKind, string>> = {
  safetensors: "a safetensors file (read it with readSafetensors)",
  "torch-zip": "a PyTorch checkpoint (zip)",
  "torch-legacy": "a PyTorch checkpoint (before 1.6)",
  pickle: "a pickle that torch.save did not write",
  zip: "a zip archive without data.pkl in it",
  "truncated-zip": "a zip archive that was cut off (download it again)",
  gzip: "a gzip file (unpack it first)",
  html: "an HTML page (a download link that answered with a page)",
  "lfs-pointer": "a Git-LFS pointer (run git lfs pull for the file itself)",
  "wget-log": "a log of wget (the file itself lies elsewhere)",
  empty: "an empty file",
  unknown: "a file of unknown format",
};

/** The first 15 bytes of torch's old container: a pickle of its magic number, after the protocol's number. */
const magic = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];

/**
 * What a file is, from its whole bytes; nothing but its format is judged.
 *
 * ```ts
 * sniffFile(new TextEncoder().encode("<!DOCTYPE html><html>")); // "html"
 * ```
 */
export function sniffFile(bytes: Uint8Array): FileKind {
  if (bytes.length === 0) return "empty";
  if (startsWith(bytes, 0, [0x50, 0x4b, 0x03, 0x04])) return sniffZip(bytes);
  if (startsWith(bytes, 0, [0x1f, 0x8b])) return "gzip";
  if (bytes[0] === 0x80 && (bytes[1] as number) >= 2 && (bytes[1] as number) <= 5) {
    return startsWith(bytes, 2, magic) ? "torch-legacy" : "pickle";
  }
  const start = latin1(bytes.subarray(0, 512))
    .replace(/^\u00ef\u00bb\u00bf/, "")
    .trimStart()
    .toLowerCase();
  if (/^(<!--[^]*?-->\s*)?<(!doctype html|html|head|body)\b/.test(start)) return "html";
  if (start.startsWith("version https://git-lfs.github.com/spec/")) return "lfs-pointer";
  if (/^--\d{4}-\d\d-\d\d \d\d:\d\d:\d\d--\s/.test(start)) return "wget-log";
  return isSafetensors(bytes) ? "safetensors" : "unknown";
}

/** The kind in words, with what to do about it, for messages. */
export function describeFile(kind: FileKind): string {
  return descriptions[kind];
}

function sniffZip(bytes: Uint8Array): FileKind {
  if (findZipEnd(bytes) < 0) return "truncated-zip";
  // torch.save writes data.pkl first; archives packed again by other tools may not, so the tail is searched too.
  const nameLength = (bytes[26] as number) + 256 * (bytes[27] as number);
  const first = latin1(bytes.subarray(30, 30 + nameLength));
  if (first.endsWith("/data.pkl")) return "torch-zip";
  const tail = latin1(bytes.subarray(Math.max(0, bytes.length - (1 << 20))));
  return tail.includes("/data.pkl") ? "torch-zip" : "zip";
}

function isSafetensors(bytes: Uint8Array): boolean {
  if (bytes.length < 10) return false;
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  return length >= 2 && length <= bytes.length - 8 && bytes[8] === 0x7b;
}

function startsWith(bytes: Uint8Array, at: number, expected: ReadonlyArray<number>): boolean {
  return expected.every((byte, i) => bytes[at + i] === byte);
}

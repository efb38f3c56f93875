// What a file is, by its first and last bytes. Half of the reports of "broken weights" are an HTML page or a pointer file.
import { latin1 } from "./latin1.ts";
import { findZipEnd } from "./zip.ts";
import { readRanges } from "../files/ranges.ts";
import type { RangeReader } from "../files/ranges.ts";

export type FileKind =
  | "safetensors"
  | "torch-zip"
  | "torch-legacy"
  | "pickle"
  | "zip"
  | "truncated-zip"
  | "gzip"
  | "tar"
  | "html"
  | "lfs-pointer"
  | "wget-log"
  | "empty"
  | "unknown";

const descriptions: Readonly<Record<FileKind, string>> = {
  safetensors: "a safetensors file (read it with readSafetensors)",
  "torch-zip": "a PyTorch checkpoint (zip)",
  "torch-legacy": "a PyTorch checkpoint (before 1.6)",
  pickle: "a pickle that torch.save did not write (load it in Python and torch.save its weights)",
  zip: "a zip archive without data.pkl in it (of torch.export, torch.package or another program: torch.save its weights)",
  "truncated-zip": "a zip archive that was cut off (download it again)",
  gzip: "a gzip file (unpack it first)",
  tar: "a tar archive (unpack it; if PyTorch before 0.2 wrote it, open it with torch.load and torch.save its weights)",
  html: "an HTML page (a download link that answered with a page)",
  "lfs-pointer": "a Git-LFS pointer (run git lfs pull for the file itself)",
  "wget-log": "a log of wget (the file itself lies elsewhere)",
  empty: "an empty file",
  unknown: "a file of unknown format",
};

/** How torch's old container begins: a pickle of its magic number, in protocols below 2, of 2 and 3, and in a frame. */
const legacyStart =
  /^(L119547037146038801333356L?\n|(\x80[\x01-\x03]|\x80[\x04-\xff]\x95[^]{8})\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19)\./;
const tarStart = 257;

/**
 * What a file is, from its whole bytes; nothing but its format is judged.
 *
 * ```ts
 * sniffFile(new TextEncoder().encode("<!DOCTYPE html><html>")); // "html"
 * ```
 */
export function sniffFile(bytes: Uint8Array): FileKind {
  return readRanges(sniffRanges(bytes.length), bytes);
}

const headBytes = 512;
const tailBytes = 1 << 20;

/** The same from a head of 512 bytes and, for a zip archive, the last MiB. */
export function* sniffRanges(size: number): RangeReader<FileKind> {
  if (size === 0) return "empty";
  const bytes = yield { start: 0, end: Math.min(size, headBytes) };
  // First, because a header of 640 bytes begins as a pickle does, and others as gzip; neither has a brace at byte 8.
  if (isSafetensors(bytes, size)) return "safetensors";
  if (startsWith(bytes, 0, [0x50, 0x4b, 0x03, 0x04])) return yield* sniffZip(bytes, size);
  if (startsWith(bytes, 0, [0x1f, 0x8b])) return "gzip";
  if (legacyStart.test(latin1(bytes.subarray(0, 64)))) return "torch-legacy";
  if (bytes[0] === 0x80 && (bytes[1] as number) >= 2 && (bytes[1] as number) <= 5) return "pickle";
  if (latin1(bytes.subarray(tarStart, tarStart + 5)) === "ustar") return "tar";
  const start = latin1(bytes)
    .replace(/^\u00ef\u00bb\u00bf/, "")
    .trimStart()
    .toLowerCase();
  if (/^(<!--[^]*?-->\s*)?<(!doctype html|html|head|body)\b/.test(start)) return "html";
  if (start.startsWith("version https://git-lfs.github.com/spec/")) return "lfs-pointer";
  if (/^--\d{4}-\d\d-\d\d \d\d:\d\d:\d\d--\s/.test(start)) return "wget-log";
  return "unknown";
}

/** The kind in words, with what to do about it, for messages. */
export function describeFile(kind: FileKind): string {
  return descriptions[kind];
}

function* sniffZip(head: Uint8Array, size: number): RangeReader<FileKind> {
  if ((yield* findZipEnd(size)) < 0) return "truncated-zip";
  // torch.save writes data.pkl first; archives packed again by other tools may not, so the tail is searched too.
  const nameEnd = 30 + (head[26] ?? 0) + 256 * (head[27] ?? 0);
  const start = nameEnd <= head.length ? head : yield { start: 0, end: Math.min(size, nameEnd) };
  const first = latin1(start.subarray(30, nameEnd));
  if (first.endsWith("/data.pkl")) return "torch-zip";
  const tail = latin1(yield { start: Math.max(0, size - tailBytes), end: size });
  return tail.includes("/data.pkl") ? "torch-zip" : "zip";
}

function isSafetensors(head: Uint8Array, size: number): boolean {
  if (size < 10) return false;
  const length = Number(new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true));
  return length >= 2 && length <= size - 8 && head[8] === 0x7b;
}

function startsWith(bytes: Uint8Array, at: number, expected: ReadonlyArray<number>): boolean {
  return expected.every((byte, i) => bytes[at + i] === byte);
}

// What reading an image file once has told: whether it decodes, how large it is, what its bytes are; and the stamp by which a
// later look sees that it is still the same file.
import { createHash } from "node:crypto";
import { promises as files, type Stats } from "node:fs";
import { decodeWithFacts, type DecodeOptions } from "./decode-image.ts";
import { fileErrorReason, imageError, isImageError } from "./image-error.ts";
import { readImageFile } from "./read-file.ts";
import { sniffImage } from "./sniff-image.ts";

/** A file's state as its file system tells it. Time of change and number tell also files that were renamed over one another. */
export type FileStamp = {
  /** In bytes. */
  readonly size: number;
  /** Times of the last writing, and of the last change of bytes, name or rights, in ms since 1970. */
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  /** The file's number in its file system. */
  readonly inode: number;
};

/** What is known of an image file. */
export type ImageFacts = {
  /** Why it cannot be read. */
  readonly problem?: string;
  /** Of the upright image in pixels, where it can be read. */
  readonly width?: number;
  readonly height?: number;
  /** Of the file: channels, alpha among them, and bits a sample. */
  readonly channels?: number;
  readonly depth?: 8 | 16;
  /** SHA-256 of the file's bytes in hex, where all were read. */
  readonly sha256?: string;
  /** The file's state before it was read; none of one that is not there. */
  readonly stamp?: FileStamp;
};

/**
 * Reads and decodes an image file. What is wrong with the file is told in `problem`.
 * @throws RangeError for options that `decodeImage` does not take.
 */
export async function readImageFacts(path: string | Buffer, options: DecodeOptions = {}): Promise<ImageFacts> {
  const name = path.toString();
  let facts: ImageFacts = {};
  try {
    facts = { stamp: await fileStamp(path) };
    const bytes = await readImageFile(path);
    // Of others only the beginning was read.
    if (sniffImage(bytes).supported) {
      facts = { ...facts, sha256: createHash("sha256").update(bytes).digest("hex") };
    }
    const { image, channels, depth } = await decodeWithFacts(bytes, name, options);
    return { ...facts, width: image.width, height: image.height, channels, depth };
  } catch (error) {
    if (!isImageError(error)) throw error;
    return { ...facts, problem: error.reason };
  }
}

/**
 * The state of a file.
 * @throws ImageError when there is none.
 */
export async function fileStamp(path: string | Buffer): Promise<FileStamp> {
  const { size, mtimeMs, ctimeMs, ino } = await files.stat(path).catch((error: unknown): Stats => {
    throw imageError("readImageFacts", path.toString(), fileErrorReason(error), error);
  });
  return { size, mtimeMs, ctimeMs, inode: ino };
}

/** Whether a file is as it was. */
export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs && a.inode === b.inode;
}

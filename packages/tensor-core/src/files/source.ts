// A file whose bytes are read range by range, wherever they lie: in memory, in a Blob, on a disk, in a cache. A checkpoint
// can be larger than any array, so nothing that reads one asks for the whole.
import { FileError } from "./error.ts";

/** A file of known size. */
export interface FileSource {
  /** For messages: a path, a name or an address. */
  readonly name: string;
  readonly size: number;
  /**
   * The bytes from `start` up to `end`. They may be a view of the source's own memory: do not write to them.
   * @throws FileError "Read" for a range that is not in the file, and where fewer bytes came
   */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** The part of a `Blob` or `File` that is used here. */
export interface BlobLike {
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** No array of a browser holds more for certain. */
const maxWholeBytes = 2 ** 31;

/** Bytes in memory as a source. Ranges are views, nothing is copied. */
export function bytesSource(bytes: Uint8Array, name = "(bytes)"): FileSource {
  return checkedSource(name, bytes.length, async (start, end) => bytes.subarray(start, end));
}

/** A `Blob` or a `File`, such as one that was dropped on a page; ranges are read when they are asked for. */
export function blobSource(blob: BlobLike & { readonly name?: string }, name = blob.name ?? "(blob)"): FileSource {
  return checkedSource(name, blob.size, async (start, end) => {
    try {
      return new Uint8Array(await blob.slice(start, end).arrayBuffer());
    } catch (cause) {
      // Browsers only say that a file which changed since it was chosen cannot be read.
      const message = `[read] expected bytes ${start} to ${end} of ${name}, got an error: ${String(cause)}`;
      throw new FileError("Read", message, { cause });
    }
  });
}

/** A source that checks every range it is asked for, and that as many bytes came. */
export function checkedSource(
  name: string,
  size: number,
  read: (start: number, end: number) => Promise<Uint8Array>,
): FileSource {
  return {
    name,
    size,
    async read(start, end) {
      if (!(Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end && end <= size)) {
        throw new FileError(
          "Read",
          `[read] expected a range within the ${size} bytes of ${name}, got [${start}, ${end})`,
        );
      }
      const bytes = await read(start, end);
      if (bytes.length !== end - start) {
        throw new FileError(
          "Read",
          `[read] expected ${end - start} bytes from byte ${start} of ${name}, got ${bytes.length}: the file changed`,
        );
      }
      return bytes;
    },
  };
}

/**
 * A whole file as one array, for readers that need it so. Weights are better opened with `openTensors`.
 * @throws FileError "TooLarge" above 2 GiB
 */
export async function readWhole(source: FileSource): Promise<Uint8Array> {
  if (source.size > maxWholeBytes) {
    throw new FileError(
      "TooLarge",
      `[readWhole] expected at most ${maxWholeBytes} bytes, got ${source.size}: read ${source.name} in ranges`,
    );
  }
  return source.read(0, source.size);
}

// Files opened so that nothing is waited for: a FIFO or a device is refused by what it is, never read.
import { constants, promises as files } from "node:fs";
import { fileErrorReason, imageError, isImageError } from "./image-error.ts";
import { SNIFF_LENGTH, sniffImage } from "./sniff-image.ts";

const MAX_FILE_BYTES = 2 ** 30;

/**
 * The bytes of an image file; of others no more than their beginning.
 * @throws ImageError when it cannot be read, is not regular, or is larger than 1 GiB
 */
export async function readImageFile(path: string | Buffer): Promise<Buffer> {
  try {
    return await readRegularFile(path);
  } catch (error) {
    throw isImageError(error) ? error : imageError("readImage", path.toString(), fileErrorReason(error), error);
  }
}

function readRegularFile(path: string | Buffer): Promise<Buffer> {
  return withHead(path, async (handle, head) => {
    const { size } = await handle.stat();
    if (size > MAX_FILE_BYTES) {
      throw imageError("readImage", path.toString(), `expected at most ${MAX_FILE_BYTES} bytes, got ${size}`);
    }
    return sniffImage(head).supported ? handle.readFile() : head;
  });
}

/**
 * The first bytes of a file, as many as `sniffImage` looks at.
 * @throws ImageError when it is not regular; the file system's error when it cannot be read
 */
export function readHead(path: string | Buffer): Promise<Buffer> {
  return withHead(path, async (_, head) => head);
}

async function withHead(
  path: string | Buffer,
  use: (handle: files.FileHandle, head: Buffer) => Promise<Buffer>,
): Promise<Buffer> {
  // Without blocking, so that opening a FIFO returns and its type can be looked at.
  const handle = await files.open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) {
      throw imageError("readImage", path.toString(), stats.isDirectory() ? "is a directory" : "is not a regular file");
    }
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(SNIFF_LENGTH), 0, SNIFF_LENGTH, 0);
    return await use(handle, buffer.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}

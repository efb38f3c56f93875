// Why an image could not be read, kept apart from the sentence so that reports can list path and reason.

export type ImageError = Error & { readonly path: string; readonly reason: string };

/** An error that names the file and the reason. */
export function imageError(caller: string, path: string, reason: string, cause?: unknown): ImageError {
  const error = new Error(`[${caller}] ${path}: ${reason}`, cause === undefined ? {} : { cause });
  return Object.assign(error, { path, reason });
}

/** Whether an error came from reading an image. */
export function isImageError(error: unknown): error is ImageError {
  return error instanceof Error && "path" in error && "reason" in error;
}

/** The reason behind a failed call of the file system, in words. */
export function fileErrorReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: "does not exist (vanished, or a link to nothing)",
    EACCES: "may not be read (no permission)",
    EPERM: "may not be read (not permitted)",
    ELOOP: "is a link that leads to itself",
    ENXIO: "is not a regular file",
    EISDIR: "is a directory",
    EIO: "could not be read (device error)",
  };
  return code && code in reasons ? reasons[code] : message;
}

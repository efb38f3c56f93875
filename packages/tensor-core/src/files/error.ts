// What can be wrong with a file before its format is known: it cannot be read, is none of ours, or came damaged.

export type FileErrorCode =
  /** A range outside the file, fewer bytes than asked for, or an error of the operating system. */
  | "Read"
  /** No such file or address. */
  | "Missing"
  /** Neither safetensors nor a PyTorch checkpoint. */
  | "Format"
  /** The file or its transfer ended too early. */
  | "Truncated"
  /** No room in the cache, or no permission to write there. */
  | "Write"
  /** More bytes than one array can hold. */
  | "TooLarge"
  /** A server that answered with an error, or did not answer. */
  | "Download"
  /** Other bytes than the SHA-256 says. */
  | "Checksum";

/** A file that cannot be used. `code` says why, the message names the file and the numbers. */
export class FileError extends Error {
  override readonly name = "FileError";
  readonly code: FileErrorCode;

  constructor(code: FileErrorCode, message: string, options?: { readonly cause: unknown }) {
    super(message, options);
    this.code = code;
  }
}

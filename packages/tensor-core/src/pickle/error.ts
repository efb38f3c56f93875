// What can be wrong with a PyTorch checkpoint, and what is refused in one. A refusal always names the opcode or the global.

export type PickleErrorCode =
  /** Not a PyTorch checkpoint at all: an HTML page, a Git-LFS pointer, another archive. */
  | "Format"
  /** The file ends too early. */
  | "Truncated"
  /** A zip archive with broken, overlapping, repeated, encrypted or compressed records. */
  | "Archive"
  /** A record's CRC-32 differs from the one in the archive's directory. */
  | "Checksum"
  /** Written by a big-endian machine. */
  | "ByteOrder"
  /** An opcode that is not on the list. */
  | "Opcode"
  /** A global that is not on the list. */
  | "Global"
  /** A listed global or opcode with other operands than PyTorch writes. */
  | "Operand"
  /** The stack, a mark or the memo does not hold what an opcode needs. */
  | "Stack"
  /** A storage that is missing, has another size, or does not hold its tensor's elements. */
  | "Storage"
  /** Two tensors with one dotted name, or a value that contains itself. */
  | "Tree"
  /** More steps, depth, stack, memo, text, tensors or copied bytes than `PickleLimits` allows. */
  | "Limit";

/** A checkpoint that is broken or refused. `code` says why; `offset` is the byte in the file, where there is one. */
export class PickleError extends Error {
  override readonly name = "PickleError";
  readonly code: PickleErrorCode;
  readonly offset: number | undefined;

  constructor(code: PickleErrorCode, message: string, offset?: number) {
    super(`[readTorchFile] ${message}${offset === undefined ? "" : ` at byte ${offset}`}`);
    this.code = code;
    this.offset = offset;
  }
}

// What can be wrong with a PyTorch checkpoint, and what is not read in one. A message says which of the two it is, and what to do.

export type PickleErrorCode =
  /** Not a PyTorch checkpoint at all: an HTML page, a Git-LFS pointer, another archive. */
  | "Format"
  /** The file ends too early. */
  | "Truncated"
  /** A zip archive with broken, overlapping or repeated records. */
  | "Archive"
  /** A record's CRC-32 differs from the one in the archive's directory. */
  | "Checksum"
  /** A byte that is no opcode of pickle. */
  | "Opcode"
  /** An opcode, or a constructor that is known here, with other operands than it takes. */
  | "Operand"
  /** The stack, a mark or the memo does not hold what an opcode needs. */
  | "Stack"
  /** A storage that is missing, has another size, or does not hold its tensor's elements. */
  | "Storage"
  /** Sound as far as it was read, with something in it that is not read here: TorchScript, compressed records, EXT codes. */
  | "Unsupported"
  /** Two tensors with one dotted name. */
  | "Tree"
  /** More steps, depth, stack, memo, text, tensors or held bytes than `PickleLimits` allows. */
  | "Limit";

const damages: ReadonlySet<PickleErrorCode> = new Set([
  "Truncated",
  "Archive",
  "Checksum",
  "Opcode",
  "Operand",
  "Stack",
  "Storage",
]);
const ways: Readonly<Record<"damaged" | "Unsupported" | "Tree" | "Limit" | "Format", string>> = {
  damaged: "; the file is damaged: copy or download it again",
  Unsupported: resave(""),
  Tree: resave(""),
  Limit: resave("raise the limit, or "),
  // What another kind of file is comes with what to do about it.
  Format: "",
};
const maxMessage = 2000;

function resave(first: string): string {
  return `; to read it, ${first}save its weights alone, as torch.save(dict(model.state_dict()), "weights.pth") or as safetensors`;
}

/**
 * A checkpoint that is broken or not read. `code` says why; `offset` is the byte in the file, where there is one; `damaged`
 * tells files that no program can read whole from those that are only not read here.
 */
export class PickleError extends Error {
  override readonly name = "PickleError";
  readonly code: PickleErrorCode;
  readonly offset: number | undefined;
  readonly damaged: boolean;

  /** @param way What to do about it, where that is not the advice of the code. */
  constructor(code: PickleErrorCode, message: string, offset?: number, way?: string) {
    const damaged = damages.has(code);
    const advice = way ?? ways[damaged ? "damaged" : (code as keyof typeof ways)];
    super(`[readTorchFile] ${clip(message)}${offset === undefined ? "" : ` at byte ${offset}`}${advice}`);
    this.code = code;
    this.offset = offset;
    this.damaged = damaged;
  }
}

// Names in a file may be as long as the file.
function clip(message: string): string {
  return message.length > maxMessage ? `${message.slice(0, maxMessage)}...` : message;
}

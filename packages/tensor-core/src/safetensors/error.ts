// What can be wrong with a safetensors file. The codes follow the reference implementation (safetensors: src/tensor.rs);
// DuplicateKey and UnknownDtype are set apart here because a caller may want to tell them from broken JSON.

export type SafetensorsErrorCode =
  | "HeaderTooLarge"
  | "HeaderTooSmall"
  | "InvalidHeaderLength"
  | "InvalidHeader"
  | "InvalidHeaderStart"
  | "InvalidOffset"
  | "MetadataIncompleteBuffer"
  | "ValidationOverflow"
  | "TensorInvalidInfo"
  | "DuplicateKey"
  | "UnknownDtype";

/** A file or a tensor that breaks the format. `code` says which rule, the message gives names and numbers. */
export class SafetensorsError extends Error {
  override readonly name = "SafetensorsError";
  readonly code: SafetensorsErrorCode;

  constructor(code: SafetensorsErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

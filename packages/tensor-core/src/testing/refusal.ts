// What a file of torch.save is refused with, for tests of what is refused and of what is not.
import { PickleError, readTorchFile } from "../pickle/index.ts";
import type { PickleLimits } from "../pickle/index.ts";

/** @throws if the file is read, or ends otherwise */
export function refusalOf(bytes: Uint8Array, options: Partial<PickleLimits> = {}): PickleError {
  try {
    readTorchFile(bytes, options);
  } catch (error) {
    if (error instanceof PickleError) return error;
    throw error;
  }
  throw new Error("expected a PickleError, got a checkpoint");
}

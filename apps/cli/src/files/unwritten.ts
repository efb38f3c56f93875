// What is said of a file that could not be written: its own name, not that which it has meanwhile.
import { writeErrorReason } from "@beitjs/trainers/node";
import { messageOf } from "../program/exit-codes.ts";

export function unwritten(path: string, cause: unknown): Error {
  const { code, message } = cause as NodeJS.ErrnoException;
  const reason = writeErrorReason(cause);
  const told = reason === message || code === undefined ? messageOf(cause) : `${code}: ${reason}`;
  return new Error(`could not write ${path}: ${told}`, { cause });
}

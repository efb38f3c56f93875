// One image file to what a model sees of it, in this thread or in another: the messages between them.
import { evalView, type EvalViewOptions } from "@beitjs/trainers";
import { isImageError, readImage } from "@beitjs/trainers/node";

/** Bytes where a name may be no valid Unicode. */
export type ImagePath = string | Uint8Array;

export type ViewRequest = { readonly id: number; readonly path: ImagePath; readonly view: EvalViewOptions };

export type ViewReply =
  | { readonly id: number; readonly pixels: Float32Array }
  | {
      readonly id: number;
      readonly message: string;
      readonly problem?: { readonly path: string; readonly reason: string };
    };

/** Reads, decodes and resizes. [size, size, channels] */
export async function viewOfFile(path: ImagePath, view: EvalViewOptions): Promise<Float32Array> {
  return evalView(await readImage(typeof path === "string" ? path : Buffer.from(path)), view);
}

/** An error as a message; what names a bad file survives, unlike in a copied Error. */
export function failureReply(id: number, error: unknown): ViewReply {
  const { message } = error as Error;
  if (!isImageError(error)) return { id, message };
  return { id, message, problem: { path: error.path, reason: error.reason } };
}

/** The same error on the other side. */
export function errorOf({ message, problem }: Extract<ViewReply, { message: string }>): Error {
  return Object.assign(new Error(message), problem);
}

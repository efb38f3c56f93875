// One image file to what a model sees of it, or to what is known of it, in this thread or in another: the messages between them.
import { evalView, type EvalViewOptions } from "@beitjs/trainers";
import {
  isImageError,
  readImage,
  readImageFacts,
  type DecodeBudget,
  type DecodeOptions,
  type ImageFacts,
} from "@beitjs/trainers/node";

/** Bytes where a name may be no valid Unicode. */
export type ImagePath = string | Uint8Array;

/** What every thread is told: images in work at a time and their memory, of all threads together, and how many threads there are. */
export type ViewThreadData = { readonly atATime: number; readonly threads: number; readonly budget: DecodeBudget };

export type ViewRequest = {
  readonly path: ImagePath;
  readonly view: EvalViewOptions;
  readonly decoding: DecodeOptions;
};

export type FactsRequest = Pick<ViewRequest, "path" | "decoding">;

export type ViewFailure = {
  readonly message: string;
  readonly problem?: { readonly path: string; readonly reason: string };
};

/** [H, W, channels] */
export type ViewReply = Float32Array | ViewFailure;

/** Reads, decodes and resizes. [H, W, channels] */
export async function viewOfFile({ path, view, decoding }: ViewRequest, budget: DecodeBudget): Promise<Float32Array> {
  return evalView(await readImage(pathOf(path), { ...decoding, budget }), view);
}

/** Reads and decodes, and tells what was found out. */
export function factsOfFile({ path, decoding }: FactsRequest, budget: DecodeBudget): Promise<ImageFacts> {
  return readImageFacts(pathOf(path), { ...decoding, budget });
}

// Bytes arrive as plain ones from another thread.
function pathOf(path: ImagePath): string | Buffer {
  return typeof path === "string" ? path : Buffer.from(path);
}

/** An error as a message; what names a bad file survives, unlike in a copied Error. */
export function failureOf(error: unknown): ViewFailure {
  const { message } = error as Error;
  if (!isImageError(error)) return { message };
  return { message, problem: { path: error.path, reason: error.reason } };
}

/** The same error on the other side. */
export function errorOf({ message, problem }: ViewFailure): Error {
  return Object.assign(new Error(message), problem);
}

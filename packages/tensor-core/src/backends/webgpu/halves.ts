// With mixed precision, what products made and what they will take is stored in f16: a product rounds its factors to that
// anyway, so of those no bit is lost. Kernels of products and what stands between them read and write it as it is; all
// others are given f32 (context.ts).
import type { DType } from "../../backend.ts";
import { INVOCATIONS, inOneRow, type Dispatcher } from "./dispatch.ts";
import type { Bound } from "./memory.ts";

/** Outputs by op and name that are stored in f16. */
const halves: ReadonlySet<string> = new Set([
  "LayerNorm.y",
  "Attention.y",
  "LinearGelu.y",
  "LinearGelu.before",
  "LinearQkv.y",
  "LinearResidual.branch",
]);

/** Whether an output is stored in f16. Shaders read quads, so sizes are multiples of four. */
export function isStoredInHalves(size: number, dtype: DType, result: string | undefined): boolean {
  return dtype === "float32" && size % 4 === 0 && result !== undefined && halves.has(result);
}

/** to = the `size` values in f16 of `from`, in f32. */
export function widen(dispatcher: Dispatcher, from: Bound, to: Bound, size: number): void {
  convert(dispatcher, "widen", from, to, size / 4);
}

/** to = the `size` values in f32 of `from`, in f16. Beyond its range comes NaN. */
export function narrow(dispatcher: Dispatcher, from: Bound, to: Bound, size: number): void {
  convert(dispatcher, "narrow", from, to, size / 4);
}

function convert(dispatcher: Dispatcher, entry: string, from: Bound, to: Bound, quads: number): void {
  const groups = inOneRow(Math.ceil(quads / INVOCATIONS));
  dispatcher.run(entry, { shader: "halves", entry }, { reads: [from], writes: [to], sizes: [quads], groups });
}

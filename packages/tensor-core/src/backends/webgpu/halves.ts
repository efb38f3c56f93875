// With mixed precision, what products made and what they will take is stored in f16: a product rounds its factors to that
// anyway, so of those no bit is lost. Kernels of products and what stands between them read and write it as it is; all
// others are given f32 (context.ts).
import type { DType } from "../../backend.ts";
import { INVOCATIONS, inOneRow, type Dispatcher } from "./dispatch.ts";
import type { DeviceBuffer, WebgpuHandle } from "./memory.ts";

/** Outputs by op and name that are stored in f16. */
const halves: ReadonlySet<string> = new Set([
  "LayerNorm.y",
  "Attention.y",
  "LinearGelu.y",
  "LinearGelu.before",
  "LinearResidual.branch",
]);

/** Whether an output is stored in f16. Shaders read quads, so sizes are multiples of four. */
export function isStoredInHalves(size: number, dtype: DType, result: string | undefined): boolean {
  return dtype === "float32" && size % 4 === 0 && result !== undefined && halves.has(result);
}

/** to [size, f32] = what `from` stores in f16. */
export function widen(dispatcher: Dispatcher, { memory, size }: WebgpuHandle, to: DeviceBuffer): void {
  convert(dispatcher, "widen", memory, to, size / 4);
}

/** What `to` stores in f16 = from [size, f32]. Beyond the range of f16 comes NaN. */
export function narrow(dispatcher: Dispatcher, from: DeviceBuffer, { memory, size }: WebgpuHandle): void {
  convert(dispatcher, "narrow", from, memory, size / 4);
}

function convert(dispatcher: Dispatcher, entry: string, from: DeviceBuffer, to: DeviceBuffer, quads: number): void {
  const groups = inOneRow(Math.ceil(quads / INVOCATIONS));
  dispatcher.run(entry, { shader: "halves", entry }, { reads: [from], writes: [to], sizes: [quads], groups });
}

// Types of measure.mjs for our own workers.
import type { InferenceRequest, InferenceResult } from "../inference/settings.ts";

export type MeasuredModel = {
  call(): Promise<Float32Array | Int32Array>;
  facts?(): Promise<Partial<InferenceResult>>;
};

export function measure(
  request: Pick<InferenceRequest, "minimumCalls" | "seconds" | "output">,
  open: () => Promise<MeasuredModel>,
): Promise<void>;

// The backends of a page: SIMD with the threads that the page may have; WebGPU where there is a real adapter.
import type { Backend } from "@beitjs/tensor-core";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { createWebgpuBackend, describeWebgpu } from "@beitjs/tensor-core/webgpu";
import type { Machine } from "../messages.ts";

export type Running = { readonly backend: Backend; readonly machine: Machine };

export async function startSimd(): Promise<Running> {
  const backend = await createSimdBackend();
  const { build, threads, reasons } = backend;
  return { backend, machine: { backend: `simd, ${build} build`, threads, reasons: [reasons.build, reasons.threads] } };
}

/**
 * A GPU if there is one, else SIMD, and why. `software` lets a driver that runs on the processor pass for a GPU: for tests.
 */
export async function startFastest({ software = false } = {}): Promise<Running> {
  try {
    const options = { allowSoftware: software };
    const { adapter, tier } = await describeWebgpu(options);
    const backend = await createWebgpuBackend(options);
    return { backend, machine: { backend: `webgpu, ${adapter}`, threads: 1, reasons: [`tier ${tier}`] } };
  } catch (error) {
    const simd = await startSimd();
    const reason = `no GPU: ${error instanceof Error ? error.message : String(error)}`;
    return { ...simd, machine: { ...simd.machine, reasons: [...simd.machine.reasons, reason] } };
  }
}

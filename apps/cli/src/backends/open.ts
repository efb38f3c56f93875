// The machine to compute on, chosen by flags, and said aloud: nobody should wonder why a run is slow.
import { formatBackend, type OpenedBackend } from "./facts.ts";
import type { BackendFlags } from "./flags.ts";
import { isSimdMissing, openReference, openSimd } from "./simd.ts";
import { isInstalled, openTfjs } from "./tfjs.ts";
import { openWebgpu, tryWebgpu } from "./webgpu.ts";
import type { Context } from "../program/command.ts";
import { messageOf, usageError } from "../program/exit-codes.ts";

export { formatBackend, type BackendFacts } from "./facts.ts";

/**
 * Opens the backend that the flags ask for and tells which it is; it is closed when the command ends.
 *
 * `auto` is webgpu on a GPU, else TensorFlow on a GPU where it is installed and works, else simd; the reference, with a
 * warning, only where simd cannot run at all. Flags that only simd understands make it simd.
 */
export async function openBackend(flags: BackendFlags, { terminal, onEnd }: Context): Promise<OpenedBackend> {
  const opened = await open(flags, terminal.warn);
  onEnd(() => opened.backend.dispose());
  terminal.info(`backend: ${formatBackend(opened.facts)}`);
  terminal.event("backend", opened.facts);
  return opened;
}

function open(flags: BackendFlags, warn: (text: string) => void): Promise<OpenedBackend> | OpenedBackend {
  const { backend: name, softwareGpu, mixed, threads, precision } = flags;
  if (mixed && name !== "webgpu") throw usageError(`expected --backend webgpu for --mixed, got ${name}`);
  if (name === "auto") return openAuto(flags, warn);
  if (name === "simd") return openSimd(threads, precision);
  if (precision !== undefined && precision !== "float32")
    throw usageError(`expected --backend simd for --precision ${precision}, got ${name}`);
  if (name === "reference") return openReference("asked for");
  return name === "webgpu" ? openWebgpu(softwareGpu, mixed ? "mixed" : "float32") : openTfjs(name);
}

async function openAuto(
  { softwareGpu, threads, precision = "float32" }: BackendFlags,
  warn: (text: string) => void,
): Promise<OpenedBackend> {
  const wantsSimd = threads !== undefined || precision !== "float32";
  const passedOver: string[] = [];
  for (const { name, openGpu } of wantsSimd ? [] : gpus(softwareGpu)) {
    try {
      return await openGpu();
    } catch (error) {
      passedOver.push(`no ${name}: ${messageOf(error)}`);
    }
  }
  try {
    const { backend, facts } = await openSimd(threads, precision);
    return { backend, facts: { ...facts, reason: [facts.reason, ...passedOver].join("; ") } };
  } catch (error) {
    if (!isSimdMissing(error)) throw error;
    warn(`simd is not available (${(error as Error).message}); the reference backend is very slow`);
    return openReference("simd is not available");
  }
}

// In the order of preference; `openGpu` throws the reason why not.
function gpus(
  softwareGpu: boolean,
): readonly { readonly name: string; readonly openGpu: () => Promise<OpenedBackend> }[] {
  const webgpu = { name: "webgpu", openGpu: () => tryWebgpu(softwareGpu) } as const;
  const addon = { name: "tensorflow-gpu", openGpu: () => openTfjs("tensorflow-gpu") } as const;
  return isInstalled("tensorflow-gpu") ? [webgpu, addon] : [webgpu];
}

// Every op on whatever tfjs the caller brings: cpu, wasm, webgl, webgpu, or TensorFlow itself through its Node addon. For
// machines that have a working tfjs and nothing faster; what tfjs computes wrongly is not used (see the README).
import type { Backend } from "../../backend.ts";
import { disposeSymbol } from "../../dispose-symbol.ts";
import type { Engine, TensorFlow } from "./engine.ts";
import { bindKernels } from "./implement.ts";
import * as allKernels from "./kernels/index.ts";
import { createMemory } from "./memory.ts";
import { restoreNullCheck } from "./node-util.ts";

export type { TensorFlow } from "./engine.ts";

export interface TfjsBackend extends Backend {
  /** The backend of tf that computes: `cpu`, `wasm`, `webgl`, `webgpu`, `tensorflow` … */
  readonly device: string;
}

// What is in the host's memory for certain.
const inHostMemory: ReadonlySet<string> = new Set(["cpu", "wasm"]);
// The others read a device asynchronously, or stall it.
const readableNow: ReadonlySet<string> = new Set(["cpu", "wasm", "tensorflow"]);

/**
 * Backend that computes with the `tf` it is given, on the backend `tf` has now: call `tf.setBackend` before. tf has one
 * backend per process, and it must stay while this one is used.
 *
 * @example
 * import * as tf from "@tensorflow/tfjs-core";
 * import "@tensorflow/tfjs-backend-wasm";
 *
 * await tf.setBackend("wasm");
 * const backend = await createTfjsBackend(tf);
 */
export async function createTfjsBackend(tf: TensorFlow): Promise<TfjsBackend> {
  await tf.ready();
  const engine: Engine = { tf, device: tf.getBackend() };
  if (engine.device === "tensorflow") restoreNullCheck();
  const memory = createMemory(tf);
  let disposed = false;
  const dispose = (): void => {
    disposed = true;
    memory.dispose();
  };
  return {
    name: `tfjs-${engine.device}`,
    device: engine.device,
    kernels: bindKernels(Object.values(allKernels), engine, memory),
    fallbacks: new Set(),
    scopes: [],
    memory: memory.usage,
    allocate: memory.allocate,
    free: memory.free,
    write: memory.write,
    read: memory.read,
    ...(readableNow.has(engine.device) && { readSync: memory.readSync }),
    ...(inHostMemory.has(engine.device) && { peek: memory.peek }),
    get disposed() {
      return disposed;
    },
    dispose,
    [disposeSymbol]: dispose,
  };
}

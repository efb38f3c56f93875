// The webgpu backend: WGSL kernels on a device of its own. GPU training and inference, in browsers and, through the npm
// package `webgpu`, in Node.
import { disposeSymbol } from "../../dispose-symbol.ts";
import { bindKernels } from "./context.ts";
import { describeAdapter, requestAdapter, requestDevice } from "./device.ts";
import { createDispatcher } from "./dispatch.ts";
import { isStoredInHalves, narrow, widen } from "./halves.ts";
import * as allKernels from "./kernels/index.ts";
import { createDryWebgpu } from "./dry-run.ts";
import { createMemory, largestBuffer, type WebgpuHandle } from "./memory.ts";
import type { WebgpuBackend, WebgpuDescription, WebgpuOptions, WebgpuProducts } from "./options.ts";

export type {
  GpuEntry,
  WebgpuBackend,
  WebgpuDescription,
  WebgpuOptions,
  WebgpuPrecision,
  WebgpuProducts,
  WebgpuTier,
} from "./options.ts";
export { dawnFlags } from "./device.ts";

/**
 * GPU backend. Its tensors are read with `read()`, never `readSync()`.
 *
 * @throws if there is no adapter, or only one that runs on the processor and `allowSoftware` is not set
 */
export async function createWebgpuBackend(options: WebgpuOptions = {}): Promise<WebgpuBackend> {
  const webgpu = await requestDevice(options);
  const { device, description, destroy } = webgpu;
  const { precision = "float32" } = options;
  const products = productsOf(precision, description);
  const dispatcher = createDispatcher(webgpu);
  const memory = createMemory({
    device,
    maximumBytes: options.maximumBytes ?? Infinity,
    onTrim() {
      // What is encoded and not submitted may use buffers that are about to be destroyed.
      dispatcher.flush();
      dispatcher.forgetBindGroups();
    },
  });
  const kernels = bindKernels(Object.values(allKernels), { dispatcher, memory, products });
  const reserved = memory.count;
  let disposed = false;
  const dispose = (): void => {
    if (!disposed) destroy();
    disposed = true;
  };
  return {
    name: "webgpu",
    ...description,
    precision,
    products,
    halfProducts: products !== "float32",
    kernels,
    fallbacks: new Set(),
    scopes: [],
    memory: () => ({ live: memory.live, peak: memory.peak, tensors: memory.count - reserved }),
    allocate(size, dtype, result): WebgpuHandle {
      const half = products !== "float32" && isStoredInHalves(size, dtype, result);
      return { memory: memory.allocate(size * (half ? 2 : 4)), size, dtype, half };
    },
    free: (handle) => memory.free((handle as WebgpuHandle).memory),
    write(handle, values) {
      const to = handle as WebgpuHandle;
      const array = to.dtype === "int32" ? new Int32Array(to.size) : new Float32Array(to.size);
      array.set(values);
      if (to.size === 0) return;
      const wide = to.half ? memory.allocate(to.size * 4) : to.memory;
      dispatcher.write(wide, new Uint8Array(array.buffer));
      if (!to.half) return;
      narrow(dispatcher, wide, to.memory, to.size);
      memory.free(wide);
    },
    async read(handle) {
      const from = handle as WebgpuHandle;
      if (from.size === 0) return from.dtype === "int32" ? new Int32Array() : new Float32Array();
      const wide = from.half ? memory.allocate(from.size * 4) : from.memory;
      if (from.half) widen(dispatcher, from.memory, wide, from.size);
      const reading = dispatcher.read(wide, from.size * 4);
      if (from.half) memory.free(wide);
      const bytes = await reading;
      return from.dtype === "int32" ? new Int32Array(bytes) : new Float32Array(bytes);
    },
    capacity: { bytes: options.maximumBytes ?? Infinity, tensorBytes: largestBuffer(device) },
    dryRun: () => createDryWebgpu(products),
    get disposed() {
      return disposed;
    },
    dispose,
    [disposeSymbol]: dispose,
  };
}

function productsOf(precision: WebgpuBackend["precision"], { tier }: WebgpuDescription): WebgpuProducts {
  if (precision === "float32") return "float32";
  return tier === "matrix" ? "matrix" : "half";
}

/**
 * The adapter that `createWebgpuBackend` would take: what it is, has and allows. Makes no device.
 *
 * @throws if there is no adapter
 */
export async function describeWebgpu(options: WebgpuOptions = {}): Promise<WebgpuDescription> {
  const { adapter, release } = await requestAdapter("describeWebgpu", options);
  try {
    return describeAdapter(adapter);
  } finally {
    release();
  }
}

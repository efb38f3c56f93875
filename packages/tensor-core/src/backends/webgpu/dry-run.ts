// The webgpu backend without a device: buffers that are counted and pooled as the device's are, and kernels that take their scratch and
// dispatch nothing.
import type { DryBackend, DType } from "../../backend.ts";
import { disposeSymbol } from "../../dispose-symbol.ts";
import { bindKernels } from "./context.ts";
import type { Dispatcher } from "./dispatch.ts";
import { isStoredInHalves } from "./halves.ts";
import * as allKernels from "./kernels/index.ts";
import { createMemory, type WebgpuHandle } from "./memory.ts";
import type { WebgpuProducts } from "./options.ts";

const noDevice = {
  limits: { maxBufferSize: Infinity, maxStorageBufferBindingSize: Infinity },
  createBuffer: () => ({ destroy: () => undefined }),
} as unknown as GPUDevice;

const noDispatcher: Dispatcher = {
  run() {},
  write() {},
  read: async (_, bytes) => new ArrayBuffer(bytes),
  flush() {},
  forgetBindGroups() {},
};

export function createDryWebgpu(products: WebgpuProducts): DryBackend {
  const memory = createMemory({ device: noDevice, maximumBytes: Infinity, onTrim() {} });
  const kernels = bindKernels(Object.values(allKernels), { dispatcher: noDispatcher, memory, products });
  const reserved = memory.count;
  return {
    name: "dry webgpu",
    halfProducts: products !== "float32",
    kernels,
    fallbacks: new Set(),
    scopes: [],
    memory: () => ({ live: memory.live, peak: memory.peak, tensors: memory.count - reserved }),
    usage: () => ({ peak: memory.peak, reserved: memory.reserved, largest: memory.largest }),
    allocate(size, dtype: DType, result): WebgpuHandle {
      const half = products !== "float32" && isStoredInHalves(size, dtype, result);
      return { memory: memory.allocate(size * (half ? 2 : 4)), size, dtype, half };
    },
    free: (handle) => memory.free((handle as WebgpuHandle).memory),
    write(handle) {
      const { half, size } = handle as WebgpuHandle;
      if (half) memory.free(memory.allocate(size * 4));
    },
    async read(handle) {
      const { half, size, dtype } = handle as WebgpuHandle;
      if (half) memory.free(memory.allocate(size * 4));
      return dtype === "int32" ? new Int32Array(size) : new Float32Array(size);
    },
    disposed: false,
    dispose() {},
    [disposeSymbol]() {},
  };
}

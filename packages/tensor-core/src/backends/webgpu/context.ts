// What a webgpu kernel binding sees: dispatches over tensors, and scratch buffers that go back when it returns.
import type { Backend, Kernel } from "../../backend.ts";
import type { AnyOp, BackwardArguments, ForwardArguments } from "../../ops/define-op.ts";
import { Tensor } from "../../tensor.ts";
import { INVOCATIONS, inOneRow, type Dispatcher } from "./dispatch.ts";
import { narrow, widen } from "./halves.ts";
import type { DeviceBuffer, Memory, WebgpuHandle } from "./memory.ts";
import type { WebgpuProducts } from "./options.ts";
import type { Program } from "./pipelines.ts";

/** What can be bound: a tensor, whose values a shader sees in f32, or scratch. */
export type Place = Tensor | DeviceBuffer;

export type Dispatch = {
  /** Absent ones are bound to a buffer of nothing; the shader must not read it. */
  readonly reads: readonly (Place | undefined)[];
  readonly writes: readonly Place[];
  /** u32 fields of the shader's `Parameters`, then its f32 fields. */
  readonly sizes?: readonly number[];
  readonly numbers?: readonly number[];
};

export interface Gpu {
  readonly products: WebgpuProducts;
  /** One invocation for each of `count` elements, in workgroups of `INVOCATIONS`. */
  elements(program: Program, count: number, dispatch: Dispatch): void;
  /** `count` workgroups, such as one for each row. */
  groups(program: Program, count: number, dispatch: Dispatch): void;
  /** Workgroups along up to three axes, each at most 65535 long. */
  grid(program: Program, size: readonly [number, number, number], dispatch: Dispatch): void;
  /** Uninitialized values until the kernel returns. */
  scratch(size: number): DeviceBuffer;
  /** Memory of a tensor that is stored in f16, for shaders that take it so; of others nothing. */
  halvesOf(place: Place | undefined): DeviceBuffer | undefined;
}

export type WebgpuKernel<Arguments extends readonly unknown[]> = (gpu: Gpu, ...args: Arguments) => void;
export type WebgpuKernels = ReadonlyMap<string, (gpu: Gpu, inputs: never, outputs: never, attributes: never) => void>;

/** Kernels of one op, typed by it. */
export function implement<O>(
  op: O,
  kernels: {
    readonly forward: WebgpuKernel<ForwardArguments<O>>;
    readonly backward?: WebgpuKernel<BackwardArguments<O>>;
  },
): WebgpuKernels {
  const { name } = op as AnyOp;
  const table = new Map<string, WebgpuKernel<never>>([[name, kernels.forward as unknown as WebgpuKernel<never>]]);
  if (kernels.backward) table.set(`${name}Grad`, kernels.backward as unknown as WebgpuKernel<never>);
  return table as unknown as WebgpuKernels;
}

export type Device = {
  readonly dispatcher: Dispatcher;
  readonly memory: Memory;
  readonly products: WebgpuProducts;
};

/** @internal Binds kernels to a device. */
export function bindKernels(tables: readonly WebgpuKernels[], device: Device): Backend["kernels"] {
  const bound = new Map<string, Kernel>();
  const { memory } = device;
  const nothing = memory.allocate(4);
  for (const table of tables) {
    for (const [name, kernel] of table) {
      bound.set(name, (inputs, outputs, attributes) => {
        const scratch: DeviceBuffer[] = [];
        try {
          kernel(createGpu(name, device, nothing, scratch), inputs as never, outputs as never, attributes as never);
        } finally {
          for (const buffer of scratch.reverse()) memory.free(buffer);
        }
      });
    }
  }
  return bound;
}

function createGpu(
  op: string,
  { dispatcher, memory, products }: Device,
  nothing: DeviceBuffer,
  scratch: DeviceBuffer[],
): Gpu {
  const handleOf = (place: Place | undefined): WebgpuHandle | undefined =>
    place instanceof Tensor ? (place.storage.handle as WebgpuHandle) : undefined;
  const wide = new Map<DeviceBuffer, DeviceBuffer>();
  const takeScratch = (size: number): DeviceBuffer => {
    const buffer = memory.allocate(size * 4);
    scratch.push(buffer);
    return buffer;
  };
  const widened = (handle: WebgpuHandle): DeviceBuffer => {
    const known = wide.get(handle.memory);
    if (known) return known;
    const buffer = takeScratch(handle.size);
    wide.set(handle.memory, buffer);
    widen(dispatcher, handle, buffer);
    return buffer;
  };
  const bufferOf = (place: Place | undefined): DeviceBuffer => {
    if (!(place instanceof Tensor)) return place ?? nothing;
    const handle = place.storage.handle as WebgpuHandle;
    return handle.half ? widened(handle) : handle.memory;
  };
  const grid: Gpu["grid"] = (program, size, { reads, writes, sizes, numbers }) => {
    dispatcher.run(op, program, {
      reads: reads.map(bufferOf),
      writes: writes.map(bufferOf),
      ...(sizes && { sizes }),
      ...(numbers && { numbers }),
      groups: size,
    });
    for (const place of writes) {
      const handle = handleOf(place);
      if (handle?.half) narrow(dispatcher, widened(handle), handle);
    }
  };
  const groups: Gpu["groups"] = (program, count, dispatch) => grid(program, inOneRow(count), dispatch);
  return {
    products,
    grid,
    groups,
    elements: (program, count, dispatch) => groups(program, Math.ceil(count / INVOCATIONS), dispatch),
    scratch: takeScratch,
    halvesOf(place) {
      const handle = handleOf(place);
      return handle?.half ? handle.memory : undefined;
    },
  };
}

// What a webgpu kernel binding sees: dispatches over tensors, and scratch buffers that go back when it returns.
import type { Backend, Kernel } from "../../backend.ts";
import type { AnyOp, BackwardArguments, ForwardArguments } from "../../ops/define-op.ts";
import { Tensor } from "../../tensor.ts";
import { INVOCATIONS, inOneRow, type Dispatcher } from "./dispatch.ts";
import { narrow, widen } from "./halves.ts";
import { PART_ALIGNMENT, type Bound, type DeviceBuffer, type Memory, type WebgpuHandle } from "./memory.ts";
import type { WebgpuProducts } from "./options.ts";
import type { Program } from "./pipelines.ts";

/** What can be bound: a tensor, scratch, or a part of either. A shader sees values in f32, but for `halvesOf`. */
export type Place = Tensor | Bound;

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
  /** Memory of what is stored in f16, for shaders that take it so; of others nothing. */
  halvesOf(place: Place | undefined): Bound | undefined;
  /** `size` values from value `from` on, which lies at a multiple of 256 bytes. */
  part(place: Place, from: number, size: number): Place;
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
  let wide: Map<Bound, DeviceBuffer> | undefined;
  const takeScratch = (size: number): DeviceBuffer => {
    const buffer = memory.allocate(size * 4);
    scratch.push(buffer);
    return buffer;
  };
  const widened = ({ memory: from, size }: Stored): DeviceBuffer => {
    const known = wide?.get(from);
    if (known) return known;
    const buffer = takeScratch(size);
    (wide ??= new Map<Bound, DeviceBuffer>()).set(from, buffer);
    widen(dispatcher, from, buffer, size);
    return buffer;
  };
  const boundOf = (place: Place | undefined): Bound => {
    if (!place) return nothing;
    const stored = storedOf(place);
    return stored.half ? widened(stored) : stored.memory;
  };
  const grid: Gpu["grid"] = (program, size, { reads, writes, sizes, numbers }) => {
    dispatcher.run(op, program, {
      reads: reads.map(boundOf),
      writes: writes.map(boundOf),
      ...(sizes && { sizes }),
      ...(numbers && { numbers }),
      groups: size,
    });
    if (!wide) return;
    for (const place of writes) {
      const stored = storedOf(place);
      if (stored.half) narrow(dispatcher, widened(stored), stored.memory, stored.size);
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
      const stored = place && storedOf(place);
      if (!stored?.half) return undefined;
      const { memory } = stored;
      return "whole" in memory ? { ...memory, half: false } : memory;
    },
    part(place, from, size) {
      const { memory: whole, half } = storedOf(place);
      const bytes = half ? 2 : 4;
      if ("whole" in whole || (from * bytes) % PART_ALIGNMENT !== 0)
        throw new Error(
          `[${op}] expected a part of a whole buffer that begins at ${PART_ALIGNMENT} bytes, got ${from * bytes}`,
        );
      return { whole, offset: from * bytes, bytes: size * bytes, half };
    },
  };
}

/** Where values are, how many, and whether in f16. */
type Stored = { readonly memory: Bound; readonly size: number; readonly half: boolean };

function storedOf(place: Place): Stored {
  if (place instanceof Tensor) return place.storage.handle as WebgpuHandle;
  if ("whole" in place) return { memory: place, size: place.bytes / (place.half ? 2 : 4), half: place.half };
  return { memory: place, size: place.bytes / 4, half: false };
}

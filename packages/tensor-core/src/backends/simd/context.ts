// What a simd kernel binding sees: addresses of tensors, calls into wasm, scratch memory that is freed when it returns.
import type { Backend, Kernel } from "../../backend.ts";
import type { Kernels, RangeKernelName } from "../../generated/kernels.ts";
import type { AnyOp, BackwardArguments, ForwardArguments } from "../../ops/define-op.ts";
import type { Tensor } from "../../tensor.ts";
import type { KernelName } from "./module.ts";

/** `float32`, or whole numbers of so many bits: see `SimdOptions`. */
export type SimdPrecision = "float32" | "int16" | "int8";

/** Arguments of a kernel over a range but for the last three, which `parallel` adds. */
export type RangeArguments<Name extends RangeKernelName> =
  Parameters<Kernels[Name]> extends [...infer Given extends number[], begin: number, end: number, thread: number]
    ? Given
    : never;

export interface Simd {
  readonly threads: number;
  /** How affine maps of parameters that are not being trained are multiplied. */
  readonly precision: SimdPrecision;
  /** Columns of a panel of a right factor. */
  readonly panelWidth: number;
  /** Address of a tensor's values; 0 for an absent one. */
  pointer(tensor: Tensor | undefined): number;
  /** Addresses of several. */
  pointers<Tensors extends readonly (Tensor | undefined)[]>(...tensors: Tensors): { [Slot in keyof Tensors]: number };
  /** One call on the calling thread. */
  call<Name extends KernelName>(kernel: Name, ...args: Parameters<Kernels[Name]>): ReturnType<Kernels[Name]>;
  /**
   * `kernel(...args, begin, end, thread)` over [0, count) in ranges of `grain` (the last may be shorter). A range must
   * own its outputs; `grain` must not depend on the number of threads wherever it changes the order of a sum.
   */
  parallel<Name extends RangeKernelName>(
    kernel: Name,
    count: number,
    grain: number,
    ...args: RangeArguments<Name>
  ): void;
  /** Uninitialized bytes until the kernel returns. Per-thread scratch: `scratch(bytes * simd.threads)`. */
  scratch(bytes: number): number;
  /**
   * Address of a form of a parameter that a kernel makes once and reads often: packed, transformed. `prepare` fills it; it
   * is filled again after the tensor was written to, and freed with it. For parameters that are not being trained: check
   * `tensor.tape` first.
   */
  prepared(tensor: Tensor, form: string, bytes: number, prepare: (address: number) => void): number;
  /** Views at their use: growing memory detaches older ones. */
  float32(address: number, length: number): Float32Array;
  int32(address: number, length: number): Int32Array;
}

export type SimdKernel<Arguments extends readonly unknown[]> = (simd: Simd, ...args: Arguments) => void;
export type SimdKernels = ReadonlyMap<string, (simd: Simd, inputs: never, outputs: never, attributes: never) => void>;

/** Kernels of one op, typed by it. */
export function implement<O>(
  op: O,
  kernels: {
    readonly forward: SimdKernel<ForwardArguments<O>>;
    readonly backward?: SimdKernel<BackwardArguments<O>>;
  },
): SimdKernels {
  const { name } = op as AnyOp;
  const table = new Map<string, SimdKernel<never>>([[name, kernels.forward as unknown as SimdKernel<never>]]);
  if (kernels.backward) table.set(`${name}Grad`, kernels.backward as unknown as SimdKernel<never>);
  return table as unknown as SimdKernels;
}

/** Rows per range so that a range has about `work` element steps; a multiple of `multiple`. */
export function grainFor(perRow: number, { work = 16384, multiple = 1 } = {}): number {
  return Math.max(1, Math.ceil(work / Math.max(1, perRow) / multiple)) * multiple;
}

/** @internal Binds kernels to a backend. */
export function bindKernels(tables: readonly SimdKernels[], simd: Simd & { release(): void }): Backend["kernels"] {
  const bound = new Map<string, Kernel>();
  for (const table of tables) {
    for (const [name, kernel] of table) {
      bound.set(name, (inputs, outputs, attributes) => {
        try {
          kernel(simd, inputs as never, outputs as never, attributes as never);
        } finally {
          simd.release();
        }
      });
    }
  }
  return bound;
}

// The contract between tensors and the machine they live on. A backend owns memory and kernels, nothing else:
// what is computed is said by ops, in what order by the caller.
import type { OpObserver } from "./observer.ts";
import type { Scope } from "./scope.ts";

export type DType = "float32" | "int32";

/** Host values of a tensor. `reference` keeps float32 tensors in double precision, hence Float64Array. */
export type HostArray = Float32Array | Float64Array | Int32Array;

/** What a tensor of this type is read as. */
export type HostArrayOf<Type extends DType> = Type extends "int32" ? Int32Array : Float32Array;

/** A place in a backend's memory; only the backend knows what it is. */
export type Handle = unknown;

/** A fast implementation of one direction of one op. Slots are tensors by name, attributes plain data. */
export type Kernel = (inputs: KernelSlots, outputs: KernelSlots, attributes: object) => void;
export type KernelSlots = Readonly<Record<string, unknown>>;

/** `using backend = …` disposes it at the end of the block. */
export interface Backend extends Disposable {
  readonly name: string;
  /** Kernels by op name (`LayerNorm`) and, for gradients, op name + `Grad`. A missing one falls back to the reference. */
  readonly kernels: ReadonlyMap<string, Kernel>;
  /** Names of kernels that were missing and ran as references through the host. */
  readonly fallbacks: Set<string>;
  /** Open scopes, innermost last; see `scope`. */
  readonly scopes: Scope[];
  /** Bytes of live tensors, and the most there ever were. */
  memory(): { readonly live: number; readonly peak: number; readonly tensors: number };
  /**
   * Uninitialized memory for `size` elements. `result` names the op and output it is for, such as `LayerNorm.y`, because a
   * backend may keep some in fewer bits.
   */
  allocate(size: number, dtype: DType, result?: string): Handle;
  free(handle: Handle): void;
  write(handle: Handle, values: ArrayLike<number>): void;
  read(handle: Handle): Promise<HostArray>;
  /** Copy of the values; absent where the device can only be read asynchronously. */
  readSync?(handle: Handle): HostArray;
  /** Copy of the first values, for people to look at; absent where they are not in the host's memory. */
  peek?(handle: Handle, count: number): HostArray;
  /**
   * Runs ops without computing them, so that only what kernels keep of parameters (packed, transformed) is made: then the
   * first call is as fast as the others. What the ops return holds garbage. Absent where there is nothing to make.
   */
  prepare?(body: () => void): void;
  /** Sees every op while it is set. */
  observer?: OpObserver | undefined;
  /** Whether products round their factors to f16, so that training has to scale its loss. */
  readonly halfProducts?: boolean;
  /** The most it can have, as far as it knows: bytes in all, and of one tensor. */
  readonly capacity?: { readonly bytes?: number; readonly tensorBytes?: number };
  /**
   * A backend that takes and gives back memory as this one does, scratch of its kernels included, but has none and computes nothing:
   * what work would take is known without doing it. Its tensors read as zeros. Absent where another library has the memory.
   */
  dryRun?(): DryBackend;
  /** Whether `dispose` was called: ops, new tensors and readings throw from then on. */
  readonly disposed: boolean;
  /** Frees everything, ends threads. Tensors of this backend are unusable afterwards. Safe to call twice. */
  dispose(): void;
}

/** @internal @throws if the backend was disposed; `user` is who would use it */
export function assertInUse(backend: Backend, user: string): void {
  if (!backend.disposed) return;
  throw new Error(`[${user}] expected a backend in use, got ${backend.name}, which was disposed; create another one`);
}

/** Where memory is only counted. */
export interface DryBackend extends Backend {
  usage(): MemoryUsage;
}

export type MemoryUsage = {
  /** Bytes of live tensors and scratch, at most. */
  readonly peak: number;
  /** Bytes taken of the machine at most: what lies between tensors or waits to be used again is among them. */
  readonly reserved: number;
  /** Bytes of the largest tensor or scratch. */
  readonly largest: number;
};

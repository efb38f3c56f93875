// A tensor: a shape over a piece of a backend's memory. Tensors are values: ops make new ones, only the optimizer
// writes in place. Each Tensor object owns one reference to its storage; memory goes back when the last is disposed.
import { assertInUse, type Backend, type DType, type Handle, type HostArray, type HostArrayOf } from "./backend.ts";
import { disposeSymbol } from "./dispose-symbol.ts";
import { lostTensors } from "./lost-tensors.ts";
import type { Scope } from "./scope.ts";
import type { Tape } from "./tape.ts";

export type Shape = readonly number[];

/** Shared piece of backend memory. `version` rises with every in-place update, so that packed copies can be dropped. */
export type Storage = { readonly handle: Handle; references: number; version: number };

const SHOWN_VALUES = 6;

export class Tensor {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly backend: Backend;
  readonly storage: Storage;
  /** Set while gradients are being recorded through this tensor. */
  readonly tape: Tape | undefined;
  /** @internal The scope that will dispose this tensor, if any. */
  scope: Scope | undefined;
  #disposed = false;

  /** @internal Use `tensor`, `zeros` or an op. Takes over one reference to `storage`. */
  constructor(backend: Backend, shape: Shape, dtype: DType, storage: Storage, tape?: Tape) {
    this.backend = backend;
    this.shape = shape;
    this.dtype = dtype;
    this.storage = storage;
    this.tape = tape;
    lostTensors?.watch(this);
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /**
   * Copy of the values in row-major order. With its dtype named the array's type is known, on every backend: `read("int32")`
   * gives an Int32Array, `read("float32")` a Float32Array. Without, the reference backend gives the doubles that it has.
   *
   * @throws if the tensor is of another dtype, or disposed
   */
  read(): Promise<HostArray>;
  read<Type extends DType>(dtype: Type): Promise<HostArrayOf<Type>>;
  async read(dtype?: DType): Promise<HostArray> {
    this.#assertReadable("read", dtype);
    return inArrayOf(dtype, await this.backend.read(this.storage.handle));
  }

  /** Copy of the values, now; as `read`. Throws on backends that can only be read asynchronously (WebGPU). */
  readSync(): HostArray;
  readSync<Type extends DType>(dtype: Type): HostArrayOf<Type>;
  readSync(dtype?: DType): HostArray {
    this.#assertReadable("readSync", dtype);
    if (!this.backend.readSync) throw new Error(`[readSync] backend ${this.backend.name} can only be read with read()`);
    return inArrayOf(dtype, this.backend.readSync(this.storage.handle));
  }

  /** Gives the memory back once no other tensor shares it. Safe to call twice. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    lostTensors?.forget(this);
    this.scope?.tensors.delete(this);
    this.scope = undefined;
    if (--this.storage.references === 0) this.backend.free(this.storage.handle);
  }

  /** As `dispose`, at the end of a block that has the tensor with `using`. */
  [disposeSymbol](): void {
    this.dispose();
  }

  /** Type, shape, backend, and the first values where the host has them: `Tensor float32 [2, 3] on simd: 1, 2, 3, 4, 5, 6`. */
  toString(): string {
    const kind = `Tensor ${this.dtype} [${this.shape.join(", ")}] on ${this.backend.name}`;
    if (this.#disposed) return `${kind}, disposed`;
    if (this.backend.disposed) return `${kind}, which was disposed`;
    const first = this.backend.peek?.(this.storage.handle, Math.min(SHOWN_VALUES, this.size));
    if (!first || first.length === 0) return kind;
    // Six digits of a float32 are enough to tell values apart, and no more than people read.
    const values = Array.from(first, (value) => String(Number(value.toPrecision(6))));
    return `${kind}: ${[...values, ...(this.size > values.length ? ["…"] : [])].join(", ")}`;
  }

  /** What Node's `console.log` shows, instead of all that a tensor refers to: memory, kernels, threads. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  #assertReadable(user: string, dtype: DType | undefined): void {
    this.assertLive(user);
    assertInUse(this.backend, user);
    if (dtype === undefined || dtype === this.dtype) return;
    throw new TypeError(`[${user}] expected a tensor of ${dtype}, got ${this.dtype} [${this.shape.join(", ")}]`);
  }

  /** @internal */
  assertLive(user: string): void {
    if (this.#disposed) throw new Error(`[${user}] tensor [${this.shape.join(", ")}] was disposed`);
  }
}

/** A tensor from values in row-major order. */
export function tensor(values: ArrayLike<number>, shape: Shape, backend: Backend, dtype: DType = "float32"): Tensor {
  if (values.length !== sizeOf(shape)) {
    throw new Error(`[tensor] expected ${sizeOf(shape)} values for [${shape.join(", ")}], got ${values.length}`);
  }
  const made = emptyTensor(backend, shape, dtype);
  backend.write(made.storage.handle, values);
  return made;
}

/** A tensor of zeros. */
export function zeros(shape: Shape, backend: Backend, dtype: DType = "float32"): Tensor {
  return tensor(new Float32Array(sizeOf(shape)), shape, backend, dtype);
}

/** @internal Uninitialized tensor, registered with the innermost open scope. `result`: see `Backend.allocate`. */
export function emptyTensor(
  backend: Backend,
  shape: Shape,
  dtype: DType,
  { tape, result }: { readonly tape?: Tape | undefined; readonly result?: string } = {},
): Tensor {
  checkShape(shape);
  assertInUse(backend, result ?? "tensor");
  const storage = { handle: backend.allocate(sizeOf(shape), dtype, result), references: 1, version: 0 };
  return enterScope(new Tensor(backend, shape, dtype, storage, tape));
}

/** @internal Another tensor over the same storage (one more reference); `scoped: false` leaves its disposal to the caller. */
export function aliasTensor(
  of: Tensor,
  options: { shape?: Shape; tape?: Tape | undefined; scoped?: boolean } = {},
): Tensor {
  of.assertLive("alias");
  of.storage.references++;
  const made = new Tensor(of.backend, options.shape ?? of.shape, of.dtype, of.storage, options.tape);
  return options.scoped === false ? made : enterScope(made);
}

export function sizeOf(shape: Shape): number {
  return shape.reduce((size, dimension) => size * dimension, 1);
}

function inArrayOf(dtype: DType | undefined, values: HostArray): HostArray {
  return dtype === "float32" && values instanceof Float64Array ? Float32Array.from(values) : values;
}

function enterScope(made: Tensor): Tensor {
  const scope = made.backend.scopes.at(-1);
  if (scope) {
    made.scope = scope;
    scope.tensors.add(made);
  }
  return made;
}

function checkShape(shape: Shape): void {
  if (!shape.every((dimension) => Number.isInteger(dimension) && dimension >= 0)) {
    throw new Error(`[tensor] expected a shape of non-negative integers, got [${shape.join(", ")}]`);
  }
}

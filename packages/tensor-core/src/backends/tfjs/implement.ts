// Kernels of this backend are formulas: tf tensors in, tf tensors out. Memory is the binding's business: a kernel runs in a
// tidy, and what it returns replaces what its outputs (or inputs written in place) held.
import type { Kernel } from "../../backend.ts";
import type { AnyOp, BackwardArguments, ForwardArguments } from "../../ops/define-op.ts";
import { sizeOf, type Tensor } from "../../tensor.ts";
import type { Engine, TfTensor } from "./engine.ts";
import type { TfMemory } from "./memory.ts";

type Replaced<T> = T extends readonly Tensor[] ? readonly TfTensor[] : T extends Tensor ? TfTensor : T;
type Values<Slots> = { readonly [K in keyof Slots]: Replaced<Slots[K]> };
/** New values of outputs, gradients and inputs written in place, in any shape of the right size. */
type Results = Readonly<Record<string, TfTensor | readonly TfTensor[] | undefined>>;
type Formula<Arguments> = Arguments extends [infer In, infer Out, infer Attributes]
  ? (engine: Engine, inputs: Values<In>, wanted: Out, attributes: Attributes) => Results
  : never;
type AnyFormula = (
  engine: Engine,
  inputs: Record<string, unknown>,
  wanted: Record<string, Tensor>,
  attributes: object,
) => Results;

export type TfKernels = ReadonlyMap<string, AnyFormula>;

/** Kernels of one op, typed by it. `wanted` are the tensors to fill: their shapes, and which gradients are asked for. */
export function implement<O>(
  op: O,
  kernels: { readonly forward: Formula<ForwardArguments<O>>; readonly backward?: Formula<BackwardArguments<O>> },
): TfKernels {
  const { name } = op as AnyOp;
  const table = new Map<string, AnyFormula>([[name, kernels.forward as unknown as AnyFormula]]);
  if (kernels.backward) table.set(`${name}Grad`, kernels.backward as unknown as AnyFormula);
  return table;
}

/** @internal Binds kernels to a backend. */
export function bindKernels(
  tables: readonly TfKernels[],
  engine: Engine,
  memory: TfMemory,
): ReadonlyMap<string, Kernel> {
  const { tf, device } = engine;
  const bound = new Map<string, Kernel>();
  for (const [name, formula] of tables.flatMap((table) => [...table])) {
    bound.set(name, (inputs, outputs, attributes) => {
      if (tf.getBackend() !== device)
        throw new Error(`[${name}] expected tf's backend to stay ${device}, got ${tf.getBackend()}`);
      const slots = { ...(inputs as Slots), ...(outputs as Slots) };
      tf.tidy(() => {
        const results = formula(
          engine,
          readAll(inputs as Slots, memory),
          outputs as Record<string, Tensor>,
          attributes,
        );
        for (const [slot, value] of Object.entries(results)) if (value) store(name, slot, slots[slot], value, memory);
      });
    });
  }
  return bound;
}

type Slot = Tensor | readonly Tensor[] | undefined;
type Slots = Readonly<Record<string, Slot>>;

function readAll(slots: Slots, memory: TfMemory): Record<string, TfTensor | TfTensor[] | undefined> {
  const read = (tensor: Tensor): TfTensor => memory.get(tensor.storage.handle, tensor.shape);
  return Object.fromEntries(
    Object.entries(slots).map(([name, slot]) => [
      name,
      slot instanceof Array ? slot.map(read) : slot && read(slot as Tensor),
    ]),
  );
}

function store(
  kernel: string,
  name: string,
  slot: Slot,
  value: TfTensor | readonly TfTensor[],
  memory: TfMemory,
): void {
  const targets = [slot ?? []].flat() as Tensor[];
  const values = [value].flat() as TfTensor[];
  targets.forEach(({ shape, dtype, storage }, i) => {
    const { shape: got, dtype: type } = values[i];
    if (type !== dtype || sizeOf(got) !== sizeOf(shape))
      throw new Error(`[${kernel}] expected ${name} ${dtype} [${shape.join(", ")}], got ${type} [${got.join(", ")}]`);
    memory.set(storage.handle, values[i]);
  });
}

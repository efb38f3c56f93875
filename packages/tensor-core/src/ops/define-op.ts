// An op: what is computed, as a shape rule and a plain float64 reference, forward and backward. Kernels make it fast
// on a backend; until a backend has one, the reference runs through the host. Files of ops import no backend.
import { assertInUse, type Backend, type DType, type Kernel } from "../backend.ts";
import type { OpObserver } from "../observer.ts";
import { aliasTensor, emptyTensor, type Shape, type Tensor } from "../tensor.ts";
import { runReference } from "./run-reference.ts";

/** Values as references see them: Float64Array for float tensors, Int32Array for integer ones. */
export type Values = Float64Array;
type Slot = Tensor | readonly Tensor[];

/** The inputs of an op with every tensor replaced (lists stay lists, optional slots stay optional). */
type Replace<In, T> = {
  [K in keyof In]: In[K] extends readonly Tensor[] ? readonly T[] : T | Extract<In[K], undefined>;
};
type Gradients<In, T> = { [K in keyof In & string as `d${K}`]: T };

export type OpSpec<In, Out extends string, A extends object> = {
  readonly name: string;
  /** Output shapes from input shapes; throws `[name] expected …, got …`. */
  shape(shapes: Replace<In, Shape>, attributes: A): { [K in Out]: Shape };
  /** Slots of int32 tensors; they have no gradient. */
  readonly integer?: readonly (keyof In | Out)[];
  /** Inputs written in place (optimizers). */
  readonly mutates?: readonly (keyof In)[];
  /** What the backward pass reads. */
  readonly saves?: readonly (keyof In | Out)[];
  /** Input gradients that equal an output gradient: `{ dx: "dy" }`. The tape passes the tensor on instead of copying. */
  readonly passes?: { readonly [K in keyof In & string as `d${K}`]?: `d${Out}` };
  /** Outputs that only the backward pass reads: a kernel gets none where the op is not recorded. */
  readonly forBackward?: readonly Out[];
  /** Two ops in one, for backends that run them as one kernel. On others its function calls the two. */
  readonly fused?: boolean;
  /** Output arrays arrive filled with zeros. */
  forward(inputs: Replace<In, Values>, outputs: Record<Out, Values>, attributes: A, shapes: Shapes<In, Out>): void;
  /** `saved` holds the saved slots and the gradients `d<output>` (zeros where none arrived). Gradients arrive filled with zeros. */
  backward?(
    saved: Saved<In, Out, Values>,
    gradients: Gradients<In, Values>,
    attributes: A,
    shapes: Shapes<In, Out>,
  ): void;
};

/** Shapes of all tensors of a call, inputs and outputs. */
export type Shapes<In, Out extends string> = Replace<In, Shape> & Record<Out, Shape>;
type Saved<In, Out extends string, T> = Replace<In, T> & Record<Out, T> & { [K in Out as `d${K}`]: T };

/** What kernels of an op receive. Gradients nobody asked for are undefined; outputs hold garbage and must be overwritten. */
export type ForwardArguments<O> = O extends OpSpec<infer In, infer Out, infer A> ? [In, Record<Out, Tensor>, A] : never;
export type BackwardArguments<O> =
  O extends OpSpec<infer In, infer Out, infer A>
    ? [In & Record<Out, Tensor> & { [K in Out as `d${K}`]: Tensor }, Partial<Gradients<In, Tensor>>, A]
    : never;

export type AnyOp = OpSpec<Record<string, Slot | undefined>, string, object>;

/** Declares an op. `In` names the input tensors (optional ones with `?`), `Out` the outputs, `A` the attributes. */
export function defineOp<In, Out extends string, A extends object = object>(
  spec: OpSpec<In, Out, A>,
): OpSpec<In, Out, A> {
  return spec;
}

/** Runs an op where its inputs live; recorded if an input is tracked. `on` names the backend of ops without inputs. */
export function apply<In extends object, Out extends string, A extends object>(
  spec: OpSpec<In, Out, A>,
  inputs: In,
  attributes: A,
  on?: Backend,
): Record<Out, Tensor> {
  const op = spec as unknown as AnyOp;
  const slots = inputs as Record<string, Slot | undefined>;
  const backend = commonBackend(op, slots, on);
  const shapes = op.shape(mapSlots(slots, (tensor) => tensor.shape) as never, attributes);
  const tape =
    op.backward &&
    Object.values(slots)
      .flat()
      .find((tensor) => tensor?.tape)?.tape;
  const outputs: Record<string, Tensor> = {};
  for (const [name, shape] of Object.entries(shapes)) {
    if (!tape && op.forBackward?.includes(name)) continue;
    const dtype = dtypeOf(op, name);
    const result = `${op.name}.${name}`;
    outputs[name] = emptyTensor(backend, shape, dtype, { result, tape: dtype === "float32" ? tape : undefined });
  }
  runKernel(backend, op, "forward", slots, outputs, attributes);
  for (const name of op.mutates ?? [])
    for (const tensor of [slots[name as string] ?? []].flat()) tensor.storage.version++;
  const observed = backend.observer?.computed(op.name, slots, outputs);
  if (tape) record(op, slots, outputs, attributes, observed);
  return outputs as Record<Out, Tensor>;
}

function record(
  op: AnyOp,
  inputs: Record<string, Slot | undefined>,
  outputs: Record<string, Tensor>,
  attributes: object,
  observed: ReturnType<OpObserver["computed"]>,
): void {
  const names = Object.keys(inputs).filter((name) => inputs[name] !== undefined);
  const tracked = names.map((name) => inputs[name] as Tensor);
  const tape = tracked.find((tensor) => tensor.tape)?.tape;
  const everything: Record<string, Slot | undefined> = { ...inputs, ...outputs };
  const saved: Record<string, Tensor> = {};
  for (const name of op.saves ?? []) {
    const slot = everything[name as string];
    if (slot) saved[name as string] = aliasTensor(slot as Tensor, { scoped: false });
  }
  // Records keep shapes, not tensors: whatever is not saved may be freed before the backward pass.
  const shapes = mapSlots(everything, (tensor) => tensor.shape);
  const backend = tracked[0].backend;
  tape?.entries.push({
    inputs: tracked.map((tensor) => (tensor.tape ? tensor : undefined)),
    outputs: Object.values(outputs),
    saved: Object.values(saved),
    backward(arrived) {
      const known: Record<string, Tensor | undefined> = { ...saved };
      Object.keys(outputs).forEach((name, i) => (known[`d${name}`] = arrived[i]));
      const gradients: Record<string, Tensor> = {};
      names.forEach((name, i) => {
        if (!tracked[i].tape || dtypeOf(op, name) !== "float32") return;
        const passed = known[(op.passes as Record<string, string> | undefined)?.[`d${name}`] ?? ""];
        gradients[`d${name}`] = passed
          ? aliasTensor(passed, { shape: tracked[i].shape })
          : emptyTensor(backend, tracked[i].shape, "float32");
      });
      const wanted = Object.fromEntries(Object.entries(gradients).filter(([name]) => !isPassed(op, name, known)));
      if (Object.keys(wanted).length > 0) runKernel(backend, op, "backward", known, wanted, attributes, shapes);
      observed?.(gradients);
      return names.map((name) => gradients[`d${name}`]);
    },
  });
}

function isPassed(op: AnyOp, gradient: string, known: Record<string, Tensor | undefined>): boolean {
  const from = (op.passes as Record<string, string> | undefined)?.[gradient];
  return from !== undefined && known[from] !== undefined;
}

/** @internal One direction of an op on a backend: its kernel, or the reference through the host. */
export function runKernel(
  backend: Backend,
  op: AnyOp,
  direction: "forward" | "backward",
  inputs: Record<string, Slot | undefined>,
  outputs: Record<string, Tensor>,
  attributes: object,
  shapes: Record<string, Shape | readonly Shape[] | undefined> = mapSlots(
    { ...inputs, ...outputs },
    (tensor) => tensor.shape,
  ),
): void {
  const name = direction === "forward" ? op.name : `${op.name}Grad`;
  assertInUse(backend, name);
  const kernel: Kernel | undefined = backend.kernels.get(name);
  if (kernel) kernel(inputs, outputs, attributes);
  else {
    backend.fallbacks.add(name);
    runReference(backend, op, direction, inputs, outputs, attributes, shapes);
  }
}

export function dtypeOf(op: AnyOp, name: string): DType {
  return (op.integer as readonly string[] | undefined)?.includes(name) ? "int32" : "float32";
}

function mapSlots<T>(
  slots: Record<string, Slot | undefined>,
  change: (tensor: Tensor) => T,
): Record<string, T | T[] | undefined> {
  return Object.fromEntries(
    Object.entries(slots).map(([name, slot]) => [
      name,
      slot instanceof Array ? slot.map(change) : slot && change(slot),
    ]),
  );
}

function commonBackend(op: AnyOp, slots: Record<string, Slot | undefined>, on: Backend | undefined): Backend {
  let backend = on;
  for (const [name, slot] of Object.entries(slots)) {
    for (const tensor of [slot ?? []].flat()) {
      tensor.assertLive(op.name);
      backend ??= tensor.backend;
      if (tensor.backend !== backend) {
        throw new Error(
          `[${op.name}] expected all inputs on backend ${backend.name}, got ${name} on ${tensor.backend.name}`,
        );
      }
      const expected = dtypeOf(op, name);
      if (tensor.dtype !== expected)
        throw new Error(`[${op.name}] expected ${name} to be ${expected}, got ${tensor.dtype}`);
    }
  }
  if (!backend) throw new Error(`[${op.name}] expected at least one input tensor`);
  assertInUse(backend, op.name);
  return backend;
}

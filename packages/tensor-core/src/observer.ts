// Who watches ops being computed, to find out where a value came from. A backend without an observer asks once per op whether it has one.
import type { Tensor } from "./tensor.ts";

/** Tensors of an op by slot; a slot may be a list, or not given. */
export type ObservedSlots = Readonly<Record<string, Tensor | readonly Tensor[] | undefined>>;

/** Sees tensors while they are alive, and changes none; what it wants of them it copies. */
export type OpObserver = {
  /** A pass of `valueAndGradient` begins with these parameters; what is returned is called at its end. */
  pass(parameters: readonly (readonly [path: string, parameter: Tensor])[]): () => void;
  /** An op was computed. What is returned is given the gradients of its inputs, as `d<input>`, on the way back. */
  computed(
    op: string,
    inputs: ObservedSlots,
    outputs: Readonly<Record<string, Tensor>>,
  ): ((gradients: Readonly<Record<string, Tensor>>) => void) | undefined;
};

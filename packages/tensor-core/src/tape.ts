// Reverse-mode differentiation over a fixed list of op records. Tensors carry their tape, so nothing is global:
// an op records itself exactly when one of its inputs is tracked.
import { accumulate } from "./ops/accumulate.ts";
import { scope } from "./scope.ts";
import { aliasTensor, Tensor, tensor, zeros } from "./tensor.ts";
import { mapTree, leaves } from "./tree.ts";

/** One recorded op. `backward` maps gradients of its outputs (undefined: none arrived) to gradients of its inputs. */
export type TapeEntry = {
  readonly inputs: readonly (Tensor | undefined)[];
  readonly outputs: readonly Tensor[];
  readonly saved: readonly Tensor[];
  backward(outputGradients: readonly (Tensor | undefined)[]): readonly (Tensor | undefined)[];
};

export type Tape = { readonly entries: TapeEntry[] };

export type ValueAndGradient<Params, Value> = { readonly value: Value; readonly gradients: Params };

/**
 * Value of `f` at `params` and the gradient of its `loss` with respect to every parameter (zeros where unused).
 * Whatever else `f` returns comes back in `value`; all other tensors made on the way are freed.
 *
 * @param params tree of float32 tensors of one backend
 * @param options.scale factor on the gradient, e.g. 1 / micro-batches when accumulating
 */
export function valueAndGradient<Params, Value extends { readonly loss: Tensor }>(
  params: Params,
  f: (params: Params) => Value,
  options: { readonly scale?: number } = {},
): ValueAndGradient<Params, Value> {
  const parameters = leaves<Tensor>(params).map(([, leaf]) => leaf);
  if (parameters.length === 0) throw new Error("[valueAndGradient] expected at least one parameter, got an empty tree");
  const backend = parameters[0].backend;
  const ended = backend.observer?.pass(leaves<Tensor>(params));
  return scope(backend, () => {
    const tape: Tape = { entries: [] };
    const tracked = mapTree(params, (leaf: Tensor) => aliasTensor(leaf, { tape }));
    const value = f(tracked);
    if (value.loss.size !== 1) {
      throw new Error(`[valueAndGradient] expected a scalar loss, got [${value.loss.shape.join(", ")}]`);
    }
    const seed = tensor([options.scale ?? 1], value.loss.shape, backend);
    const gradients = backpropagate(tape, value.loss, seed);
    ended?.();
    return {
      value: mapTree(value, (leaf: unknown) => (leaf instanceof Tensor ? aliasTensor(leaf) : leaf)),
      gradients: mapTree(tracked, (leaf: Tensor) => gradients.get(leaf) ?? zeros(leaf.shape, backend)),
    };
  });
}

/**
 * The tensor `body` makes of its inputs, without keeping what the backward pass reads of it: that is computed once more
 * when it is needed. (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost") The bits of values and gradients are the
 * same.
 *
 * @param inputs tree of all tensors that `body` differentiates; gradients reach no others
 * @param body the same every time it runs: random numbers are drawn outside of it
 */
export function recomputed<Inputs>(inputs: Inputs, body: (inputs: Inputs) => Tensor): Tensor {
  const given = leaves<unknown>(inputs).flatMap(([, leaf]) => (leaf instanceof Tensor ? [leaf] : []));
  const tape = given.find((leaf) => leaf.tape)?.tape;
  if (!tape) return body(inputs);
  const saved = given.map((leaf) => aliasTensor(leaf, { scoped: false }));
  const { backend } = given[0];
  // Recorded, so that kernels take parameters for what they are, and forgotten.
  const scrap: Tape = { entries: [] };
  const result = scope(backend, () => body(onTape(inputs, given, scrap)[0]));
  for (const entry of scrap.entries) for (const tensor of entry.saved) tensor.dispose();
  const output = aliasTensor(result, { tape });
  result.dispose();
  tape.entries.push({
    inputs: given.map((leaf) => (leaf.tape ? leaf : undefined)),
    outputs: [output],
    saved,
    backward([arrived]) {
      const again: Tape = { entries: [] };
      const [tree, tracked] = onTape(inputs, saved, again, given);
      const seed = aliasTensor(arrived as Tensor);
      const gradients = backpropagate(
        again,
        scope(backend, () => body(tree)),
        seed,
      );
      return tracked.map((leaf) => gradients.get(leaf));
    },
  });
  return output;
}

// The tree with `values` in place of its tensors, on `tape` where the tensors of `given` are tracked; and these in order.
function onTape<Inputs>(
  inputs: Inputs,
  values: readonly Tensor[],
  tape: Tape,
  given: readonly Tensor[] = values,
): [tree: Inputs, tensors: readonly Tensor[]] {
  const tensors = values.map((value, i) => aliasTensor(value, given[i].tape ? { tape } : {}));
  let next = 0;
  return [mapTree(inputs, (leaf: unknown) => (leaf instanceof Tensor ? tensors[next++] : leaf)) as Inputs, tensors];
}

function backpropagate(tape: Tape, output: Tensor, seed: Tensor): Map<Tensor, Tensor> {
  const gradients = new Map<Tensor, Tensor>();
  gradients.set(output, seed);
  for (let entry = tape.entries.pop(); entry; entry = tape.entries.pop()) {
    const arrived = entry.outputs.map((output) => gradients.get(output));
    if (arrived.some((gradient) => gradient !== undefined)) {
      const { inputs, backward } = entry;
      const left = scope(output.backend, () => backward(arrived));
      left.forEach((gradient, i) => addGradient(gradients, inputs[i], gradient));
    }
    for (const output of entry.outputs) {
      gradients.get(output)?.dispose();
      gradients.delete(output);
    }
    for (const saved of entry.saved) saved.dispose();
  }
  return gradients;
}

// A tensor used twice receives two gradients. The first may share storage with another's (a residual passes its
// gradient on unchanged), so it is added to in place only when nobody else holds it.
function addGradient(gradients: Map<Tensor, Tensor>, input: Tensor | undefined, gradient: Tensor | undefined): void {
  if (!input || !gradient) return;
  const present = gradients.get(input);
  if (!present) {
    gradients.set(input, gradient);
    return;
  }
  const target = present.storage.references > 1 ? gradient : present;
  const added = target === present ? gradient : present;
  if (target.storage.references > 1) {
    const sum = zeros(present.shape, present.backend);
    accumulate([sum], [present]);
    accumulate([sum], [gradient]);
    present.dispose();
    gradient.dispose();
    gradients.set(input, sum);
    return;
  }
  accumulate([target], [added]);
  added.dispose();
  gradients.set(input, target);
}

// The conformance suite: an op's reference gradient against finite differences in float64, and a backend's kernels
// against the reference, values and gradients, for every case. A new op or backend is found by itself.
import { createReferenceBackend } from "../backends/reference/index.ts";
import type { Backend, HostArray } from "../backend.ts";
import type { InputCase, OpCase } from "../ops/cases.ts";
import { dtypeOf, runKernel, type AnyOp } from "../ops/define-op.ts";
import { createRng } from "../random.ts";
import { disposeTree, scope } from "../scope.ts";
import { emptyTensor, sizeOf, tensor, type Shape, type Tensor } from "../tensor.ts";

type Slot = Tensor | Tensor[] | undefined;
export type Results = Readonly<Record<string, HostArray | HostArray[]>>;

/**
 * Values of all outputs, of in-place inputs, and of all gradients of a case on a backend. Same case, same inputs. `values`
 * may hold the gradient of an output under its name, such as `dy`.
 */
export function runCase(backend: Backend, opCase: OpCase, values = fillInputs(opCase)): Results {
  return scope(backend, () => mapSlots(computeCase(backend, opCase, values), (tensor) => tensor.readSync()));
}

/** `runCase` on a backend that cannot be read at once. */
export async function runCaseAsync(backend: Backend, opCase: OpCase, values = fillInputs(opCase)): Promise<Results> {
  const tensors = scope(backend, () => computeCase(backend, opCase, values));
  try {
    const reads = mapSlots(tensors, (tensor) => tensor.read());
    const entries = Object.entries(reads).map(async ([name, slot]) => [
      name,
      slot instanceof Array ? await Promise.all(slot) : await slot,
    ]);
    return Object.fromEntries(await Promise.all(entries)) as Results;
  } finally {
    disposeTree(tensors);
  }
}

function mapSlots<T>(slots: Record<string, Tensor | Tensor[]>, change: (tensor: Tensor) => T): Record<string, T | T[]> {
  return Object.fromEntries(
    Object.entries(slots).map(([name, slot]) => [name, slot instanceof Array ? slot.map(change) : change(slot)]),
  );
}

function computeCase(
  backend: Backend,
  opCase: OpCase,
  values: Record<string, HostArray | HostArray[] | undefined>,
): Record<string, Tensor | Tensor[]> {
  const { op, attributes } = opCase;
  const inputs = upload(backend, opCase, values);
  const outputs = makeOutputs(backend, op, inputs, attributes);
  runKernel(backend, op, "forward", inputs, outputs, attributes);
  const results: Record<string, Tensor | Tensor[]> = { ...outputs };
  for (const name of op.mutates ?? []) {
    const slot = inputs[name as string];
    if (slot) results[name as string] = slot;
  }
  return op.backward ? { ...results, ...runBackward(backend, opCase, inputs, outputs, values) } : results;
}

function runBackward(
  backend: Backend,
  { op, attributes }: OpCase,
  inputs: Record<string, Slot>,
  outputs: Record<string, Tensor>,
  values: Record<string, HostArray | HostArray[] | undefined>,
): Record<string, Tensor> {
  const known: Record<string, Slot> = {};
  const everything: Record<string, Slot> = { ...inputs, ...outputs };
  for (const name of op.saves ?? []) known[name as string] = everything[name as string];
  for (const [name, seed] of Object.entries(outputSeeds(outputs)))
    known[name] = tensor((values[name] as HostArray | undefined) ?? seed, outputs[name.slice(1)].shape, backend);
  const gradients: Record<string, Tensor> = {};
  for (const [name, slot] of Object.entries(inputs)) {
    if (!slot || slot instanceof Array || dtypeOf(op, name) === "int32") continue;
    gradients[`d${name}`] = emptyTensor(backend, slot.shape, "float32");
  }
  const shapes = Object.fromEntries(
    Object.entries(everything).map(([name, slot]) => [name, (slot as Tensor | undefined)?.shape]),
  );
  runKernel(backend, op, "backward", known, gradients, attributes, shapes);
  return gradients;
}

// Only the first output is what models use; the others (mean, log-sum-exp) are saved values and have no gradient.
function outputSeeds(outputs: Record<string, Tensor>): Record<string, Float64Array> {
  const [first] = Object.keys(outputs);
  const rng = createRng({ seed: 99, stream: 1 });
  return {
    [`d${first}`]: Float64Array.from({ length: outputs[first].size }, () => Math.fround(rng.uniform() * 2 - 1)),
  };
}

/** Largest difference between the analytic and the numeric gradient over the case's inputs, with where it is. */
export function finiteDifferenceError(opCase: OpCase): { readonly error: number; readonly where: string } {
  const backend = createReferenceBackend();
  const values = fillInputs(opCase);
  const analytic = runCase(backend, opCase, values);
  const objective = (): number => {
    const results = runCaseForward(backend, opCase, values);
    let sum = 0;
    for (let i = 0; i < results.output.length; i++) sum += results.output[i] * results.seed[i];
    return sum;
  };
  let worst = { error: 0, where: "none" };
  for (const [name, array] of Object.entries(values)) {
    if (!array || dtypeOf(opCase.op, name) === "int32" || array instanceof Array) continue;
    for (let i = 0; i < array.length; i++) {
      const step = 1e-6 * Math.max(1, Math.abs(array[i]));
      const original = array[i];
      array[i] = original + step;
      const above = objective();
      array[i] = original - step;
      const below = objective();
      array[i] = original;
      const numeric = (above - below) / (2 * step);
      const exact = (analytic[`d${name}`] as HostArray)[i];
      const error = Math.abs(numeric - exact) / (1 + Math.abs(exact));
      if (!(error <= worst.error)) worst = { error, where: `d${name}[${i}]: numeric ${numeric}, analytic ${exact}` };
    }
  }
  return worst;
}

function runCaseForward(backend: Backend, opCase: OpCase, values: Record<string, HostArray | HostArray[] | undefined>) {
  return scope(backend, () => {
    const inputs = upload(backend, opCase, values);
    const outputs = makeOutputs(backend, opCase.op, inputs, opCase.attributes);
    runKernel(backend, opCase.op, "forward", inputs, outputs, opCase.attributes);
    const [first] = Object.keys(outputs);
    return { output: outputs[first].readSync(), seed: outputSeeds(outputs)[`d${first}`] };
  });
}

/** Largest |a - b| / (unit + |b|) over two results, and where; NaN counts as infinite. */
export function largestDifference(
  actual: Results,
  expected: Results,
  names: readonly string[],
  unit = 1,
): { error: number; where: string } {
  let worst = { error: 0, where: "none" };
  for (const name of names) {
    const pairs = [actual[name], expected[name]].map((value) =>
      value instanceof Array ? value : [value],
    ) as HostArray[][];
    pairs[1].forEach((wanted, t) => {
      for (let i = 0; i < wanted.length; i++) {
        const got = pairs[0][t][i];
        if (Object.is(got, wanted[i]) || got === wanted[i]) continue;
        const difference = Math.abs(got - wanted[i]) / (unit + Math.abs(wanted[i]));
        const error = Number.isNaN(difference) ? Infinity : difference;
        if (error > worst.error) worst = { error, where: `${name}[${i}]: got ${got}, expected ${wanted[i]}` };
      }
    });
  }
  return worst;
}

/** Deterministic inputs of a case, rounded to float32 so that every backend starts from the same values. */
export function fillInputs(opCase: OpCase): Record<string, HostArray | HostArray[] | undefined> {
  let index = 0;
  const fill = (input: InputCase, name: string): HostArray => {
    const integer = dtypeOf(opCase.op, name) === "int32";
    const rng = createRng({ seed: 17, index: index++ });
    const [low, high] = input.range ?? (integer ? [0, 2] : [-1, 1]);
    const value = (): number => {
      const drawn = low + (high - low) * rng.uniform();
      return integer ? Math.floor(drawn) : Math.fround(drawn);
    };
    const values = input.values ?? Array.from({ length: sizeOf(input.shape) }, value);
    return integer ? Int32Array.from(values) : Float64Array.from(values, Math.fround);
  };
  return Object.fromEntries(
    Object.entries(opCase.inputs).map(([name, input]) => [
      name,
      Array.isArray(input) ? input.map((one: InputCase) => fill(one, name)) : input && fill(input as InputCase, name),
    ]),
  );
}

function upload(
  backend: Backend,
  { op, inputs }: OpCase,
  values: Record<string, HostArray | HostArray[] | undefined>,
): Record<string, Slot> {
  const one = (name: string, input: InputCase, array: HostArray): Tensor =>
    tensor(array, input.shape, backend, dtypeOf(op, name));
  return Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => {
      const array = values[name];
      if (Array.isArray(input))
        return [name, input.map((each: InputCase, i) => one(name, each, (array as HostArray[])[i]))];
      return [name, input && one(name, input as InputCase, array as HostArray)];
    }),
  );
}

function makeOutputs(
  backend: Backend,
  op: AnyOp,
  inputs: Record<string, Slot>,
  attributes: object,
): Record<string, Tensor> {
  const shapes = Object.fromEntries(
    Object.entries(inputs).map(([name, slot]) => [
      name,
      slot instanceof Array ? slot.map((one) => one.shape) : slot?.shape,
    ]),
  );
  const outputs = op.shape(shapes as never, attributes);
  return Object.fromEntries(
    Object.entries(outputs).map(([name, shape]) => [
      name,
      emptyTensor(backend, shape as Shape, dtypeOf(op, name), { result: `${op.name}.${name}` }),
    ]),
  );
}

// What every tensor of a step looked like, in the order they were computed: to see where a value that is not finite came from.
import type { Backend, HostArray, ObservedSlots, OpObserver, Tensor } from "@beitjs/tensor-core";

export type TensorFacts = {
  readonly pass: "parameters" | "forward" | "backward";
  /** Number of the pass: one a micro-batch, and again where a smaller loss scale is tried. */
  readonly number: number;
  /** Such as `Attention.y after blocks.3.attention.qkv`, or the path of a parameter. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Of the values that are finite; undefined where none is. */
  readonly min?: number;
  readonly max?: number;
  readonly nan: number;
  readonly infinite: number;
};

/** Watches the ops of a backend until `end`. */
export function createTensorLog(backend: Backend): { readonly end: () => Promise<readonly TensorFacts[]> } {
  const log: Promise<TensorFacts>[] = [];
  let number = -1;
  let open = false;
  let paths = new Map<unknown, string>();
  let place = "";
  const note = (pass: TensorFacts["pass"], name: string, tensor: Tensor): void => {
    const facts = { pass, number, name, shape: tensor.shape };
    // Of a device only a copy under way can be had now; a copy on the host is looked at and let go at once.
    if (!backend.readSync) log.push(tensor.read().then((values) => ({ ...facts, ...statistics(values) })));
    else log.push(Promise.resolve({ ...facts, ...statistics(tensor.readSync()) }));
  };
  const observer: OpObserver = {
    pass(parameters) {
      number++;
      open = true;
      place = "";
      paths = new Map(parameters.map(([path, { storage }]) => [storage, path]));
      for (const [path, parameter] of parameters) note("parameters", path, parameter);
      return () => (open = false);
    },
    computed(op, inputs, outputs) {
      if (!open) return undefined;
      const own = ownPlace(inputs, paths);
      place = own ?? place;
      const where = own === undefined ? (place === "" ? "at the beginning" : `after ${place}`) : `of ${own}`;
      for (const [name, output] of Object.entries(outputs)) note("forward", `${op}.${name} ${where}`, output);
      return (gradients) => {
        for (const [name, gradient] of Object.entries(gradients)) note("backward", `${op}.${name} ${where}`, gradient);
      };
    },
  };
  backend.observer = observer;
  return {
    end: () => {
      backend.observer = undefined;
      return Promise.all(log);
    },
  };
}

// Where in the model an op is: what the paths of its parameters begin with.
function ownPlace(inputs: ObservedSlots, paths: ReadonlyMap<unknown, string>): string | undefined {
  const own = Object.values(inputs)
    .flat()
    .flatMap((tensor) => paths.get(tensor?.storage) ?? []);
  if (own.length === 0) return undefined;
  const keys = own.map((path) => path.split("."));
  const shared = keys[0].findIndex((key, at) => keys.some((other) => other[at] !== key));
  const length = shared < 0 ? keys[0].length - 1 : shared;
  return keys[0].slice(0, Math.max(1, length)).join(".");
}

function statistics(values: HostArray): Pick<TensorFacts, "min" | "max" | "nan" | "infinite"> {
  let [min, max, nan, infinite] = [Infinity, -Infinity, 0, 0];
  for (const value of values) {
    if (Number.isNaN(value)) nan++;
    else if (!Number.isFinite(value)) infinite++;
    else {
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  return { ...(min <= max && { min, max }), nan, infinite };
}

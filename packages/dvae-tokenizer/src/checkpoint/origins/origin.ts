// What there is to say of whoever's code wrote a tokenizer's weights. Each origin says it in one module of this folder.
import type { Shape } from "@beitjs/tensor-core";
import type { LazyTensor, TensorFile } from "@beitjs/tensor-core/files";
import type { DvaeConfig } from "../../config.ts";
import type { OfficialName } from "../../names.ts";

export type Origin = {
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** A parameter that all its files have, by the names it may have: they tell the naming, and the place in the tree. */
  readonly probes: readonly string[];
  /** Whether a file with a probe is its own; asked in the order of the list, the first one takes it. */
  recognizes(tensors: ModelTensors): boolean;
  /**
   * What the files say, before any parameter is read.
   *
   * @param given what the caller knows better
   * @throws `[openTokenizer] expected …, got …`
   */
  describe(files: readonly ModelFile[], given: Partial<DvaeConfig>): Description;
};

/** The tensors of one model by name, without what stands in front of all of them in the file's tree. */
export type ModelTensors = ReadonlyMap<string, LazyTensor>;

/** A file of weights, and its tensors as `ModelTensors`. */
export type ModelFile = Pick<TensorFile, "metadata" | "root"> & {
  readonly name: string;
  readonly tensors: ModelTensors;
};

export type Description = {
  readonly config: DvaeConfig;
  /** Their names begin with `encoder.` or `decoder.`, whatever the file's do: either half may be all there is. */
  readonly tensors: ModelTensors;
  /** What the parameters are called and how they lie; absent: by our paths, in our layout. */
  readonly names?: readonly OfficialName[];
  /** Names of constants that its code keeps beside the parameters. */
  readonly spare?: RegExp;
};

/** What stands in front of the names of a model's tensors; undefined where there is no model of these probes. */
export function placeOf(names: Iterable<string>, probes: readonly string[]): string | undefined {
  const all = [...names];
  for (const probe of probes) {
    const found = all.filter((name) => name === probe || name.endsWith(`.${probe}`));
    if (found.length === 0) continue;
    return found.reduce((least, name) => (name.length < least.length ? name : least)).slice(0, -probe.length);
  }
  return undefined;
}

/** The model of an origin in a file; undefined where there is none. */
export function modelIn(tensors: ModelTensors, probes: readonly string[]): ModelTensors | undefined {
  const place = placeOf(tensors.keys(), probes);
  if (place === undefined) return undefined;
  const under = [...tensors].filter(([name]) => name.startsWith(place));
  return new Map(under.map(([name, tensor]) => [name.slice(place.length), tensor]));
}

/** The file of an origin whose models are one; refuses several. */
export function onlyFile(files: readonly ModelFile[]): ModelFile {
  return files.length === 1 ? files[0] : refuseSeveral(files);
}

export function refuseSeveral(files: readonly ModelFile[]): never {
  throw new Error(`[openTokenizer] expected one file, got ${files.map(({ name }) => name).join(", ")}`);
}

export function shapeOf(tensors: ModelTensors, name: string, rank: number): Shape {
  const shape = tensors.get(name)?.shape;
  if (shape?.length === rank) return shape;
  throw new Error(
    `[openTokenizer] expected ${name} with ${rank} axes, got ${shape ? `[${shape.join(", ")}]` : "none"}`,
  );
}

// The parameters of a config among the tensors of a checkpoint: every problem is listed before a byte of them is read.
import type { Shape } from "@beitjs/tensor-core";
import { firstOf, type LazyTensor } from "@beitjs/tensor-core/files";
import type { BeitConfig } from "../config.ts";
import { checkDepth } from "../values.ts";
import type { Contents } from "./files.ts";
import { canonicalName, type ModelTensors, type Naming } from "./origins/origin.ts";
import { addValues, stored, zeroValues, type StoredTensor } from "./stored.ts";

const TABLE = "relativePositionBias";

export type Matched = {
  /** Every parameter of the config by our path, in our layout. */
  readonly parameters: ReadonlyMap<string, StoredTensor>;
  /** Names in the file that the model does not use. */
  readonly unused: readonly string[];
};

export type MatchOptions = {
  /** Names that BEiT does not have are unused instead of an error. */
  readonly allowUnexpected: boolean;
  /** Names that may be absent, all of them or none, beside those of the naming; they are zeros then. */
  readonly optional?: RegExp | undefined;
  /** Whether a shared table of relative positions beside those of the layers is added to them; default true. */
  readonly bothTables?: boolean | undefined;
  /** What the file has under names that are no plain tensors: nothing of it is zeros. */
  readonly setAside?: Contents["setAside"];
};

/**
 * @throws one error that lists all tensors that are missing, unexpected, of another shape or no floating-point numbers
 */
export function matchParameters(
  tensors: ModelTensors,
  naming: Naming,
  config: BeitConfig,
  { allowUnexpected, optional, bothTables = true, setAside }: MatchOptions,
): Matched {
  checkDepth("openBeit", config, tensors.size);
  const { derived, spare } = naming;
  const expected = naming.shapes(config);
  const extra = bothTables ? sharedTable(naming, config, expected) : new Map<string, Shape>();
  const used = new Map<string, LazyTensor>();
  const unused: string[] = [];
  const problems: string[] = [];
  for (const [name, tensor] of tensors) {
    const bare = canonicalName(name, naming);
    const shape = expected.get(bare) ?? extra.get(bare);
    if (shape === undefined || used.has(bare)) {
      if (derived?.test(bare)) continue;
      if (allowUnexpected || (shape === undefined && spare.test(bare))) unused.push(name);
      else problems.push(`unexpected ${name}`);
      continue;
    }
    used.set(bare, tensor);
    if (tensor.shape.join() !== shape.join()) {
      problems.push(`${name} [${tensor.shape.join(", ")}] where it should be [${shape.join(", ")}]`);
    } else if (!/^(F64|F32|F16|BF16)$/.test(tensor.dtype)) {
      problems.push(`${name} of ${tensor.dtype} where it should be of F64, F32, F16 or BF16`);
    }
  }
  const missing = [...expected.keys()].filter((name) => !used.has(name));
  const reason = (name: string) => reasonOf(setAside, naming.inFull?.(name, config) ?? name);
  const aside = missing.some((name) => reason(name) !== undefined);
  const optionals = aside ? [] : [naming.optional, optional];
  const zeros = new Set(optionals.flatMap((one) => absentTogether(one, expected, missing)));
  for (const name of missing) {
    if (zeros.has(name)) continue;
    const full = naming.inFull?.(name, config) ?? name;
    const what = reason(name);
    problems.push(what === undefined ? `no ${full}` : `${full}, which is ${what}: save it as a plain tensor`);
  }
  if (problems.length > 0) {
    const foreign = problems.some((problem) => problem.startsWith("unexpected "));
    const way = foreign ? "; `allowUnexpected` (--allow-unexpected) leaves unexpected ones aside" : "";
    throw new Error(`[openBeit] expected the tensors of the config, got ${firstOf(problems, "; ")}${way}`);
  }
  const lazy = new Map([...used].map(([name, tensor]) => [name, stored(tensor)]));
  for (const [name, shape] of expected) if (zeros.has(name)) lazy.set(name, zeroValues(shape));
  return { parameters: withOneTable(naming.toOurs(lazy, config)), unused };
}

function absentTogether(
  optional: RegExp | undefined,
  expected: ReadonlyMap<string, Shape>,
  missing: readonly string[],
): readonly string[] {
  const absent = missing.filter((name) => optional?.test(name));
  return absent.length === [...expected.keys()].filter((name) => optional?.test(name)).length ? absent : [];
}

// A model may have a table of its own in every layer and one that all share: what they say is added.
function sharedTable(
  naming: Naming,
  config: BeitConfig,
  expected: ReadonlyMap<string, Shape>,
): ReadonlyMap<string, Shape> {
  if (config.relativePositions !== "per-layer") return new Map();
  const shared = naming.shapes({ ...config, relativePositions: "shared" });
  return new Map([...shared].filter(([name]) => !expected.has(name)));
}

function withOneTable(parameters: ReadonlyMap<string, StoredTensor>): ReadonlyMap<string, StoredTensor> {
  const shared = parameters.get(TABLE);
  const own = [...parameters].filter(([path]) => path.endsWith(`.${TABLE}`));
  if (!shared || own.length === 0) return parameters;
  const one = new Map(parameters);
  one.delete(TABLE);
  for (const [path, table] of own) one.set(path, addValues(table, shared));
  return one;
}

/** What a name is that was set aside, at the top of the file or at any place in it. */
function reasonOf(setAside: Contents["setAside"], name: string): string | undefined {
  return [...(setAside ?? [])].find(([path]) => path === name || path.endsWith(`.${name}`))?.[1];
}

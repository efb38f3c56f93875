// The parameters of a config among the tensors of a checkpoint: every problem is listed before a byte of them is read.
import { firstOf, type LazyTensor } from "@beitjs/tensor-core/files";
import type { BeitConfig } from "../config.ts";
import { checkDepth } from "../values.ts";
import type { Contents } from "./files.ts";
import type { ModelTensors, Naming } from "./origins/origin.ts";
import { stored, type StoredTensor } from "./stored.ts";

export type Matched = {
  /** Every parameter of the config by our path, in our layout. */
  readonly parameters: ReadonlyMap<string, StoredTensor>;
  /** Names in the file that the model does not use. */
  readonly unused: readonly string[];
};

/**
 * @param options.allowUnexpected names that BEiT does not have are unused instead of an error
 * @param options.setAside what the file has under names that are no plain tensors
 * @throws one error that lists all tensors that are missing, unexpected, of another shape or no floating-point numbers
 */
export function matchParameters(
  tensors: ModelTensors,
  naming: Naming,
  config: BeitConfig,
  { allowUnexpected, setAside }: Pick<Contents, "setAside"> & { readonly allowUnexpected: boolean },
): Matched {
  checkDepth("openBeit", config, tensors.size);
  const { base = "", derived, spare } = naming;
  const expected = naming.shapes(config);
  const used = new Map<string, LazyTensor>();
  const unused: string[] = [];
  const problems: string[] = [];
  for (const [name, tensor] of tensors) {
    const bare = name.startsWith(base) ? name.slice(base.length) : name;
    const shape = expected.get(bare);
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
  for (const name of expected.keys()) {
    if (used.has(name)) continue;
    const full = naming.inFull?.(name, config) ?? name;
    const what = reasonOf(setAside, full);
    problems.push(what === undefined ? `no ${full}` : `${full}, which is ${what}: save it as a plain tensor`);
  }
  if (problems.length > 0) {
    const foreign = problems.some((problem) => problem.startsWith("unexpected "));
    const way = foreign ? "; `allowUnexpected` (--allow-unexpected) leaves unexpected ones aside" : "";
    throw new Error(`[openBeit] expected the tensors of the config, got ${firstOf(problems, "; ")}${way}`);
  }
  const lazy = new Map([...used].map(([name, tensor]) => [name, stored(tensor)]));
  return { parameters: naming.toOurs(lazy, config), unused };
}

/** What a name is that was set aside, at the top of the file or at any place in it. */
function reasonOf(setAside: Contents["setAside"], name: string): string | undefined {
  return [...(setAside ?? [])].find(([path]) => path === name || path.endsWith(`.${name}`))?.[1];
}

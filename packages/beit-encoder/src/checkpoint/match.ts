// The parameters of a config among the tensors of a checkpoint: every problem is listed before a byte of them is read.
import { firstOf, type LazyTensor } from "@beitjs/tensor-core/files";
import type { BeitConfig } from "../config.ts";
import { checkDepth } from "../values.ts";
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
 * @throws one error that lists all tensors that are missing, unexpected, of another shape or no floating-point numbers
 */
export function matchParameters(
  tensors: ModelTensors,
  naming: Naming,
  config: BeitConfig,
  { allowUnexpected }: { readonly allowUnexpected: boolean },
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
    if (!used.has(name)) problems.push(`no ${naming.inFull?.(name, config) ?? name}`);
  }
  if (problems.length > 0) {
    const foreign = problems.some((problem) => problem.startsWith("unexpected "));
    const way = foreign ? "; `allowUnexpected` (--allow-unexpected) leaves unexpected ones aside" : "";
    throw new Error(`[openBeit] expected the tensors of the config, got ${firstOf(problems, "; ")}${way}`);
  }
  const lazy = new Map([...used].map(([name, tensor]) => [name, stored(tensor)]));
  return { parameters: naming.toOurs(lazy, config), unused };
}

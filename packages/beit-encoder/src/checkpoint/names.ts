// Which names a checkpoint uses, where in its tree they are, and what they are called by us.
import type { Shape } from "@beitjs/tensor-core";
import type { LazyTensor } from "@beitjs/tensor-core/files";
import type { BeitConfig } from "../config.ts";
import { huggingFaceName } from "./hugging-face-config.ts";
import { joinNames, splitNames, thirdOfShape } from "./hugging-face.ts";
import { officialPath, officialShapes, ourLayout } from "./official.ts";
import { parameterShapes } from "../parameters.ts";
import { joinRows, stored, type StoredTensor } from "./stored.ts";

/** Our paths, the official names (unilm, timm), or those of transformers. */
export type Naming = "beitjs" | "official" | "hugging-face";

export type NamedTensors = {
  readonly naming: Naming;
  /** By name, without what is in front of all of them. */
  readonly tensors: ReadonlyMap<string, LazyTensor>;
};

// The patch embedding is in every checkpoint: its name tells the naming, and what is in front of it the place in the tree.
const probes: readonly (readonly [name: string, naming: Naming])[] = [
  ["patchEmbedding.weight", "beitjs"],
  ["patch_embed.proj.weight", "official"],
  ["embeddings.patch_embeddings.projection.weight", "hugging-face"],
];

// The official loader looks under `model`, then `module`, then at the top. (run_class_finetuning.py)
const places = ["model.", "module.", ""];
const averaged = /(^|[._])ema([._]|$)/;

/** Whether tensors of these names are, among others, those of a BEiT in a naming that `openBeit` knows. */
export function hasBeitNames(names: Iterable<string>): boolean {
  return [...names].some((name) => probes.some(([probe]) => name === probe || name.endsWith(`.${probe}`)));
}

/**
 * The parameters of the model in a checkpoint. What lies beside them (optimizer, scaler, an averaged copy) is left out.
 *
 * @throws `[openBeit] expected …, got …` if there is none
 */
export function findParameters(tensors: ReadonlyMap<string, LazyTensor>): NamedTensors {
  const found = [...tensors.keys()].flatMap((name) =>
    probes
      .filter(([probe]) => name === probe || name.endsWith(`.${probe}`))
      .map(([probe, naming]) => ({ naming, prefix: name.slice(0, -probe.length).replace(/(^|\.)beit\.$/, "$1") })),
  );
  const rank = (prefix: string) =>
    places.includes(prefix) ? places.indexOf(prefix) : places.length + Number(averaged.test(prefix));
  const [first] = found.sort((a, b) => rank(a.prefix) - rank(b.prefix) || a.prefix.length - b.prefix.length);
  if (!first) {
    const names = [...tensors.keys()].slice(0, 5).join(", ");
    throw new Error(`[openBeit] expected the parameters of a BEiT, got ${names || "no tensors"}`);
  }
  const under = [...tensors].filter(([name]) => name.startsWith(first.prefix));
  return { naming: first.naming, tensors: new Map(under.map(([name, one]) => [name.slice(first.prefix.length), one])) };
}

/** Shapes under the official names, to infer a config from. */
export function officialView({ naming, tensors }: NamedTensors): ReadonlyMap<string, Shape> {
  const shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]));
  if (naming !== "hugging-face") return shapes;
  return joinNames(shapes, (parts) => [parts.reduce((rows, [more]) => rows + more, 0), ...parts[0].slice(1)]);
}

// Recomputed, or zero by construction: keys have no bias.
const derived = /(^|\.)(relative_position_index|k_bias)$/;
// Parameters of BEiT that a model without their head does not have.
const spare: Readonly<Record<Naming, RegExp>> = {
  beitjs: /^(maskToken$|(norm|visualTokenHead|classNorm|classHead)\.)/,
  official: /^(mask_token|(norm|fc_norm|lm_head|head)\.(weight|bias))$/,
  "hugging-face": /^(embeddings\.mask_token|(layernorm|pooler\.layernorm|lm_head|classifier)\.(weight|bias))$/,
};

export type Matched = {
  /** Every parameter of the config by our path, in our layout. */
  readonly parameters: ReadonlyMap<string, StoredTensor>;
  /** Names in the file that the model does not use. */
  readonly unused: readonly string[];
};

/**
 * The parameters of a config among those of a checkpoint.
 *
 * @param options.allowUnexpected names that BEiT does not have are unused instead of an error
 * @throws one error that lists all tensors that are missing, unexpected, of another shape or no floating-point numbers
 */
export function matchParameters(
  { naming, tensors }: NamedTensors,
  config: BeitConfig,
  { allowUnexpected }: { readonly allowUnexpected: boolean },
): Matched {
  const expected = expectedShapes(naming, config);
  const used = new Map<string, LazyTensor>();
  const unused: string[] = [];
  const problems: string[] = [];
  for (const [name, tensor] of tensors) {
    const bare = naming === "hugging-face" ? name.replace(/^beit\./, "") : name;
    const shape = expected.get(bare);
    if (shape === undefined || used.has(bare)) {
      if (derived.test(bare)) continue;
      if (allowUnexpected || (shape === undefined && spare[naming].test(bare))) unused.push(name);
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
  for (const name of expected.keys())
    if (!used.has(name)) problems.push(`no ${naming === "hugging-face" ? huggingFaceName(name, config) : name}`);
  if (problems.length > 0) throw new Error(`[openBeit] expected the tensors of the config, got ${problems.join("; ")}`);
  return { parameters: byPath(naming, used, config), unused };
}

function expectedShapes(naming: Naming, config: BeitConfig): ReadonlyMap<string, Shape> {
  if (naming === "beitjs") return parameterShapes(config);
  return naming === "official" ? officialShapes(config) : splitNames(officialShapes(config), thirdOfShape);
}

function byPath(
  naming: Naming,
  used: ReadonlyMap<string, LazyTensor>,
  config: BeitConfig,
): ReadonlyMap<string, StoredTensor> {
  const lazy = new Map([...used].map(([name, tensor]) => [name, stored(tensor)]));
  if (naming === "beitjs") return lazy;
  const official = naming === "official" ? lazy : joinNames(lazy, joinRows);
  return new Map(
    [...official].map(([name, tensor]) => {
      const path = officialPath(name) as string;
      return [path, { shape: tensor.shape, read: async () => ourLayout(path, await tensor.read(), config) }];
    }),
  );
}

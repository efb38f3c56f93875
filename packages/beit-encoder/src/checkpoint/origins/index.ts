// All origins. Another one is a module in this folder and a line in this list.
import type { LazyTensor } from "@beitjs/tensor-core/files";
import type { Contents } from "../files.ts";
import { huggingFace } from "./hugging-face.ts";
import { modelIn, placeOf, type Conventions, type ModelTensors, type Origin } from "./origin.ts";
import { ours } from "./ours.ts";
import { timm } from "./timm.ts";
import { unilm } from "./unilm.ts";

// The first that recognizes a checkpoint takes it, so those that look closer stand in front.
const origins = [ours, huggingFace, timm, unilm] as const;

/** Whose code wrote a checkpoint: ours, BEiT's own (microsoft/unilm), timm, or Hugging Face transformers. */
export type BeitOrigin = (typeof origins)[number]["name"];

export type KnownOrigin = Origin & { readonly name: BeitOrigin };

/** What each origin is called, and what it does where its files do not say. */
export const beitOrigins = Object.fromEntries(
  origins.map(({ name, title, conventions }) => [name, { title, ...conventions }]),
) as Readonly<Record<BeitOrigin, Conventions & { readonly title: string }>>;

/** Whether tensors of these names are, among others, those of a BEiT in a naming that `openBeit` knows. */
export function hasBeitNames(names: Iterable<string>): boolean {
  const all = [...names];
  return origins.some(({ naming }) => placeOf(all, naming) !== undefined);
}

/**
 * The origin of a checkpoint, and the tensors of its model.
 *
 * @throws `[openBeit] expected …, got …` if there is no BEiT
 */
export function originOf(contents: Contents): { readonly origin: KnownOrigin; readonly tensors: ModelTensors } {
  for (const origin of origins) {
    const tensors = modelIn(contents.tensors, origin.naming);
    if (tensors && origin.recognizes(contents, tensors)) return { origin, tensors };
  }
  throw new Error(`[openBeit] expected the parameters of a BEiT, got ${listed(contents.tensors)}`);
}

function listed(tensors: ReadonlyMap<string, LazyTensor>): string {
  return [...tensors.keys()].slice(0, 5).join(", ") || "no tensors";
}

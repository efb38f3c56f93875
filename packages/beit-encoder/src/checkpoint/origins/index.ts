// All origins. Another one is a module in this folder and a line in this list.
import { firstOf } from "@beitjs/tensor-core/files";
import type { Contents } from "../files.ts";
import { huggingFace } from "./hugging-face.ts";
import { placesOf, tensorsAt, type Conventions, type ModelTensors, type Origin, type WeightsChoice } from "./origin.ts";
import { mmpretrain } from "./mmpretrain.ts";
import { ours } from "./ours.ts";
import { timm } from "./timm.ts";
import { unilm } from "./unilm.ts";

// The first that recognizes a checkpoint takes it, so those that look closer stand in front.
const origins = [ours, huggingFace, mmpretrain, timm, unilm] as const;

type OwnOrigin = (typeof origins)[number]["name"];

/**
 * Whose code wrote a checkpoint: ours, BEiT's own (microsoft/unilm), timm, OpenMMLab's mmpretrain, or Hugging Face transformers; of
 * `visionTransformers`, which are no BEiT, the last ones.
 */
export type BeitOrigin = OwnOrigin | "timm-vit" | "dino" | "dinov3" | "mae" | "hugging-face-vit";

export type KnownOrigin = Origin & { readonly name: BeitOrigin };

/** What each origin is called, and what it does where its files do not say. */
export const beitOrigins = Object.fromEntries(
  origins.map(({ name, title, conventions }) => [name, { title, ...conventions }]),
) as Readonly<Record<OwnOrigin, Conventions & { readonly title: string }>>;

/** Whether tensors of these names are, among others, those of a BEiT in a naming that `openBeit` knows, or of others that are given. */
export function hasBeitNames(names: Iterable<string>, others: readonly KnownOrigin[] = []): boolean {
  const all = [...names];
  return [...others, ...origins].some(({ naming }) => {
    const { raw, average } = placesOf(all, naming);
    return (raw ?? average) !== undefined;
  });
}

export type Found = {
  readonly origin: KnownOrigin;
  readonly tensors: ModelTensors;
  /** Which weights they are, where the checkpoint has both. */
  readonly weights?: WeightsChoice;
};

/**
 * The origin of a checkpoint, and the tensors of its model.
 *
 * @param others asked before BEiT's own
 * @param wanted averaged or raw weights; default as the origin's own loader takes them
 * @throws `[openBeit] expected …, got …` if there is no BEiT, or not with the wanted weights
 */
export function originOf(contents: Contents, wanted?: WeightsChoice, others: readonly KnownOrigin[] = []): Found {
  if (isVqKd(contents.tensors)) {
    throw new Error(
      "[openBeit] expected the parameters of a BEiT, got BEiT v2's tokenizer (VQ-KD), which is another network; " +
        "what was pre-trained with it, beitv2_*.pth, can be opened",
    );
  }
  for (const origin of [...others, ...origins]) {
    const places = placesOf(contents.tensors.keys(), origin.naming);
    const place = places.raw ?? places.average;
    if (place === undefined || !origin.recognizes(contents, tensorsAt(contents.tensors, place))) continue;
    const both = places.raw !== undefined && places.average !== undefined;
    const weights = wanted ?? (both ? origin.conventions.weights : places.raw === undefined ? "average" : "raw");
    const chosen = places[weights];
    if (chosen === undefined) refuseWeights(weights, place);
    const other = places[weights === "raw" ? "average" : "raw"];
    return { origin, tensors: tensorsAt(contents.tensors, chosen, other), ...(both && { weights }) };
  }
  throw new Error(`[openBeit] expected the parameters of a BEiT, got ${listed(contents)}`);
}

function refuseWeights(wanted: WeightsChoice, place: string): never {
  const [expected, got] = wanted === "average" ? ["averaged", "raw"] : ["raw", "averaged"];
  const where = place === "" ? "at the top" : `under ${place.slice(0, -1)}`;
  throw new Error(
    `[openBeit] expected ${expected} weights, got only ${got} ones ${where}; leave \`weights\` (--weights) away`,
  );
}

// An encoder and a decoder, each much as a BEiT, and a codebook between. (microsoft/unilm, beit2/modeling_vqkd.py) Pre-training of
// mmpretrain stores it beside the BEiT that learns from it.
function isVqKd(tensors: ModelTensors): boolean {
  const names = [...tensors.keys()].filter((name) => !/(^|\.)target_generator\./.test(name));
  return ["quantize.embedding.weight", "encode_task_layer.0.weight"].every((own) =>
    names.some((name) => name === own || name.endsWith(`.${own}`)),
  );
}

function listed({ tensors, setAside = new Map() }: Contents): string {
  const names = firstOf([...tensors.keys()].slice(0, 5)) || "no tensors";
  if (setAside.size === 0) return names;
  const others = [...setAside].slice(0, 5).map(([name, what]) => `${name} (${what})`);
  return `${names}; left aside, since they are no plain tensors: ${firstOf(others)}`;
}

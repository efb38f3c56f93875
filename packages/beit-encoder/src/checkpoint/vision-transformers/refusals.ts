// Vision transformers whose blocks are no plain ones, by the names of what ours do not have.
import { canonicalName, type ModelTensors, type Naming } from "../origins/origin.ts";

const beyond: readonly (readonly [names: RegExp, what: string])[] = [
  [/^(rope_embed|rope)\.|^storage_tokens$|\.bias_mask$/, "the rotary positions of DINOv3"],
  [/\.mlp\.(w12|w3|fc1_g|weights_in)\./, "SwiGLU, as in DINOv2's giant"],
  [/^norm_pre\./, "a norm before the blocks, as in CLIP"],
  [/\.attn\.[qk]_norm\./, "norms of queries and keys"],
  [/^attn_pool\./, "pooling by attention, as in SigLIP"],
  [/^(dist_token$|head_dist\.)/, "DeiT's distillation token"],
];

/** @throws `[openBeit] expected a plain vision transformer …, got …` */
export function checkPlain(tensors: ModelTensors, naming: Naming): void {
  const names = new Map([...tensors].map(([name, { shape }]) => [canonicalName(name, naming), shape]));
  for (const [pattern, what] of beyond) {
    const found = [...names.keys()].find((name) => pattern.test(name));
    if (found !== undefined) refuse(`${what} (${found})`);
  }
  if (!names.has("cls_token")) refuse("one without a class token (no cls_token)");
  if (!names.has("pos_embed")) refuse("other positions than learned absolute ones (no pos_embed)");
  const [hidden, inner] = [names.get("blocks.0.mlp.fc1.weight")?.[0], names.get("blocks.0.mlp.fc2.weight")?.[1]];
  if (hidden !== undefined && inner !== undefined && hidden === 2 * inner) refuse("SwiGLU (blocks.0.mlp.fc1.weight)");
}

/** @throws what it says */
export function refuse(got: string): never {
  throw new Error(
    `[openBeit] expected a plain vision transformer (class token, absolute positions, a perceptron with GELU), got ${got}`,
  );
}

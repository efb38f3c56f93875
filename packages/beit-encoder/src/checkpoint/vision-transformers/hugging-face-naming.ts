// Names of transformers' plain vision transformers by those of its BEiT, which are ViT's; DINOv2's blocks have names of their own.
import { huggingFaceNaming } from "../hugging-face/names.ts";
import type { Naming } from "../origins/origin.ts";

const ofDino: readonly (readonly [dino: string, vit: string])[] = [
  ["norm1.", "layernorm_before."],
  ["norm2.", "layernorm_after."],
  ["mlp.fc1.", "intermediate.dense."],
  ["mlp.fc2.", "output.dense."],
  ["layer_scale1.lambda1", "lambda_1"],
  ["layer_scale2.lambda1", "lambda_2"],
];

/** @internal As in `plainNaming`, keys go without the bias that they have in files. */
export const huggingFaceViTNaming: Naming = {
  ...huggingFaceNaming,
  bases: ["vit.", "dinov2.", "dinov2_with_registers."],
  canonical,
  // The last are the tanh of ViT's pooler, and the decoders of ViTMAE and of masked image modeling.
  spare: /^(embeddings\.mask_token|(layernorm|classifier)\.(weight|bias)|(pooler\.dense|decoder)\..*)$/,
  derived: /\.attention\.attention\.key\.bias$/,
  // Of `qkv_bias` false.
  optional: /\.attention\.attention\.(query|value)\.bias$/,
  inFull(name, { layerScale }) {
    if (layerScale === 0) return name;
    const [, start = "", rest = ""] = /^(encoder\.layer\.\d+\.)(.*)$/.exec(name) ?? [];
    const [dino, vit] = ofDino.find((pair) => rest.startsWith(pair[1])) ?? [];
    return dino && vit ? start + dino + rest.slice(vit.length) : name;
  },
};

function canonical(name: string): string {
  // In memory DINOv2 keeps this part of its names, ViT does not.
  const inMemory = name.replace(/^encoder\.layer\.(\d+)\.attention\.([qkvo])_proj\./, "layers.$1.attention.$2_proj.");
  const onDisk = huggingFaceNaming.canonical?.(inMemory) ?? inMemory;
  const [, start = "", rest = ""] = /^(encoder\.layer\.\d+\.)(.*)$/.exec(onDisk) ?? [];
  const [dino, vit] = ofDino.find((pair) => rest.startsWith(pair[0])) ?? [];
  return dino && vit ? start + vit + rest.slice(dino.length) : onDisk;
}

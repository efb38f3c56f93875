// The parameters of plain vision transformers as timm, DINO and MAE store them: named as BEiT's, but for the biases of queries, keys
// and values in one vector, layer scales in modules of their own, and registers. (timm, models/vision_transformer.py)
import type { Shape } from "@beitjs/tensor-core";
import { officialNaming } from "../official.ts";
import { canonicalName, type ModelTensors, type Naming } from "../origins/origin.ts";
import type { StoredTensor } from "../stored.ts";

/** Ours of a block, and where the names of others have it. */
const scales: readonly (readonly [official: string, plain: string])[] = [
  ["gamma_1", "ls1.gamma"],
  ["gamma_2", "ls2.gamma"],
];

/**
 * The naming of files whose positions are the class token's and the patches', or the patches' alone: the class token's is zero then, and
 * learns beside the token. Keys have a bias, too: it adds the same number to all scores of a query, which their softmax takes away, so that it is left
 * out here and the model computes the same, its gradients included.
 */
export function plainNaming({ classPosition }: { readonly classPosition: boolean }): Naming {
  return {
    patchEmbedding: officialNaming.patchEmbedding,
    canonical,
    shapes(config) {
      const shapes = new Map<string, Shape>();
      for (const [name, shape] of officialNaming.shapes(config)) {
        if (name.endsWith(".attn.v_bias")) continue;
        if (name === "pos_embed" && !classPosition) shapes.set(name, [1, shape[1] - 1, shape[2]]);
        else if (name.endsWith(".attn.q_bias")) shapes.set(name.replace("q_bias", "qkv.bias"), [3 * shape[0]]);
        else shapes.set(renamed(name, 0, 1), shape);
      }
      return shapes;
    },
    toOurs(tensors, config) {
      const official = new Map<string, StoredTensor>();
      for (const [name, tensor] of tensors) {
        if (name.endsWith(".attn.qkv.bias")) {
          const size = tensor.shape[0] / 3;
          official.set(name.replace("qkv.bias", "q_bias"), slice(tensor, 0, size));
          official.set(name.replace("qkv.bias", "v_bias"), slice(tensor, 2 * size, 3 * size));
        } else if (name === "pos_embed" && !classPosition) official.set(name, withClassPosition(tensor));
        else official.set(renamed(name, 1, 0), tensor);
      }
      return officialNaming.toOurs(official, config);
    },
    // The last are MAE's decoder, MoCo v3's heads, and what timm once had between a model and its head.
    spare: /^(mask_token|(norm|fc_norm|head)\.(weight|bias)|decoder_.*|head\.\d+\..*|pre_logits\..*)$/,
    // Of models without these biases: timm's qkv_bias=False.
    optional: /\.attn\.qkv\.bias$/,
  };
}

/** Whether positions are the patches' alone. (timm, no_embed_class) */
export function lacksClassPosition(tensors: ModelTensors): boolean {
  const rows = tensors.get("pos_embed")?.shape[1] ?? 0;
  return Number.isSafeInteger(Math.sqrt(rows));
}

/** Shapes under BEiT's official names, as `inferConfig` reads them. */
export function officialShapesOf(
  tensors: ModelTensors,
  naming: Naming,
  classPosition: boolean,
): ReadonlyMap<string, { readonly shape: Shape }> {
  return new Map(
    [...tensors].map(([name, { shape }]) => {
      const official = renamed(canonicalName(name, naming), 1, 0);
      const patchesAlone = official === "pos_embed" && !classPosition && shape.length === 3;
      return [official, { shape: patchesAlone ? [1, shape[1] + 1, shape[2]] : shape }];
    }),
  );
}

// DINOv2's code calls registers otherwise, and numbers blocks in chunks where it trained them so.
function canonical(name: string): string {
  return name.replace(/^register_tokens$/, "reg_token").replace(/^blocks\.\d+\.(\d+)\./, "blocks.$1.");
}

function renamed(name: string, from: 0 | 1, to: 0 | 1): string {
  const pair = scales.find((names) => name.endsWith(`.${names[from]}`));
  return pair ? name.slice(0, -pair[from].length) + pair[to] : name;
}

function slice({ read }: StoredTensor, start: number, end: number): StoredTensor {
  const shape = [end - start];
  return { shape, read: async () => ({ shape, data: (await read()).data.slice(start, end) }) };
}

function withClassPosition({ shape: [one, rows, width], read }: StoredTensor): StoredTensor {
  const shape = [one, rows + 1, width];
  return {
    shape,
    async read() {
      const data = new Float32Array((rows + 1) * width);
      data.set((await read()).data, width);
      return { shape, data };
    },
  };
}

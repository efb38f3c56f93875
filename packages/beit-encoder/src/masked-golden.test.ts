// Against transformers' masked autoencoder (He et al. 2021): the same small weights give its loss, its predictions and its gradients, as
// tools/golden/masked-autoencoder/make.py computed them in float64.
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { leaves, scope, tensor, valueAndGradient, type Backend, type Tensor } from "@beitjs/tensor-core";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { hashSigned } from "@beitjs/tensor-core/testing";
import { encodeMasked, parameterShapes, pixelLoss, pixelPredictions, type Beit, type BeitConfig } from "./index.ts";
import { treeFromPaths } from "./parameters.ts";
import { sineCosinePositions } from "./positions/sine-cosine.ts";
import { goldenPixels, readExpected, relativeError } from "./testing/golden.ts";

const simd = await createSimdBackend({ threads: 2 });
afterAll(() => simd.dispose());
const backends: readonly [string, Backend][] = [
  ["simd", simd],
  ["reference", createReferenceBackend()],
];
const file = new URL("../../../tools/golden/masked-autoencoder/expected.safetensors", import.meta.url);
const { expected } = readExpected(readFileSync(file));

const sizes = { imageSize: 16, channels: 3, patchSize: 4, width: 16, depth: 2, heads: 2, mlpRatio: 4 };
const plain = {
  absolutePositions: true,
  relativePositions: "none",
  layerScale: 0,
  dropPath: 0,
  epsilon: 1e-6,
} as const;
const config: BeitConfig = {
  ...sizes,
  ...plain,
  vocabSize: 0,
  classes: 0,
  pooling: "mean",
  poolingNorm: "before",
  decoder: { width: 8, depth: 2, heads: 2, vocabSize: 0 },
};
const grid = { rows: 4, cols: 4 };
const masks = [0, 1].map((image) => ({ cells: Uint8Array.from(expected("mask").slice(16 * image, 16 * image + 16)) }));

const outside: Readonly<Record<string, string>> = {
  classToken: "vit.embeddings.cls_token",
  positions: "vit.embeddings.position_embeddings",
  "decoder.maskToken": "decoder.mask_token",
};
const modules: Readonly<Record<string, string>> = {
  patchEmbedding: "vit.embeddings.patch_embeddings.projection",
  norm: "vit.layernorm",
  "decoder.embedding": "decoder.decoder_embed",
  "decoder.norm": "decoder.decoder_norm",
  "decoder.head": "decoder.decoder_pred",
};
const inBlock: Readonly<Record<string, string>> = {
  norm1: "layernorm_before",
  norm2: "layernorm_after",
  "attention.projection": "attention.o_proj",
  "mlp.expand": "mlp.fc1",
  "mlp.contract": "mlp.fc2",
};

/** Transformers' names of a parameter of ours; queries, keys and values are three there. */
function namesOf(path: string): readonly string[] {
  if (Object.hasOwn(outside, path)) return [outside[path]];
  const [, decoder, block, rest] = /^(decoder\.)?blocks\.(\d)\.(.*)$/.exec(path) ?? [];
  const layer = decoder ? `decoder.decoder_layers.${block}` : `vit.layers.${block}`;
  if (rest === "attention.qkv.weight") return ["q", "k", "v"].map((name) => `${layer}.attention.${name}_proj.weight`);
  if (rest === "attention.queryBias") return [`${layer}.attention.q_proj.bias`];
  if (rest === "attention.valueBias") return [`${layer}.attention.v_proj.bias`];
  const [, module, kind] = /^(.*)\.(\w+)$/.exec(rest ?? path) as unknown as [string, string, string];
  const end = { gamma: "weight", beta: "bias", weight: "weight", bias: "bias" }[kind] as string;
  return [rest === undefined ? `${modules[module]}.${end}` : `${layer}.${inBlock[module]}.${end}`];
}

/** Values of a parameter as transformers has them: its patches are [C, P, P]. */
function valuesOf(kind: string, path: string): Float32Array {
  const values = namesOf(path).flatMap((name) => Array.from(expected(`${kind}.${name}`)));
  if (path !== "patchEmbedding.weight") return Float32Array.from(values);
  const [plane, row] = [16, 48];
  return Float32Array.from(values, (_, i) => {
    const within = i % row;
    return values[i - within + (within % 3) * plane + Math.floor(within / 3)];
  });
}

function modelOn(backend: Backend): Beit {
  const shapes = [...parameterShapes(config)];
  return {
    config,
    params: treeFromPaths(shapes.map(([path, shape]) => [path, tensor(valuesOf("weight", path), shape, backend)])),
  };
}

describe.each(backends)("a masked autoencoder on %s", (_, backend) => {
  const pixels = goldenPixels(hashSigned, 16, backend);

  it.each(["normalized", "plain"])("has the loss and predictions of transformers, pixels %s", (kind) => {
    scope(backend, () => {
      const beit = modelOn(backend);
      const tokens = encodeMasked(beit, pixels, { mask: masks });
      const loss = pixelLoss(beit, tokens, pixels, { mask: masks, normalized: kind === "normalized" });
      expect(relativeError(loss.readSync(), expected(`${kind}.loss`))).toBeLessThan(1e-5);
      const predictions = pixelPredictions(beit, tokens, {}).readSync();
      expect(relativeError(predictions, expected(`${kind}.predictions`))).toBeLessThan(1e-5);
    });
  });

  it.each(["normalized", "plain"])("has its gradients, pixels %s", (kind) => {
    scope(backend, () => {
      const { gradients } = valueAndGradient(modelOn(backend).params, (params) => {
        const beit = { config, params };
        const tokens = encodeMasked(beit, pixels, { mask: masks });
        return { loss: pixelLoss(beit, tokens, pixels, { mask: masks, normalized: kind === "normalized" }) };
      });
      const found = leaves<Tensor>(gradients).filter(([path]) => path !== "positions");
      expect(found.length).toBe(parameterShapes(config).size - 1);
      for (const [path, gradient] of found) {
        const error = relativeError(gradient.readSync(), valuesOf(`${kind}.gradient`, path));
        expect(error, path).toBeLessThan(1e-4);
      }
    });
  });
});

it("has its positions", () => {
  for (const [width, name] of [
    [16, "vit.embeddings.position_embeddings"],
    [8, "decoder.decoder_pos_embed"],
  ] as const) {
    expect(relativeError(sineCosinePositions(grid, width), expected(`weight.${name}`)), name).toBeLessThan(1e-6);
  }
});

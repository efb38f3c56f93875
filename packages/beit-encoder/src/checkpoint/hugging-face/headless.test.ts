// BeitModel: a model without a head keeps the norm of its pooler, against what transformers pools; from what
// tools/golden/transformers/make.py wrote, with weights of its formula.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sizeOf } from "@beitjs/tensor-core";
import { bytesSource } from "@beitjs/tensor-core/files";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { fromFloat32, readSafetensors, writeSafetensors, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import { hashSigned } from "@beitjs/tensor-core/testing";
import {
  encode,
  openBeit,
  pooledFeatures,
  readParameters,
  toHuggingFace,
  type Beit,
  type BeitConfig,
} from "../../index.ts";
import { goldenPixels, readExpected, relativeError } from "../../testing/golden.ts";
import { beitConfigFromHuggingFace } from "./config.ts";
import { huggingFaceNaming } from "./names.ts";

const backend = createReferenceBackend();
type Variant = readonly [name: string, placed: Required<Pick<BeitConfig, "pooling" | "poolingNorm">>];
const variants: readonly Variant[] = [
  ["headless-mean", { pooling: "mean", poolingNorm: "after" }],
  ["headless-class", { pooling: "class", poolingNorm: "before" }],
];

function golden(name: string) {
  const bytes = readFileSync(new URL(`../../../../../tools/golden/transformers/${name}.safetensors`, import.meta.url));
  return { ...readExpected(bytes), json: readSafetensors(bytes).metadata["config"] };
}

/** What the script's `fill_by_disk_names` puts into a model. */
function weightsOf([name, placed]: Variant): Map<string, SafeTensor> {
  const { config } = beitConfigFromHuggingFace(JSON.parse(golden(name).json) as object);
  const shapes = [...huggingFaceNaming.shapes({ ...config, ...placed })].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(
    shapes.map(([one, shape], k) => {
      const offset = /layernorm.*weight$/.test(one) ? 1 : one.includes("lambda") ? 0.5 : 0;
      const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => offset + 0.2 * hashSigned(k, i));
      return [one, fromFloat32(data, shape)];
    }),
  );
}

async function open(json: string, tensors: ReadonlyMap<string, SafeTensor>): Promise<Beit> {
  const config = bytesSource(new TextEncoder().encode(json), "config.json");
  const { beit, unused } = await openBeit(
    [bytesSource(writeSafetensors(tensors), "model.safetensors"), config],
    backend,
  );
  expect(unused).toEqual([]);
  return beit;
}

const encoded = (beit: Beit) => encode(beit, goldenPixels(hashSigned, 32, backend));

describe.each(variants)("%s", (...variant) => {
  const [name, placed] = variant;
  const { expected, json } = golden(name);

  it("pools what transformers pools, and comes back from our export", async () => {
    const beit = await open(json, weightsOf(variant));
    expect(beit.config).toMatchObject({ classes: 0, vocabSize: 0, ...placed });
    expect(relativeError(pooledFeatures(beit, encoded(beit)).readSync(), expected("pooled"))).toBeLessThan(1e-5);
    const files = await toHuggingFace(beit);
    const written = new TextDecoder().decode(files["config.json"]);
    expect(JSON.parse(written)).toMatchObject({ use_mean_pooling: placed.pooling === "mean" });
    const back = await open(written, readSafetensors(files["model.safetensors"]).tensors);
    expect(back.config).toEqual(beit.config);
    expect(await readParameters(back)).toEqual(await readParameters(beit));
  });

  it("finds its norm without a config, too", async () => {
    const tensors = weightsOf(variant);
    const known = { config: { heads: 3 } };
    const { beit } = await openBeit(bytesSource(writeSafetensors(tensors)), backend, known);
    expect(beit.config).toMatchObject(placed);
    expect(relativeError(pooledFeatures(beit, encoded(beit)).readSync(), expected("pooled"))).toBeLessThan(1e-5);
  });

  it("has no norm where the pooler was left out: the plain mean of the patches", async () => {
    const tensors = weightsOf(variant);
    const norm = placed.pooling === "mean" ? "pooler.layernorm" : "layernorm";
    for (const end of ["weight", "bias"]) expect(tensors.delete(`${norm}.${end}`)).toBe(true);
    const beit = await open(json, tensors);
    expect(beit.config.poolingNorm).toBeUndefined();
    const tokens = encoded(beit).readSync();
    const first = Array.from({ length: 16 }, (_, patch) => tokens[(patch + 1) * 24]);
    const mean = first.reduce((sum, value) => sum + value / 16, 0);
    expect(pooledFeatures(beit, encoded(beit)).readSync()[0]).toBeCloseTo(mean, 6);
  });
});

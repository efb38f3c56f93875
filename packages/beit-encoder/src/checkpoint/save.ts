// A model as one file of ours: the parameters by their paths, and in the metadata all that is needed to use them.
import { fromFloat32, fromFloat32ToHalf, writeSafetensors, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import { beitToOfficial } from "./official.ts";
import type { Beit } from "../parameters.ts";
import type { Preprocessing } from "./preprocessing.ts";
import { readParameters } from "../values.ts";

export type SaveBeitOptions = {
  readonly labels?: readonly string[] | undefined;
  readonly preprocessing?: Preprocessing | undefined;
  /** Parameters in 16 bits: half the size. */
  readonly half?: boolean | undefined;
};

/**
 * The bytes of a safetensors file that `openBeit` opens.
 *
 * @throws `[saveBeit] expected …, got …` for labels that do not fit the classes
 */
export async function saveBeit(
  beit: Beit,
  { labels, preprocessing, half = false }: SaveBeitOptions = {},
): Promise<Uint8Array> {
  if (labels && labels.length !== beit.config.classes) {
    throw new Error(`[saveBeit] expected ${beit.config.classes} labels, got ${labels.length}`);
  }
  const wrap = half ? fromFloat32ToHalf : fromFloat32;
  const tensors = new Map<string, SafeTensor>();
  for (const [path, { data, shape }] of await readParameters(beit)) tensors.set(path, wrap(data, shape));
  return writeSafetensors(tensors, {
    "beitjs.config": JSON.stringify(beit.config),
    ...(labels && { "beitjs.labels": JSON.stringify(labels) }),
    ...(preprocessing && { "beitjs.preprocessing": JSON.stringify(preprocessing) }),
  });
}

/**
 * The bytes of a safetensors file with the official names, in the official layouts; timm's are the same. Of images that are no
 * squares the metadata have the size, which names and shapes do not tell.
 */
export async function saveOfficialBeit(beit: Beit): Promise<Uint8Array> {
  const tensors = [...(await beitToOfficial(beit))].map(
    ([name, { data, shape }]) => [name, fromFloat32(data, shape)] as const,
  );
  const { imageSize } = beit.config;
  return writeSafetensors(tensors, {
    format: "pt",
    "beitjs.origin": "unilm",
    ...(typeof imageSize !== "number" && { "beitjs.imageSize": JSON.stringify(imageSize) }),
  });
}

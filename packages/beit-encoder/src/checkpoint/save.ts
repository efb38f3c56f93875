// A model as one file of ours: the parameters by their paths, and in the metadata all that is needed to use them.
import { heightWidth } from "@beitjs/tensor-core/grid";
import { fromFloat32, parameterToHalf, writeSafetensors, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import { poolingNormOf, type BeitConfig } from "../config.ts";
import { beitToOfficial, checkNoRegisters, classTokenNorm } from "./official.ts";
import type { Beit } from "../parameters.ts";
import type { Preprocessing } from "./preprocessing.ts";
import { readParameters } from "../values.ts";

export type SaveBeitOptions = {
  readonly labels?: readonly string[] | undefined;
  /** An image may have any number of classes, see `BeitFiles`. */
  readonly multiLabel?: boolean | undefined;
  readonly preprocessing?: Preprocessing | undefined;
  /** Parameters in 16 bits: half the size. */
  readonly half?: boolean | undefined;
};

/**
 * The bytes of a safetensors file that `openBeit` opens.
 *
 * @throws `[saveBeit] expected …, got …` for labels that do not fit the classes, or values that 16 bits cannot hold
 */
export async function saveBeit(
  beit: Beit,
  { labels, multiLabel, preprocessing, half = false }: SaveBeitOptions = {},
): Promise<Uint8Array> {
  checkLabels("saveBeit", beit.config, labels);
  const tensors = new Map<string, SafeTensor>();
  for (const [name, { data, shape }] of await readParameters(beit)) {
    tensors.set(name, half ? parameterToHalf(data, shape, { user: "saveBeit", name }) : fromFloat32(data, shape));
  }
  return writeSafetensors(tensors, {
    "beitjs.config": JSON.stringify(beit.config),
    ...noted({ labels, multiLabel, preprocessing }),
  });
}

/**
 * The bytes of a safetensors file with the official names, in the official layouts; timm's are the same. The metadata have what
 * names and shapes do not tell, for `openBeit`: the size of the images, heads, epsilon, labels, how images are prepared, and that
 * normalized patches are averaged, which is timm's alone (`global_pool="avg", use_fc_norm=False`).
 *
 * @throws `[saveOfficialBeit] expected …, got …` for labels that do not fit the classes
 */
export async function saveOfficialBeit(
  beit: Beit,
  { labels, multiLabel, preprocessing }: Omit<SaveBeitOptions, "half"> = {},
): Promise<Uint8Array> {
  checkLabels("saveOfficialBeit", beit.config, labels);
  checkNoRegisters("saveOfficialBeit", beit.config);
  const { imageSize, heads, epsilon, pooling } = beit.config;
  const tensors = [...(await beitToOfficial(beit))].map(
    ([name, { data, shape }]) => [classTokenNorm(name, pooling), fromFloat32(data, shape)] as const,
  );
  return writeSafetensors(tensors, {
    format: "pt",
    "beitjs.origin": "unilm",
    "beitjs.imageSize": JSON.stringify(Object.values(heightWidth(imageSize))),
    "beitjs.heads": String(heads),
    "beitjs.epsilon": String(epsilon),
    ...(pooling === "mean" && poolingNormOf(beit.config) === "before" && { "beitjs.pooling": pooling }),
    ...noted({ labels, multiLabel, preprocessing }),
  });
}

function noted({ labels, multiLabel = false, preprocessing }: Omit<SaveBeitOptions, "half">): Record<string, string> {
  return {
    ...(labels && { "beitjs.labels": JSON.stringify(labels) }),
    ...(multiLabel && { "beitjs.multiLabel": "true" }),
    ...(preprocessing && { "beitjs.preprocessing": JSON.stringify(preprocessing) }),
  };
}

function checkLabels(caller: string, { classes }: BeitConfig, labels: readonly string[] | undefined): void {
  if (!labels || labels.length === classes) return;
  throw new Error(`[${caller}] expected ${classes} labels, got ${labels.length}`);
}

// Where a patch looks: its attention over all patches, drawn over the image. (BEiT paper, section 3.4)
import { attentionMaps, gridOf, type Beit } from "@beitjs/beit-encoder";
import { scope } from "@beitjs/tensor-core";
import { heightWidth } from "@beitjs/tensor-core/grid";
import { fromFloat } from "@beitjs/tensor-core/image";
import { evalView, viewBatch } from "@beitjs/trainers";
import { readImage } from "@beitjs/trainers/node";
import sharp from "sharp";
import { openBackend } from "../backends/open.ts";
import type { FlagValues, Context } from "../program/command.ts";
import { exitCodes, usageError } from "../program/exit-codes.ts";
import { refuseTaken } from "../files/taken.ts";
import { drawAttention } from "../pictures/attention.ts";
import { decodingOf } from "../images/images.ts";
import { openEncoder } from "../models/open-beit.ts";
import { parsePatch } from "../models/patch.ts";
import { writeResult } from "../runs/folder.ts";
import type { attentionFlags } from "./declarations/attention.ts";

export async function run(flags: FlagValues<typeof attentionFlags>, context: Context): Promise<number> {
  await refuseTaken([flags.out], flags);
  const { backend } = await openBackend(flags, context);
  const { beit, view } = await openEncoder(flags.model, backend, flags, context);
  const { config } = beit;
  const patch = parsePatch(flags.patch, gridOf(config));
  const layer = below("--layer", flags.layer ?? config.depth - 1, config.depth);
  const head = flags.head === undefined ? undefined : below("--head", flags.head, config.heads);
  const image = await readImage(flags.image, decodingOf({ ...flags, channels: view.channels }));
  const pixels = evalView(image, view);
  const weights = await patchAttention(beit, pixels, { patch, layer, head });
  const seen = fromFloat(pixels, { ...heightWidth(view.size), channels: view.channels }, view.normalization);
  const { data, width, height } = drawAttention(seen, weights, { grid: gridOf(config), patch });
  const png = await sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  await writeResult(flags.out, png);
  context.terminal.info(
    `attention of patch ${flags.patch} in block ${layer}, ${head === undefined ? "mean of all heads" : `head ${head}`}: ${flags.out}`,
  );
  context.terminal.event("attention", {
    out: flags.out,
    layer,
    head: head ?? null,
    patch: flags.patch,
    weights: Array.from(weights),
  });
  return exitCodes.done;
}

function below(flag: string, value: number, limit: number): number {
  if (value >= limit) throw usageError(`${flag} ${value}: expected 0 to ${limit - 1}`);
  return value;
}

/** Attention of one patch over all patches; the class token's share is left out. */
async function patchAttention(
  beit: Beit,
  pixels: Float32Array,
  { patch, layer, head }: { readonly patch: number; readonly layer: number; readonly head: number | undefined },
): Promise<Float32Array> {
  const { heads } = beit.config;
  const { backend } = beit.params.classToken;
  const [map] = scope(backend, () =>
    attentionMaps(beit, viewBatch([pixels], beit.config, backend), { patches: [patch], blocks: [layer] }),
  ); // [1, H, 1, N + 1]
  const values = await map.read();
  const tokens = values.length / heads;
  const chosen = head === undefined ? Array.from({ length: heads }, (_, i) => i) : [head];
  const mean = (column: number) => chosen.reduce((sum, one) => sum + values[one * tokens + column], 0) / chosen.length;
  return Float32Array.from({ length: tokens - 1 }, (_, i) => mean(i + 1));
}

// How well the model fills one masked picture, step after step.
import { gridSide } from "@beitjs/dvae-tokenizer";
import { drawMask, evalView, type PretrainRecipe } from "@beitjs/trainers";
import type { Beit } from "@beitjs/beit-encoder";
import type { Tokenizer } from "@beitjs/dvae-tokenizer";
import type { Image } from "@beitjs/tensor-core/image";
import type { Picture } from "../messages.ts";
import { imagine, type ImagineInputs } from "../engine/imagine.ts";
import { tokensOf } from "../engine/tokens.ts";

/** Steps after which a snapshot is kept: often at first, when most is learned. */
export function isSnapshotStep(step: number): boolean {
  return step === 1 || (step < 100 ? step % 20 === 0 : step % 100 === 0);
}

export type Subject = Omit<ImagineInputs, "beit"> & { readonly original: Picture; readonly masked: Picture };

/** The picture to fill, with the tokens it has and the mask that hides a part of it. */
export async function subjectOf(
  image: Image,
  tokenizer: Tokenizer,
  { model, mask, views }: PretrainRecipe,
): Promise<Subject> {
  const side = gridSide(tokenizer.config);
  const { cells } = drawMask({ rows: side, cols: side }, mask, { seed: 7, epoch: 0, index: 0 });
  const { ids, picture } = await tokensOf(image, tokenizer);
  const normalization = { mean: views.mean, std: views.std };
  const view = evalView(image, {
    channels: views.channels,
    size: model.imageSize,
    fit: { kind: "direct" },
    filter: "bicubic",
    normalization,
  });
  return { tokenizer, view, normalization, ids, cells, original: picture, masked: hide(picture, cells, side) };
}

export async function snapshotOf(beit: Beit, subject: Subject): Promise<Picture> {
  return (await imagine({ ...subject, beit }, { guesses: 1, rounds: 1, paint: "mixture" })).picture;
}

/** A picture with its hidden patches gray. */
function hide({ width, height, rgba }: Picture, cells: Uint8Array, side: number): Picture {
  const out = new Uint8ClampedArray(rgba);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const cell = Math.floor((y * side) / height) * side + Math.floor((x * side) / width);
      if (cells[cell] === 1) out.fill(128, (y * width + x) * 4, (y * width + x) * 4 + 3);
    }
  }
  return { width, height, rgba: out };
}

// How well the model fills one masked picture, step after step.
import { gridOf, type Beit } from "@beitjs/beit-encoder";
import { drawMask, evalView, type PretrainRecipe } from "@beitjs/trainers";
import type { Tokenizer } from "@beitjs/dvae-tokenizer";
import { cellAt, type Grid } from "@beitjs/tensor-core/grid";
import type { Image } from "@beitjs/tensor-core/image";
import type { Picture } from "../messages.ts";
import { imagine, type ImagineInputs } from "../engine/imagine.ts";
import { imagePicture } from "../engine/pictures.ts";
import { tokensOf } from "../engine/tokens.ts";

/** Steps after which a snapshot is kept: often at first, when most is learned. */
export function isSnapshotStep(step: number): boolean {
  return step === 1 || (step < 100 ? step % 20 === 0 : step % 100 === 0);
}

/** The mask that hides a part of the picture. */
function cellsOf({ model, mask }: PretrainRecipe): Uint8Array {
  return drawMask(gridOf(model), mask, { seed: 7, epoch: 0, index: 0 }).cells;
}

/** The picture, and what of it the model sees. */
export function picturesOf(
  image: Image,
  recipe: PretrainRecipe,
): { readonly original: Picture; readonly masked: Picture } {
  const original = imagePicture(image);
  return { original, masked: hide(original, cellsOf(recipe), gridOf(recipe.model)) };
}

export type Subject = Omit<ImagineInputs, "beit">;

/** The picture to fill as the model takes it, with the tokens it has. */
export async function subjectOf(image: Image, tokenizer: Tokenizer, recipe: PretrainRecipe): Promise<Subject> {
  const { model, views } = recipe;
  const { ids } = await tokensOf(image, tokenizer);
  const normalization = { mean: views.mean, std: views.std };
  const view = evalView(image, {
    channels: views.channels,
    size: model.imageSize,
    fit: { kind: "direct" },
    filter: "bicubic",
    normalization,
  });
  return { tokenizer, view, normalization, ids, cells: cellsOf(recipe) };
}

export async function snapshotOf(beit: Beit, subject: Subject): Promise<Picture> {
  return (await imagine({ ...subject, beit }, { guesses: 1, rounds: 1, paint: "mixture" })).picture;
}

/** A picture with its hidden patches gray. */
function hide({ width, height, rgba }: Picture, cells: Uint8Array, grid: Grid): Picture {
  const out = new Uint8ClampedArray(rgba);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (cells[cellAt(x, y, { width, height }, grid)] === 1)
        out.fill(128, (y * width + x) * 4, (y * width + x) * 4 + 3);
    }
  }
  return { width, height, rgba: out };
}

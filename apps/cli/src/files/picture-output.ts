// Where pictures go that a command draws of images: one a file in a folder, or one picture of them all.
import { extname, join } from "node:path";
import type { Image } from "@beitjs/tensor-core/image";
import { makeFolder, writeErrorReason } from "@beitjs/trainers/node";
import { mostRows } from "../pictures/most-rows.ts";
import { pipelineOf } from "../pictures/picture.ts";
import { usageError } from "../program/exit-codes.ts";
import { writeResult } from "../runs/folder.ts";
import { pictureNames } from "./picture-names.ts";
import { refuseTaken } from "./taken.ts";

export type PictureOutput = {
  readonly folder: boolean;
  /** @throws a usage error if a picture is there */
  refuseTaken(flags: { readonly force: boolean }): Promise<void>;
  /** Makes the folder, if it is one. */
  create(): Promise<void>;
  path(index: number): string;
};

/**
 * Plans pictures of images with these names.
 *
 * @throws a usage error for more images than a picture holds, and for pictures that are not written
 */
export function planPictures(out: string, names: readonly string[]): PictureOutput {
  if (isPicture(out)) {
    if (names.length > mostRows) {
      throw usageError(
        `--out ${out}: expected at most ${mostRows} images in one picture, got ${names.length}; give a folder`,
      );
    }
    return {
      folder: false,
      refuseTaken: (flags) => refuseTaken([out], flags),
      create: async () => {},
      path: () => out,
    };
  }
  const ending = extname(out);
  if (/^\.(jpe?g|webp|gif|tiff?|avif|svg|pdf)$/i.test(ending)) {
    throw usageError(`--out ${out}: expected a folder or a name that ends in .png`);
  }
  const paths = pictureNames(names).map((name) => join(out, `${name}.png`));
  const create = async (): Promise<void> => {
    await makeFolder(out).catch((cause: unknown) => {
      throw new Error(`cannot create the folder ${out}: ${writeErrorReason(cause)}`, { cause });
    });
  };
  return { folder: true, refuseTaken: (flags) => refuseTaken(paths, flags), create, path: (index) => paths[index] };
}

export function isPicture(out: string): boolean {
  return extname(out).toLowerCase() === ".png";
}

export async function writePng(path: string, image: Image): Promise<void> {
  await writeResult(path, await pipelineOf(image).png().toBuffer());
}

// Whether a recipe's schedule fits the images, said before anything is opened or written.
import { runLength, tooLong, type Recipe } from "@beitjs/trainers";
import { listCheckpoints } from "@beitjs/trainers/node";
import { asWrongUse, usageError } from "../program/exit-codes.ts";

/**
 * Looks at the length of the run that these flags begin or go on with. What was begun goes on with the schedule it has.
 *
 * @throws if the data does not fill a batch; a usage error with the numbers if a batch that was asked for is larger, or a warm-up or an annealing is longer than the run
 */
export async function checkLength(
  recipe: Recipe,
  images: { readonly length: number },
  flags: { readonly recipe: string; readonly out: string; readonly resume: string; readonly batchSize?: number | undefined },
): Promise<void> {
  // Of few images the data is to blame, of a batch that was asked for the flag.
  const length = () => runLength(recipe, images);
  const { batchSize } = flags;
  const run = batchSize === undefined ? length() : await asWrongUse(`--batch-size ${batchSize}`, length);
  const fault = tooLong(recipe, run);
  if (fault === undefined || (await goesOn(flags))) return;
  throw usageError(`recipe ${flags.recipe} on ${images.length} images: ${fault}`);
}

/** Whether these flags go on with a run that has begun. */
export async function goesOn({ out, resume }: { readonly out: string; readonly resume: string }): Promise<boolean> {
  if (resume !== "auto") return resume !== "never";
  return (await listCheckpoints(out)).length > 0;
}

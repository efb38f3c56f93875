// Reads every image of a data set and names those that cannot be read.
import { datasetLayout, openDataset, splitNames } from "@beitjs/trainers/node";
import type { FlagValues, Context } from "../program/command.ts";
import { exitCodes } from "../program/exit-codes.ts";
import { classesInWords, findBad, tellLeftOut } from "../images/images.ts";
import type { dataVerifyFlags } from "./declarations/data-verify.ts";

export async function run(flags: FlagValues<typeof dataVerifyFlags>, context: Context): Promise<number> {
  const { data, skipBad, classesAreFolders, bits, colorProfile } = flags;
  const { terminal } = context;
  const { kind, splits } = await datasetLayout(data, flags);
  let bad = 0;
  let images = 0;
  for (const split of splitNames.filter((name) => splits[name])) {
    const { signal } = context.interrupt;
    const dataset = await openDataset(data, { split, classesAreFolders, bits, colorProfile, verify: false, signal });
    const problems = await findBad(dataset, context);
    for (const { path, reason } of problems) {
      terminal.result(`${path}: ${reason}`);
      terminal.event("bad-image", { split, path, reason });
    }
    bad += problems.length;
    images += dataset.length;
    const classes = classesInWords(dataset);
    terminal.info(`${split}: ${dataset.length} images (${kind}, ${classes}), ${problems.length} cannot be read`);
    tellLeftOut(data, dataset.leftOut, context);
    terminal.event("split", {
      split,
      kind,
      images: dataset.length,
      classes: dataset.classes ?? null,
      bad: problems.length,
    });
  }
  terminal.event("done", { images, bad });
  if (bad > 0 && !skipBad) throw new Error(`${bad} of ${images} images of ${data} cannot be read`);
  return exitCodes.done;
}

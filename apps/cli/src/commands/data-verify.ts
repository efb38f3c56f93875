// Reads every image of a data set and names those that cannot be read.
import { datasetLayout, openDataset, type DatasetSplit } from "@beitjs/trainers/node";
import type { FlagValues, Context } from "../program/command.ts";
import { exitCodes } from "../program/exit-codes.ts";
import { findBad } from "../images/images.ts";
import type { dataVerifyFlags } from "./declarations/data-verify.ts";

export async function run({ data, skipBad }: FlagValues<typeof dataVerifyFlags>, context: Context): Promise<number> {
  const { terminal } = context;
  const { kind, splits } = await datasetLayout(data);
  let bad = 0;
  let images = 0;
  for (const split of Object.keys(splits) as DatasetSplit[]) {
    const dataset = await openDataset(data, { split, verify: false, signal: context.interrupt.signal });
    const problems = await findBad(dataset, context);
    for (const { path, reason } of problems) {
      terminal.result(`${path}: ${reason}`);
      terminal.event("bad-image", { split, path, reason });
    }
    bad += problems.length;
    images += dataset.length;
    const classes = dataset.classes ? `${dataset.classes.length} classes` : "no labels";
    terminal.info(`${split}: ${dataset.length} images (${kind}, ${classes}), ${problems.length} cannot be read`);
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

// Reads every image of a data set and names those that cannot be read. What is found out is kept for the commands that train.
import { datasetLayout, openDataset, splitNames } from "@beitjs/trainers/node";
import type { FlagValues, Context } from "../program/command.ts";
import { exitCodes } from "../program/exit-codes.ts";
import { classesInWords, decodingOf, tellLeftOut, tellList } from "../images/images.ts";
import { tellStatistics } from "../images/statistics.ts";
import { readImages, type FileFormat } from "../images/read-images.ts";
import type { dataVerifyFlags } from "./declarations/data-verify.ts";

export async function run(flags: FlagValues<typeof dataVerifyFlags>, context: Context): Promise<number> {
  const { data, skipBad, quick, classesAreFolders, columns } = flags;
  const decoding = decodingOf(flags);
  const { terminal } = context;
  const { kind, splits } = await datasetLayout(data, flags);
  let bad = 0;
  let images = 0;
  for (const split of splitNames.filter((name) => splits[name])) {
    const { signal } = context.interrupt;
    const opening = { ...decoding, verify: false, allowMissing: true, signal };
    const dataset = await openDataset(data, { split, classesAreFolders, columns, ...opening });
    const reading = { ...decoding, read: quick ? "changed" : "all" } as const;
    const { bad: problems, silent, formats } = await readImages(data, dataset, reading, context);
    for (const { path, reason } of problems) {
      terminal.result(`${path}: ${reason}`);
      terminal.event("bad-image", { split, path, reason });
    }
    for (const path of silent)
      terminal.warn(`${path}: its bytes are others than when it was read last, although it was not written since`);
    if (silent.length > 0) terminal.event("changed-silently", { split, paths: silent });
    bad += problems.length;
    images += dataset.length;
    const classes = classesInWords(dataset);
    terminal.info(`${split}: ${dataset.length} images (${kind}, ${classes}), ${problems.length} cannot be read`);
    const deep = formats.some(({ depth }) => depth > 8);
    const told = deep || decoding.channels !== undefined;
    if (told && formats.length > 0) terminal.info(`  ${formats.map(inWords).join(", ")}`);
    if (flags.statistics && split === "train") await tellStatistics(dataset, problems, context);
    tellLeftOut(data, dataset.leftOut, context);
    tellList(data, dataset, context);
    terminal.event("split", {
      split,
      kind,
      images: dataset.length,
      classes: dataset.classes ?? null,
      bad: problems.length,
      formats,
    });
  }
  terminal.event("done", { images, bad });
  if (bad > 0 && !skipBad) throw new Error(`${bad} of ${images} images of ${data} cannot be read`);
  return exitCodes.done;
}

function inWords({ channels, depth, images }: FileFormat): string {
  return `${images} of ${channels} ${channels === 1 ? "channel" : "channels"} and ${depth} bits`;
}

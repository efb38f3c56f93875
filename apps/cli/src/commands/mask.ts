// What masks of each kind look like: statistics over many, and a picture of the first ones. (BEiT paper, section 2.3 and Algorithm 1)
import { hiddenRegions, maskStatistics, type Mask } from "@beitjs/masking";
import { cellCount, formatGrid, heightWidth, imageSizeOf, type Grid } from "@beitjs/tensor-core/grid";
import { imagesOf, type Image } from "@beitjs/tensor-core/image";
import { evalView } from "@beitjs/trainers";
import { readImage } from "@beitjs/trainers/node";
import { isPicture, writePng } from "../files/picture-output.ts";
import { alignedColumns } from "../files/aligned-columns.ts";
import { refuseTaken } from "../files/taken.ts";
import { decodingOf } from "../images/images.ts";
import { hiddenPatches, maskOfImage, maskRecipe } from "../masked/choice.ts";
import { maskKinds, type MaskKind } from "../masked/flags.ts";
import { masked } from "../pictures/filled.ts";
import { heatOver } from "../pictures/heat.ts";
import { enlarge, plain } from "../pictures/picture.ts";
import { sheetOf } from "../pictures/sheet.ts";
import type { Context, FlagValues } from "../program/command.ts";
import { exitCodes, usageError } from "../program/exit-codes.ts";
import type { maskFlags } from "./declarations/mask.ts";

const shown = 6;
const leastSide = 168;
const lightGray = 225;

type Flags = FlagValues<typeof maskFlags>;
type Drawn = { readonly kind: MaskKind; readonly masks: readonly Mask[] };

export async function run(flags: Flags, context: Context): Promise<number> {
  const { out, seed, grid: size = 14 } = flags;
  const { terminal, interrupt } = context;
  if (out !== undefined && !isPicture(out)) throw usageError(`--out ${out}: expected a name that ends in .png`);
  if (out !== undefined) await refuseTaken([out], flags);
  if (flags.image !== undefined && out === undefined) throw usageError("--image: expected --out beside it");
  const { height: rows, width: cols } = heightWidth(size);
  const grid = { rows, cols };
  const hidden = hiddenPatches(flags, grid);
  const drawn: Drawn[] = [];
  for (const kind of flags.mask === undefined ? maskKinds : [flags.mask]) {
    const recipe = maskRecipe(kind, grid, hidden);
    const masks = Array.from({ length: flags.masks }, (_, index) => maskOfImage(grid, recipe, { seed, index }));
    interrupt.check();
    drawn.push({ kind, masks });
  }
  const facts = drawn.map(factsOf);
  terminal.result([
    `${flags.masks} masks of each kind on ${formatGrid(grid)} patches`,
    ...alignedColumns(table(facts)),
  ]);
  for (const one of facts) terminal.event("mask", { ...one, masks: flags.masks, seed });
  if (out !== undefined) {
    await writePng(out, draw(drawn, facts, await canvasOf(flags, grid)));
    const kinds = drawn.map(({ kind }) => kind).join(", ");
    terminal.info(`the first masks of ${kinds}, a row each; on the right how often a patch is hidden: ${out}`);
  }
  terminal.event("done", { kinds: drawn.length, out: out ?? null });
  return exitCodes.done;
}

type Facts = ReturnType<typeof factsOf>;

function factsOf({ kind, masks }: Drawn) {
  const { meanCount, stdCount, smallestCount, largestCount, cellShares, adjacentShare, grid } = maskStatistics(masks);
  const regions = masks.flatMap((mask) => hiddenRegions(mask));
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
  return {
    kind,
    grid,
    ratio: meanCount / cellCount(grid),
    ...{ meanCount, stdCount, smallestCount, largestCount },
    regionsPerMask: regions.length / masks.length,
    meanRegion: mean(regions),
    largestRegion: regions.reduce((a, b) => Math.max(a, b), 0),
    adjacentShare,
    cellShares: Array.from(cellShares),
  };
}

function table(all: readonly Facts[]): readonly (readonly string[])[] {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return [
    ["mask", "hidden", "patches", "from", "to", "regions", "patches each", "largest", "neighbors", "a patch"],
    ...all.map((one) => [
      ...[one.kind, percent(one.ratio), `${one.meanCount.toFixed(1)} ± ${one.stdCount.toFixed(1)}`],
      ...[one.smallestCount, one.largestCount].map(String),
      ...[one.regionsPerMask.toFixed(1), one.meanRegion.toFixed(1), String(one.largestRegion)],
      percent(one.adjacentShare),
      // The patches that are hidden least and most often.
      [Math.min(...one.cellShares), Math.max(...one.cellShares)].map((share) => (100 * share).toFixed(0)).join(" to ") +
        " %",
    ]),
  ];
}

// What masks are drawn over: the image's center in whole pixels a patch, or plain paper.
async function canvasOf(flags: Flags, { rows, cols }: Grid): Promise<Image> {
  const cell = Math.ceil(leastSide / Math.max(rows, cols));
  const size = { height: cell * rows, width: cell * cols };
  if (flags.image === undefined) return plain({ ...size, channels: 3 }, lightGray);
  const channels = 3;
  const imageSize = imageSizeOf(size);
  const fit = { kind: "centerCrop", cropRatio: 1 } as const;
  const view = { channels, size: imageSize, fit, filter: "bicubic", normalization: "unit" } as const;
  const image = await readImage(flags.image, decodingOf({ ...flags, channels }));
  return imagesOf(evalView(image, view), { imageSize, channels })[0];
}

function draw(drawn: readonly Drawn[], facts: readonly Facts[], canvas: Image): Image {
  const dark = plain(canvas, 0);
  return sheetOf(
    drawn.map(({ masks }, kind) => {
      const { grid, cellShares } = facts[kind];
      const first = Array.from({ length: shown }, (_, i) => masks[i] ?? masks[0]);
      return [
        ...first.map((mask) => enlarge(masked(canvas, mask), 1)),
        heatOver(dark, cellShares, { grid, factor: 1 }),
      ];
    }),
  );
}

// Images beside what a model makes of their patches: components of features as colors, and maps of values as heat.
import { cellAt, type Grid, type HeightWidth } from "@beitjs/tensor-core/grid";
import type { Box, Image } from "@beitjs/tensor-core/image";
import { heatOver } from "./heat.ts";
import { enlarge, frame, type Color } from "./picture.ts";
import { sheetOf } from "./sheet.ts";

const minSide = 224;
const red: Color = [255, 0, 0];
// Of all patches, those whose scores are not shown as they are: a few that stand out would take the colors from the others.
const cutShare = 0.01;

export type FeaturePanels = {
  readonly image: Image;
  /** Of every patch along every component, [N, count]. */
  readonly components: { readonly scores: Float64Array; readonly count: number };
  /** A patch to be framed. */
  readonly patch?: number;
  /** A value a patch each; what is below 0 is shown as 0. */
  readonly maps: readonly ArrayLike<number>[];
};

type FeatureSheet = {
  readonly grid: Grid;
  /** Of all images, which share their colors. */
  readonly scores: Float64Array;
  readonly count: number;
};

/** A picture with a row for each: the image, its components, its maps. */
export function drawFeatures(rows: readonly FeaturePanels[], { grid, scores, count }: FeatureSheet): Image {
  const ranges = Array.from({ length: count }, (_, component) =>
    rangeOf(scores.filter((_, i) => i % count === component)),
  );
  return sheetOf(
    rows.map(({ image, components, patch, maps }) => {
      const factor = Math.ceil(minSide / Math.max(image.width, image.height));
      const large = enlarge(image, factor);
      const panels = [
        large,
        inColors(components.scores, ranges, { grid, size: large }),
        ...maps.map((values) => heatOver(image, values, { grid, factor })),
      ];
      if (patch !== undefined) for (const one of panels) frame(one, cellBox(patch, one, grid), red);
      return panels;
    }),
  );
}

function cellBox(cell: number, { width, height }: HeightWidth, { rows, cols }: Grid): Box {
  const [row, col] = [Math.floor(cell / cols), cell % cols];
  const [top, left] = [Math.ceil((row * height) / rows), Math.ceil((col * width) / cols)];
  return {
    ...{ top, left },
    height: Math.ceil(((row + 1) * height) / rows) - top,
    width: Math.ceil(((col + 1) * width) / cols) - left,
  };
}

type Range = readonly [least: number, most: number];

function rangeOf(values: Float64Array): Range {
  const sorted = Float64Array.from(values).sort();
  const cut = Math.floor(cutShare * sorted.length);
  return [sorted[cut], sorted[sorted.length - 1 - cut]];
}

function inColors(
  scores: Float64Array,
  ranges: readonly Range[],
  { grid, size: { width, height } }: { readonly grid: Grid; readonly size: Image },
): Image {
  const data = new Uint8Array(width * height * 3).fill(128);
  const bytes = scores.map((score, i) => {
    const [least, most] = ranges[i % ranges.length];
    return most > least ? Math.round(255 * Math.min(1, Math.max(0, (score - least) / (most - least)))) : 128;
  });
  for (let i = 0; i < width * height; i++) {
    const cell = cellAt(i % width, Math.floor(i / width), { width, height }, grid);
    data.set(bytes.subarray(cell * ranges.length, (cell + 1) * ranges.length), i * 3);
  }
  return { width, height, channels: 3, data };
}

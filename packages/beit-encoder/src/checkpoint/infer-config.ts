// The config of a checkpoint that has none beside it: everything but the width of a head and the epsilon of the norms can
// be read from names and shapes. (modeling_pretrain.py, modeling_finetune.py)
import type { Shape } from "@beitjs/tensor-core";
import { cellGrid, sameGrid, wholeCells, type ImageSize } from "@beitjs/tensor-core/grid";
import { validateBeitConfig, withPoolingNorm, type BeitConfig, type PoolingNorm } from "../config.ts";
import { rowsFor, squareGrid, type PositionKind } from "../positions/stored-grid.ts";

/** What names and shapes say, and which fields are no more than a guess. */
export type InferredConfig = { readonly config: BeitConfig; readonly guessed: readonly (keyof BeitConfig)[] };

/** Width of a head in every published model. */
const headWidth = 64;

/**
 * The config of the parameters with these shapes under their official names.
 *
 * @param given what is known otherwise; needed for `heads` where no table of relative positions tells their number and
 * the width is no multiple of 64, and for `imageSize` where there are no positions of any kind, or not those of a square
 * @param sizes what the size may be where it is no square, or no multiple of the patches: the first that fits is taken
 * @throws `[openBeit] expected …, got …` naming the tensor or the field
 */
export function inferConfig(
  tensors: ReadonlyMap<string, { readonly shape: Shape }>,
  given: Partial<BeitConfig> = {},
  sizes: readonly (ImageSize | undefined)[] = [],
): InferredConfig {
  const shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]));
  if (shapes.has("blocks.0.mlp.fc1_g.weight")) {
    throw new Error("[openBeit] expected blocks with an MLP of two layers and GELU, got timm's SwiGLU (swiglu_mlp)");
  }
  const [width, channels, patchSize] = shapeOf(shapes, "patch_embed.proj.weight", 4);
  const shared = shapes.get("rel_pos_bias.relative_position_bias_table");
  const own = shapes.get("blocks.0.attn.relative_position_bias_table");
  const vocabSize = shapes.get("lm_head.weight")?.[0] ?? 0;
  const place = vocabSize > 0 ? undefined : poolingNormIn(shapes);
  const heads = given.heads ?? (shared ?? own)?.[1];
  const config: BeitConfig = {
    imageSize: given.imageSize ?? imageSizeOf(shapes, patchSize, sizes),
    channels,
    patchSize,
    width,
    depth: depthOf(shapes),
    heads: heads ?? headsOf(width),
    mlpRatio: shapeOf(shapes, "blocks.0.mlp.fc1.weight", 2)[0] / width,
    absolutePositions: shapes.has("pos_embed"),
    relativePositions: own ? "per-layer" : shared ? "shared" : "none",
    // Only fresh parameters start from it; these are the values of the released models.
    layerScale: shapes.has("blocks.0.gamma_1") ? (width < 1024 ? 0.1 : 1e-5) : 0,
    dropPath: 0,
    epsilon: 1e-6,
    vocabSize,
    classes: vocabSize > 0 ? 0 : (shapes.get("head.weight")?.[0] ?? 0),
    pooling: place === "before" ? "class" : "mean",
    ...given,
  };
  const placed = withPoolingNorm(config, given.poolingNorm ?? place);
  validateBeitConfig(placed, "openBeit");
  return { config: placed, guessed: heads === undefined ? ["heads"] : [] };
}

// Its name tells where the norm stands, but in a model for pre-training, where it is the head's.
function poolingNormIn(shapes: ReadonlyMap<string, Shape>): PoolingNorm | undefined {
  if (shapes.has("fc_norm.weight")) return "after";
  return shapes.has("norm.weight") ? "before" : undefined;
}

function shapeOf(shapes: ReadonlyMap<string, Shape>, name: string, rank: number): Shape {
  const shape = shapes.get(name);
  if (shape?.length === rank) return shape;
  throw new Error(`[openBeit] expected ${name} with ${rank} axes, got ${shape ? `[${shape.join(", ")}]` : "none"}`);
}

function depthOf(shapes: ReadonlyMap<string, Shape>): number {
  const blocks = [...shapes.keys()].map((name) => Number(/^blocks\.(\d+)\./.exec(name)?.[1] ?? -1));
  return blocks.reduce((most, block) => Math.max(most, block), -1) + 1;
}

function imageSizeOf(
  shapes: ReadonlyMap<string, Shape>,
  patchSize: number,
  sizes: readonly (ImageSize | undefined)[],
): ImageSize {
  const [, table] = [...shapes].find(([name]) => name.endsWith("relative_position_bias_table")) ?? [];
  const positions = shapes.get("pos_embed");
  const [kind, rows]: [PositionKind, number] = table ? ["table", table[0]] : ["positions", positions?.[1] ?? NaN];
  const square = squareGrid(kind, rows);
  const fits = (size: ImageSize | undefined) => {
    const grid = size && wholeCells(cellGrid(size, patchSize));
    return grid && (square ? sameGrid(grid, square) : rowsFor(kind, grid) === rows);
  };
  const fitting = sizes.find(fits) ?? (square && square.rows * patchSize);
  if (fitting !== undefined) return fitting;
  const got = table
    ? `a table of ${table[0]} rows`
    : positions
      ? `positions [${positions.join(", ")}]`
      : "no positions";
  throw new Error(`[openBeit] expected positions of a square grid, got ${got}; pass imageSize or config.imageSize`);
}

function headsOf(width: number): number {
  if (width % headWidth === 0) return width / headWidth;
  throw new Error(
    `[openBeit] expected heads of width ${headWidth}, got a width of ${width}; pass config.heads (--heads)`,
  );
}

// Heights and widths, in pixels and in cells: an image is `ImageSize`, what a model sees of it a `Grid` of patches or visual
// tokens. Everything here is numbers, so that masks, models, data and pictures can share it without sharing tensors.

/** Rows and columns of cells: patches of an image, or visual tokens. Cells are counted row by row. */
export type Grid = { readonly rows: number; readonly cols: number };

/** Height and width of images, in pixels; one number means a square. */
export type ImageSize = number | readonly [height: number, width: number];

export type HeightWidth = { readonly height: number; readonly width: number };

export function heightWidth(size: ImageSize): HeightWidth {
  return typeof size === "number" ? { height: size, width: size } : { height: size[0], width: size[1] };
}

/** The size of these sides, as configs store it: a square as one number. */
export function imageSizeOf({ height, width }: HeightWidth): ImageSize {
  return height === width ? height : [height, width];
}

/** Whether a value is a size: a positive integer, or two of them. */
export function isImageSize(value: unknown): value is ImageSize {
  const isSide = (side: unknown) => Number.isSafeInteger(side) && (side as number) > 0;
  return isSide(value) || (Array.isArray(value) && value.length === 2 && value.every(isSide));
}

export function sameSize(a: ImageSize, b: ImageSize): boolean {
  return formatSize(a) === formatSize(b);
}

export function sameGrid(a: Grid, b: Grid): boolean {
  return a.rows === b.rows && a.cols === b.cols;
}

/** A size as messages print it, a square by its side: `224`, `384 x 640`. */
export function formatSize(size: ImageSize): string {
  const { height, width } = heightWidth(size);
  return height === width ? String(height) : `${height} x ${width}`;
}

// Of what a file says in the place of a size.
const longest = 200;

/** A value as messages print it where a size is expected: a size as `formatSize`, anything else as it is. */
export function formatAsSize(value: unknown): string {
  if (isImageSize(value)) return formatSize(value);
  const text = String(value);
  return text.length > longest ? `${text.slice(0, longest)}...` : text;
}

/** A grid as messages print it: `14x14`. */
export function formatGrid({ rows, cols }: Grid): string {
  return `${rows}x${cols}`;
}

/**
 * A size from text, height first: `224`, `384x640`.
 *
 * @throws RangeError `[parseImageSize] expected …, got …` for any other text
 */
export function parseImageSize(text: string): ImageSize {
  const [, height, width = height] = /^(\d+)(?:\s*x\s*(\d+))?$/.exec(text.trim()) ?? [];
  const size = imageSizeOf({ height: Number(height), width: Number(width) });
  if (isImageSize(size)) return size;
  throw new RangeError(`[parseImageSize] expected a size such as 224 or 384x640 (height x width), got "${text}"`);
}

/** Cells of a grid. */
export function cellCount({ rows, cols }: Grid): number {
  return rows * cols;
}

/** The grid of square cells of `side` pixels over an image; fractions where they do not fill it. */
export function cellGrid(size: ImageSize, side: number): Grid {
  const { height, width } = heightWidth(size);
  return { rows: height / side, cols: width / side };
}

/** The cells of a grid that are whole. */
export function wholeCells({ rows, cols }: Grid): Grid {
  return { rows: Math.floor(rows), cols: Math.floor(cols) };
}

/** Number of the cell that holds the pixel in column `x` of row `y`, in an image of any size that the grid is laid over. */
export function cellAt(x: number, y: number, { height, width }: HeightWidth, { rows, cols }: Grid): number {
  return Math.floor((y * rows) / height) * cols + Math.floor((x * cols) / width);
}

/** Shape of a batch of images as models take it. [B, H, W, C] */
export function imageShape(
  batch: number,
  { imageSize, channels }: { readonly imageSize: ImageSize; readonly channels: number },
): readonly [number, number, number, number] {
  const { height, width } = heightWidth(imageSize);
  return [batch, height, width, channels];
}

// Pictures on canvases, and grids of patches that a pointer or a keyboard walks over.
import { tokenColor } from "@beitjs/dvae-tokenizer";
import { cellAt, cellCount, type Grid, type HeightWidth } from "@beitjs/tensor-core/grid";
import { useEffect, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { Picture } from "../messages.ts";

/** `size`: of the canvas, in device pixels. */
type Draw = (context: CanvasRenderingContext2D, size: HeightWidth) => void;

const LONGEST = 448; // device pixels of a canvas: 32 a patch of a 14 x 14 grid

/** A picture stretched over a canvas. */
export function drawPicture(
  context: CanvasRenderingContext2D,
  { width, height }: HeightWidth,
  picture: Picture,
  sharp = false,
): void {
  const small = document.createElement("canvas");
  [small.width, small.height] = [picture.width, picture.height];
  small.getContext("2d")?.putImageData(new ImageData(picture.rgba, picture.width, picture.height), 0, 0);
  context.imageSmoothingEnabled = !sharp;
  context.imageSmoothingQuality = "high";
  context.drawImage(small, 0, 0, width, height);
}

export type CanvasProps = {
  readonly label: string;
  readonly draw: Draw;
  /** Proportions; a square by default. */
  readonly shape?: HeightWidth | undefined;
  readonly small?: boolean;
};

/** A canvas that is redrawn whenever `draw` changes. */
export function Canvas({ label, draw, shape, small = false }: CanvasProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = canvasSize(shape);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    context.clearRect(0, 0, width, height);
    draw(context, { width, height });
  }, [draw, width, height]);
  return (
    <canvas
      ref={canvas}
      class={small ? "picture small" : "picture"}
      width={width}
      height={height}
      style={{ aspectRatio: `${width} / ${height}` }}
      role="img"
      aria-label={label}
    />
  );
}

export type PatchGridProps = Omit<CanvasProps, "shape"> & {
  readonly grid: Grid;
  /** What a screen reader says of a patch. */
  readonly describe: (patch: number) => string;
  readonly onHover?: (patch: number | undefined) => void;
  /** A click, a tap, Enter or Space; `dragged` when the pointer came from another patch. */
  readonly onPick?: (patch: number, dragged: boolean) => void;
};

/** A canvas of a grid of patches: arrow keys move a cursor, Enter and Space pick, dragging picks all it touches. */
export function PatchGrid({ label, draw, grid, describe, onHover, onPick }: PatchGridProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [cursor, setCursor] = useState<number>();
  const [hovered, setHovered] = useState<number>();
  const picked = useRef<number>();
  const { rows, cols } = grid;
  const { width, height } = canvasSize({ width: cols, height: rows });
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const size = { width, height };
    context.clearRect(0, 0, width, height);
    draw(context, size);
    for (const patch of [hovered, cursor]) if (patch !== undefined) outline(context, cellBox(size, grid, patch));
  }, [draw, hovered, cursor, rows, cols]);

  const patchAt = ({ clientX, clientY }: PointerEvent): number => {
    const box = (canvas.current as HTMLCanvasElement).getBoundingClientRect();
    const within = (at: number, length: number) => Math.min(length - 1e-3, Math.max(0, at));
    return cellAt(within(clientX - box.left, box.width), within(clientY - box.top, box.height), box, grid);
  };
  const show = (patch: number | undefined): void => {
    setHovered(patch);
    onHover?.(patch);
  };
  const move = (patch: number): void => {
    setCursor(patch);
    onHover?.(patch);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = cursor ?? 0;
    const [row, column] = [Math.floor(at / cols), at % cols];
    const to: Record<string, number> = {
      ArrowUp: Math.max(0, row - 1) * cols + column,
      ArrowDown: Math.min(rows - 1, row + 1) * cols + column,
      ArrowLeft: row * cols + Math.max(0, column - 1),
      ArrowRight: row * cols + Math.min(cols - 1, column + 1),
      Home: row * cols,
      End: row * cols + cols - 1,
    };
    if (event.key in to) move(cursor === undefined ? 0 : to[event.key]);
    else if (event.key === "Enter" || event.key === " ") onPick?.(at, false);
    else return;
    event.preventDefault();
  };
  return (
    <div class="patches">
      <canvas
        ref={canvas}
        class={onPick ? "picture pickable" : "picture"}
        width={width}
        height={height}
        style={{ aspectRatio: `${width} / ${height}` }}
        tabIndex={0}
        role="application"
        aria-roledescription="grid of patches"
        aria-label={`${label}. Arrow keys move over the patches${onPick ? ", Enter chooses one" : ""}.`}
        onPointerMove={(event) => {
          const patch = patchAt(event);
          show(patch);
          if (event.buttons === 1 && picked.current !== undefined && picked.current !== patch) {
            picked.current = patch;
            onPick?.(patch, true);
          }
        }}
        onPointerDown={(event) => {
          canvas.current?.setPointerCapture(event.pointerId);
          picked.current = patchAt(event);
          show(picked.current);
          onPick?.(picked.current, false);
        }}
        onPointerUp={() => (picked.current = undefined)}
        onPointerLeave={() => show(undefined)}
        onKeyDown={onKeyDown}
        onBlur={() => setCursor(undefined)}
      />
      <span class="hidden" aria-live="polite">
        {cursor === undefined ? "" : describe(cursor)}
      </span>
    </div>
  );
}

function canvasSize({ width, height }: HeightWidth = { width: 1, height: 1 }): HeightWidth {
  const scale = LONGEST / Math.max(width, height);
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

/** The square of a patch on a canvas. */
export type CellBox = { readonly x: number; readonly y: number; readonly cell: number };

export function cellBox({ width }: HeightWidth, { cols }: Grid, patch: number): CellBox {
  const cell = width / cols;
  return { x: (patch % cols) * cell, y: Math.floor(patch / cols) * cell, cell };
}

function outline(context: CanvasRenderingContext2D, { x, y, cell }: CellBox): void {
  for (const [color, width, inset] of [["#000", 4, 2] as const, ["#fff", 2, 2] as const]) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.strokeRect(x + inset, y + inset, cell - 2 * inset, cell - 2 * inset);
  }
}

/** Calls `paint` with the square of every patch. */
export function eachPatch(size: HeightWidth, grid: Grid, paint: (patch: number, box: CellBox) => void): void {
  for (let patch = 0; patch < cellCount(grid); patch++) paint(patch, cellBox(size, grid, patch));
}

/** What people call the place of a patch: `row 3, column 5`, counted from 1. */
export function placeOf(patch: number, { cols }: Grid): string {
  return `row ${Math.floor(patch / cols) + 1}, column ${(patch % cols) + 1}`;
}

/** The color of a visual token, for CSS and canvases. */
export function tokenPaint(id: number): string {
  return `rgb(${tokenColor(id).join(" ")})`;
}

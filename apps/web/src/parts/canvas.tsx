// Pictures on canvases, and grids of patches that a pointer or a keyboard walks over.
import { useEffect, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { Picture } from "../messages.ts";

type Draw = (context: CanvasRenderingContext2D, size: number) => void;

const SIZE = 448; // device pixels of a canvas: 32 a patch of a 14 x 14 grid

/** A picture stretched over a square canvas; `over` draws on it. */
export function drawPicture(context: CanvasRenderingContext2D, size: number, picture: Picture, sharp = false): void {
  const small = document.createElement("canvas");
  [small.width, small.height] = [picture.width, picture.height];
  small.getContext("2d")?.putImageData(new ImageData(picture.rgba, picture.width, picture.height), 0, 0);
  context.imageSmoothingEnabled = !sharp;
  context.imageSmoothingQuality = "high";
  context.drawImage(small, 0, 0, size, size);
}

export type CanvasProps = { readonly label: string; readonly draw: Draw; readonly small?: boolean };

/** A square canvas that is redrawn whenever `draw` changes. */
export function Canvas({ label, draw, small = false }: CanvasProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    context.clearRect(0, 0, SIZE, SIZE);
    draw(context, SIZE);
  }, [draw]);
  return (
    <canvas
      ref={canvas}
      class={small ? "picture small" : "picture"}
      width={SIZE}
      height={SIZE}
      role="img"
      aria-label={label}
    />
  );
}

export type PatchGridProps = CanvasProps & {
  readonly side: number;
  /** What a screen reader says of a patch. */
  readonly describe: (patch: number) => string;
  readonly onHover?: (patch: number | undefined) => void;
  /** A click, a tap, Enter or Space; `dragged` when the pointer came from another patch. */
  readonly onPick?: (patch: number, dragged: boolean) => void;
};

/** A canvas of side x side patches: arrow keys move a cursor, Enter and Space pick, dragging picks all it touches. */
export function PatchGrid({ label, draw, side, describe, onHover, onPick }: PatchGridProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [cursor, setCursor] = useState<number>();
  const [hovered, setHovered] = useState<number>();
  const picked = useRef<number>();
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    context.clearRect(0, 0, SIZE, SIZE);
    draw(context, SIZE);
    for (const patch of [hovered, cursor]) if (patch !== undefined) outline(context, patch, side);
  }, [draw, hovered, cursor, side]);

  const patchAt = ({ clientX, clientY }: PointerEvent): number => {
    const box = (canvas.current as HTMLCanvasElement).getBoundingClientRect();
    const place = (at: number, from: number, length: number) =>
      Math.min(side - 1, Math.max(0, Math.floor(((at - from) / length) * side)));
    return place(clientY, box.top, box.height) * side + place(clientX, box.left, box.width);
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
    const [row, column] = [Math.floor(at / side), at % side];
    const to: Record<string, number> = {
      ArrowUp: Math.max(0, row - 1) * side + column,
      ArrowDown: Math.min(side - 1, row + 1) * side + column,
      ArrowLeft: row * side + Math.max(0, column - 1),
      ArrowRight: row * side + Math.min(side - 1, column + 1),
      Home: row * side,
      End: row * side + side - 1,
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
        width={SIZE}
        height={SIZE}
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

function outline(context: CanvasRenderingContext2D, patch: number, side: number): void {
  const cell = SIZE / side;
  const [x, y] = [(patch % side) * cell, Math.floor(patch / side) * cell];
  for (const [color, width, inset] of [["#000", 4, 2] as const, ["#fff", 2, 2] as const]) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.strokeRect(x + inset, y + inset, cell - 2 * inset, cell - 2 * inset);
  }
}

/** Calls `paint` with the rectangle of every patch. */
export function eachPatch(
  size: number,
  side: number,
  paint: (patch: number, x: number, y: number, cell: number) => void,
): void {
  const cell = size / side;
  for (let patch = 0; patch < side * side; patch++) {
    paint(patch, (patch % side) * cell, Math.floor(patch / side) * cell, cell);
  }
}

/** A color for a token: neighbors in number are far apart in hue. */
export function tokenColor(id: number): string {
  const hue = (id * 137.508) % 360;
  const lightness = 38 + ((id * 7919) % 5) * 8;
  return `hsl(${hue.toFixed(1)} 62% ${lightness}%)`;
}

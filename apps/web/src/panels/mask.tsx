// Masks: drawn with sliders, block by block if asked, or painted by hand.
import { maskFromCells } from "@beitjs/masking";
import type { MaskGenerator } from "@beitjs/masking/bulk";
import { cellCount, type Grid, type HeightWidth } from "@beitjs/tensor-core/grid";
import type { JSX } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { drawPicture, eachPatch, PatchGrid, placeOf } from "../parts/canvas.tsx";
import { Choice, Facts, Figure, percent, Slider } from "../parts/controls.tsx";
import { adjacentShare, defaultMask, drawMask, expectedFacts, type MaskKind, type MaskSettings } from "./masks.ts";
import type { PanelProps } from "./panel.ts";

const kinds: Readonly<Record<MaskKind, string>> = {
  official: "Blockwise (BEiT)",
  exact: "Blockwise, exact count (BEiT v2)",
  uniform: "Uniform",
  span: "Spans, row by row (SpanBERT)",
};
const BLOCK_TIME = 350; // milliseconds between two blocks
const LONGEST_SHOW = 5000;

export function MaskPanel({ tokens, cells, onCells, onError }: PanelProps): JSX.Element {
  const { grid, picture } = tokens;
  const [settings, setSettings] = useState<MaskSettings>(defaultMask);
  const [painting, setPainting] = useState<number>();
  const generator = useMaskGenerator();
  const timer = useRef<ReturnType<typeof setInterval>>();
  const stop = (): void => clearInterval(timer.current);
  useEffect(() => stop, []);

  const change = (changes: Partial<MaskSettings>): void => {
    stop();
    const next = { ...settings, ...changes };
    setSettings(next);
    try {
      onCells(drawMask(grid, next).cells);
    } catch (error) {
      onError(error);
    }
  };
  const stepByStep = (): void => {
    stop();
    const blocks: (readonly number[])[] = [];
    let all: Uint8Array;
    try {
      all = drawMask(grid, settings, (patches) => blocks.push(patches)).cells;
    } catch (error) {
      return onError(error);
    }
    const time = Math.min(BLOCK_TIME, LONGEST_SHOW / blocks.length);
    const seen = new Uint8Array(all.length);
    onCells(Uint8Array.from(seen));
    timer.current = setInterval(() => {
      const next = blocks.shift();
      // What "exact" fills up at the end belongs to no block.
      if (!next) stop();
      for (const patch of next ?? []) seen[patch] = 1;
      onCells(next ? Uint8Array.from(seen) : all);
    }, time);
  };
  const paint = (patch: number, dragged: boolean): void => {
    stop();
    const value = dragged ? (painting ?? 1) : 1 - cells[patch];
    if (!dragged) setPainting(value);
    const next = Uint8Array.from(cells);
    next[patch] = value;
    onCells(next);
  };
  const drawMasked = useCallback(
    (context: CanvasRenderingContext2D, size: HeightWidth) => {
      drawPicture(context, size, picture);
      drawHidden(context, size, grid, cells);
    },
    [picture, cells, grid],
  );
  const expected = useMemo(
    () => safely(() => expectedFacts(grid, settings, { generator })),
    [grid, settings, generator],
  );
  const drawShares = useCallback(
    (context: CanvasRenderingContext2D, size: HeightWidth) =>
      eachPatch(size, grid, (patch, { x, y, cell }) => {
        const share = expected?.cellShares[patch] ?? 0;
        context.fillStyle = `hsl(212 60% ${Math.round(95 - 75 * Math.min(1, share))}%)`;
        context.fillRect(x, y, cell + 1, cell + 1);
      }),
    [expected, grid],
  );
  const mask = useMemo(() => maskFromCells(grid, cells), [grid, cells]);
  const blockwise = settings.kind === "official" || settings.kind === "exact";
  return (
    <>
      <p class="lead">
        BEiT hides about 40 % of the patches, in blocks, so that no hidden patch can be copied from its neighbors. Move
        the sliders, or paint: a click hides a patch or shows it again.
      </p>
      <div class="figures">
        <Figure title="Mask" note={`${mask.count} of ${cells.length} patches hidden`}>
          <PatchGrid
            label="Mask over the image"
            draw={drawMasked}
            grid={grid}
            describe={(at) => `${placeOf(at, grid).replace("row", "Row")}: ${cells[at] ? "hidden" : "visible"}`}
            onPick={paint}
          />
        </Figure>
        <Figure
          title="How often each patch is hidden"
          note={`over ${expected?.masks ?? 0} masks; darker is more often`}
        >
          <PatchGrid
            label="Share of masks that hide each patch"
            draw={drawShares}
            grid={grid}
            describe={(at) => `hidden in ${percent(expected?.cellShares[at] ?? 0)} of masks`}
          />
        </Figure>
        <div class="stack">
          <Choice label="Kind" value={settings.kind} options={kinds} onChange={(kind) => change({ kind })} />
          <Slider
            label="Patches to hide"
            value={settings.count}
            min={1}
            max={cellCount(grid) - 1}
            onChange={(count) => change({ count })}
          />
          {blockwise && (
            <>
              <Slider
                label="Smallest block"
                value={settings.minBlock}
                min={1}
                max={49}
                onChange={(minBlock) => change({ minBlock })}
              />
              <Slider
                label="Flattest block, height by width"
                value={settings.minAspect}
                min={0.1}
                max={1}
                step={0.05}
                show={(value) => value.toFixed(2)}
                onChange={(minAspect) => change({ minAspect })}
              />
            </>
          )}
          <Slider label="Seed" value={settings.seed} min={1} max={999} onChange={(seed) => change({ seed })} />
          <div class="buttons">
            <button onClick={() => change({ seed: settings.seed + 1 })}>Another mask</button>
            <button onClick={stepByStep}>Block by block</button>
            <button onClick={() => onCells(new Uint8Array(cells.length))}>Hide nothing</button>
          </div>
          <Facts
            rows={[
              [
                "Hidden",
                `${mask.count}, expected ${expected ? `${expected.meanCount.toFixed(1)} ± ${expected.stdCount.toFixed(1)}` : "–"}`,
              ],
              [
                "Both of two neighbors",
                `${percent(adjacentShare(mask))}, expected ${expected ? percent(expected.adjacentShare) : "–"}`,
              ],
              ["Masks that reach the count", expected ? percent(expected.fullShare) : "–"],
            ]}
          />
        </div>
      </div>
    </>
  );
}

/** Hidden patches in gray, with a line between them. */
export function drawHidden(context: CanvasRenderingContext2D, size: HeightWidth, grid: Grid, cells: Uint8Array): void {
  eachPatch(size, grid, (patch, { x, y, cell }) => {
    if (cells[patch] === 0) return;
    context.fillStyle = "#85888c";
    context.fillRect(x, y, cell, cell);
    context.strokeStyle = "#9da0a5";
    context.strokeRect(x + 0.5, y + 0.5, cell - 1, cell - 1);
  });
}

/** Many masks at a time for the statistics, once it is loaded and compiled; they are the same without it. */
function useMaskGenerator(): MaskGenerator | undefined {
  const [generator, setGenerator] = useState<MaskGenerator>();
  useEffect(
    () =>
      void import("@beitjs/masking/bulk")
        .then(({ createMaskGenerator }) => createMaskGenerator())
        .then(setGenerator, (error: unknown) => console.warn("Masks are drawn one by one:", error)),
    [],
  );
  return generator;
}

function safely<Result>(make: () => Result): Result | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

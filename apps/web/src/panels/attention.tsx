// Where a patch looks: the attention of every head and layer over the image.
import { cellCount, type HeightWidth } from "@beitjs/tensor-core/grid";
import type { JSX } from "preact";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { engine } from "../engine/client.ts";
import type { Attention, Picture } from "../messages.ts";
import { Canvas, cellBox, drawPicture, eachPatch, PatchGrid, placeOf } from "../parts/canvas.tsx";
import { Check, Facts, Figure, ms, percent, Slider } from "../parts/controls.tsx";
import type { PanelProps } from "./panel.ts";

export function AttentionPanel({ tokens, facts, onError }: PanelProps): JSX.Element {
  const [attention, setAttention] = useState<Attention>();
  const [patch, setPatch] = useState<number>();
  const [layer, setLayer] = useState(facts.models.encoder.depth);
  const [mean, setMean] = useState(false);
  const [all, setAll] = useState(false);
  useEffect(() => {
    let current = true;
    engine.attention().then(
      (result) => {
        if (!current) return;
        setAttention(result);
        setLayer(Math.min(layer, result.depth));
      },
      (error: unknown) => current && onError(error),
    );
    return () => void (current = false);
  }, [tokens, facts.models.encoder]);
  const grid = attention?.grid ?? facts.models.encoder.grid;
  const middle = Math.floor(grid.rows / 2) * grid.cols + Math.floor(grid.cols / 2);
  const chosen = Math.min(patch ?? middle, cellCount(grid) - 1);
  const drawImage = useCallback(
    (context: CanvasRenderingContext2D, size: HeightWidth) => {
      drawPicture(context, size, tokens.picture);
      const { x, y, cell } = cellBox(size, grid, chosen);
      context.fillStyle = "#1d8cff";
      context.fillRect(x, y, cell, cell);
    },
    [tokens.picture, chosen, grid],
  );
  const layers = attention ? (all ? Array.from({ length: attention.depth }, (_, i) => i) : [layer - 1]) : [];
  return (
    <>
      <p class="lead">
        Self-attention lets every patch look at all others. Click a patch: each picture shows where one head looks from
        it, by the square root of its attention.
      </p>
      <div class="row">
        <Figure title="From which patch" note="click, or walk with the arrow keys and press Enter">
          <PatchGrid
            label="The image"
            draw={drawImage}
            grid={grid}
            describe={(at) => placeOf(at, grid)}
            onPick={setPatch}
          />
        </Figure>
        <div class="stack">
          <Slider
            label="Layer"
            value={Math.min(layer, attention?.depth ?? layer)}
            min={1}
            max={attention?.depth ?? layer}
            show={(value) => `${value} of ${attention?.depth ?? "…"}`}
            onChange={setLayer}
          />
          <Check label="All layers" value={all} onChange={setAll} />
          <Check label="Mean over the heads" value={mean} onChange={setMean} />
          {attention && (
            <Facts
              rows={[
                ["Layers, heads", `${attention.depth}, ${attention.heads}`],
                ["Time", ms(attention.milliseconds)],
              ]}
            />
          )}
        </div>
      </div>
      {attention &&
        layers.map((block) => (
          <section key={block}>
            <h2>Layer {block + 1}</h2>
            <div class="figures small">
              {(mean ? [undefined] : Array.from({ length: attention.heads }, (_, i) => i)).map((head) => (
                <HeadMap
                  key={head ?? "mean"}
                  attention={attention}
                  picture={tokens.picture}
                  block={block}
                  head={head}
                  patch={chosen}
                />
              ))}
            </div>
          </section>
        ))}
    </>
  );
}

type HeadMapProps = {
  readonly attention: Attention;
  readonly picture: Picture;
  readonly block: number;
  /** Undefined: the mean over all. */
  readonly head: number | undefined;
  readonly patch: number;
};

function HeadMap({ attention, picture, block, head, patch }: HeadMapProps): JSX.Element {
  const { grid } = attention;
  const map = useMemo(() => mapOf(attention, block, head, patch), [attention, block, head, patch]);
  const drawMap = useCallback(
    (context: CanvasRenderingContext2D, size: HeightWidth) => {
      context.filter = "grayscale(1) brightness(0.6)";
      drawPicture(context, size, picture);
      context.filter = "none";
      const most = Math.max(...map.patches);
      eachPatch(size, grid, (at, { x, y, cell }) => {
        // Attention falls off steeply: its square root shows what is small too.
        context.fillStyle = `rgb(255 176 32 / ${(0.9 * Math.sqrt(map.patches[at] / most)).toFixed(3)})`;
        context.fillRect(x, y, cell, cell);
      });
      context.strokeStyle = "#1d8cff";
      context.lineWidth = 5;
      const { x, y, cell } = cellBox(size, grid, patch);
      context.strokeRect(x, y, cell, cell);
    },
    [picture, map, grid, patch],
  );
  const title = head === undefined ? "Mean" : `Head ${head + 1}`;
  return (
    <Figure title={title} note={`${percent(map.classToken)} on the class token`}>
      <Canvas
        label={`${title} of layer ${block + 1}: attention from the chosen patch`}
        draw={drawMap}
        shape={{ width: grid.cols, height: grid.rows }}
        small
      />
    </Figure>
  );
}

function mapOf(
  { heads, grid, values }: Attention,
  block: number,
  head: number | undefined,
  patch: number,
): { readonly patches: Float32Array; readonly classToken: number } {
  const count = cellCount(grid);
  const mean = new Float32Array(count + 1);
  const from = head === undefined ? Array.from({ length: heads }, (_, i) => i) : [head];
  for (const one of from) {
    const start = ((block * heads + one) * count + patch) * (count + 1);
    for (let i = 0; i <= count; i++) mean[i] += values[start + i] / from.length;
  }
  return { classToken: mean[0], patches: mean.subarray(1) };
}

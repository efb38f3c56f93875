// The image as the tokenizer sees it, its grid of visual tokens, and what comes back.
import type { JSX } from "preact";
import { cellCount, type HeightWidth } from "@beitjs/tensor-core/grid";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { engine } from "../engine/client.ts";
import type { Picture } from "../messages.ts";
import { Canvas, drawPicture, eachPatch, PatchGrid, placeOf, tokenPaint } from "../parts/canvas.tsx";
import { Check, Facts, Figure, machineName, ms, pixelsOf } from "../parts/controls.tsx";
import type { PanelProps } from "./panel.ts";

export function TokensPanel({ tokens, facts, onError }: PanelProps): JSX.Element {
  const { ids, grid, picture, seen, reconstruction, difference, error, psnr, milliseconds } = tokens;
  const [patch, setPatch] = useState<number>();
  const [over, setOver] = useState(false);
  const [numbers, setNumbers] = useState(false);
  const [showDifference, setShowDifference] = useState(false);
  const counts = useMemo(() => countsOf(ids), [ids]);
  const drawTokens = useCallback(
    (context: CanvasRenderingContext2D, size: HeightWidth) => {
      if (over) drawPicture(context, size, picture);
      context.globalAlpha = over ? 0.55 : 1;
      eachPatch(size, grid, (at, { x, y, cell }) => {
        context.fillStyle = tokenPaint(ids[at]);
        context.fillRect(x, y, cell, cell);
        if (!numbers) return;
        context.fillStyle = "#fff";
        context.font = `${Math.round(cell * 0.36)}px system-ui`;
        context.textAlign = "center";
        context.textBaseline = "middle";
        context.fillText(String(ids[at]), x + cell / 2, y + cell / 2);
      });
      context.globalAlpha = 1;
    },
    [ids, grid, over, numbers, picture],
  );
  const drawImage = useCallback(draw(picture), [picture]);
  const shown = showDifference ? difference : reconstruction;
  const drawBack = useCallback(draw(shown), [shown]);
  const id = patch === undefined ? undefined : ids[patch];
  const describe = (at: number): string =>
    `${placeOf(at, grid).replace("row", "Row")}: token ${ids[at]}, ${counts.get(ids[at])} times in this image`;

  return (
    <>
      <p class="lead">
        The tokenizer, a discrete VAE, names every patch by one of {facts.models.tokenizer.vocabSize} visual tokens.
        From these {cellCount(grid)} numbers alone its decoder paints the image again.
      </p>
      <div class="figures">
        <Figure title="Image" note={`the tokenizer sees ${pixelsOf(seen)} pixels of it`}>
          <Canvas label="The image" draw={drawImage} shape={picture} />
        </Figure>
        <Figure title="Visual tokens" note="A color for each token. Point at one, or walk with the arrow keys.">
          <PatchGrid label="Visual tokens" draw={drawTokens} grid={grid} describe={describe} onHover={setPatch} />
        </Figure>
        <Figure
          title={showDifference ? "Difference" : "Reconstruction"}
          note={`off by ${error.toFixed(1)} of 255 on average, PSNR ${psnr.toFixed(1)} dB`}
        >
          <Canvas
            label={showDifference ? "Difference of image and reconstruction" : "Reconstruction"}
            draw={drawBack}
            shape={shown}
          />
        </Figure>
      </div>
      <div class="controls">
        <Check label="Tokens over the image" value={over} onChange={setOver} />
        <Check label="Numbers" value={numbers} onChange={setNumbers} />
        <Check label="Difference instead of reconstruction" value={showDifference} onChange={setShowDifference} />
      </div>
      <div class="row">
        <Entry id={id} counts={counts} onError={onError} />
        <Facts
          rows={[
            ["Different tokens", `${counts.size} of ${ids.length}`],
            ["Tokenize", ms(milliseconds.tokenize)],
            ["Decode", ms(milliseconds.detokenize)],
            ["Computed by", machineName(facts.machine)],
          ]}
        />
      </div>
    </>
  );
}

type EntryProps = {
  /** The token pointed at now; the one before stays when there is none. */
  readonly id: number | undefined;
  readonly counts: ReadonlyMap<number, number>;
  readonly onError: (error: unknown) => void;
};

/** One entry of the codebook, decoded alone. */
function Entry({ id, counts, onError }: EntryProps): JSX.Element {
  const [entry, setEntry] = useState<{ id: number; picture: Picture }>();
  useEffect(() => {
    if (id === undefined || entry?.id === id) return;
    // Only the token that the pointer rests on is worth decoding.
    const timer = setTimeout(() => {
      engine.codebookEntry(id).then((picture) => setEntry({ id, picture }), onError);
    }, 60);
    return () => clearTimeout(timer);
  }, [id]);
  const drawEntry = useCallback(
    (context: CanvasRenderingContext2D, size: HeightWidth) => {
      if (entry) drawPicture(context, size, entry.picture, true);
    },
    [entry],
  );
  const shown = id ?? entry?.id;
  const count = shown === undefined ? 0 : (counts.get(shown) ?? 0);
  const times = `${count} time${count === 1 ? "" : "s"} in this image`;
  return (
    <div class="entry">
      <Canvas
        label={entry ? `Token ${entry.id} decoded alone` : "No token yet"}
        draw={drawEntry}
        shape={entry?.picture}
        small
      />
      <p>
        {shown === undefined ? "No token pointed at yet" : `Token ${shown}: ${times}`}
        <br />
        <span class="note">decoded alone, three by three of it</span>
      </p>
    </div>
  );
}

function draw(picture: Picture): (context: CanvasRenderingContext2D, size: HeightWidth) => void {
  return (context, size) => drawPicture(context, size, picture);
}

function countsOf(ids: Int32Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

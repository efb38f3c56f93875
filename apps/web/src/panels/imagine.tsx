// The model fills the hidden patches.
import type { HeightWidth } from "@beitjs/tensor-core/grid";
import type { JSX } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import { engine } from "../engine/client.ts";
import type { Imagined, ImagineOptions } from "../messages.ts";
import { Canvas, drawPicture, eachPatch, PatchGrid, tokenPaint } from "../parts/canvas.tsx";
import { Choice, Facts, Figure, ms, percent, Slider } from "../parts/controls.tsx";
import { drawHidden } from "./mask.tsx";
import { anyMask } from "./masks.ts";
import type { PanelProps } from "./panel.ts";

const GUESSES = 5;

type Paint = ImagineOptions["paint"];
const paints: Readonly<Record<Paint, string>> = {
  mixture: "all tokens, mixed by their probability",
  likeliest: "the likeliest token",
};

export function ImaginePanel({ tokens, facts, cells, onCells, onError }: PanelProps): JSX.Element {
  const { grid, picture, reconstruction } = tokens;
  const { mismatch, tokenizer } = facts.models;
  const [rounds, setRounds] = useState(4);
  const [paint, setPaint] = useState<Paint>("mixture");
  const [imagined, setImagined] = useState<Imagined>();
  const [patch, setPatch] = useState<number>();
  const hidden = cells.includes(1);
  useEffect(() => {
    if (mismatch !== undefined || !hidden) return;
    let current = true;
    engine.imagine(cells, { guesses: GUESSES, rounds, paint }).then(
      (result) => current && setImagined(result),
      (error: unknown) => current && onError(error),
    );
    return () => void (current = false);
  }, [tokens, cells, rounds, paint, mismatch]);

  const drawMasked = useCallback(
    (context: CanvasRenderingContext2D, size: HeightWidth) => {
      drawPicture(context, size, picture);
      drawHidden(context, size, grid, cells);
    },
    [picture, cells, grid],
  );
  const drawFilled = useCallback(
    (context: CanvasRenderingContext2D, size: HeightWidth) =>
      drawPicture(context, size, imagined?.picture ?? reconstruction),
    [imagined, reconstruction],
  );
  const drawOwn = useCallback(
    (context: CanvasRenderingContext2D, size: HeightWidth) => drawPicture(context, size, reconstruction),
    [reconstruction],
  );
  const drawLoss = useCallback(
    (context: CanvasRenderingContext2D, size: HeightWidth) => {
      drawPicture(context, size, picture);
      const most = Math.log(tokenizer.vocabSize);
      eachPatch(size, grid, (at, { x, y, cell }) => {
        const loss = imagined?.losses[at] ?? NaN;
        if (Number.isNaN(loss) || cells[at] === 0) return;
        context.fillStyle = heatColor(loss / (1.5 * most));
        context.fillRect(x, y, cell, cell);
      });
    },
    [picture, imagined, cells, grid, tokenizer.vocabSize],
  );
  const toggle = (at: number, dragged: boolean): void => {
    const next = Uint8Array.from(cells);
    next[at] = dragged ? 1 : 1 - cells[at];
    onCells(next);
  };
  const describe = (at: number): string => {
    const loss = imagined?.losses[at] ?? NaN;
    return Number.isNaN(loss) ? "visible" : `hidden, loss ${loss.toFixed(2)}`;
  };
  if (mismatch !== undefined) {
    return <p class="lead">These two models do not fit each other: {mismatch}. Choose others under “Your weights”.</p>;
  }
  return (
    <>
      <p class="lead">
        The encoder sees the image without the gray patches and predicts which visual token each of them holds: the task
        BEiT learns from. The tokenizer paints what it predicts. Click patches to hide or show them.
      </p>
      <div class="figures">
        <Figure title="What the encoder sees" note={`${cells.reduce((sum, cell) => sum + cell, 0)} patches hidden`}>
          <PatchGrid
            label="Masked image"
            draw={drawMasked}
            grid={grid}
            describe={(at) => (cells[at] ? "hidden" : "visible")}
            onHover={setPatch}
            onPick={toggle}
          />
        </Figure>
        <Figure
          title="Imagined"
          note={hidden ? `in ${rounds} round${rounds === 1 ? "" : "s"}, the surest patches first` : "nothing is hidden"}
        >
          <Canvas label="Hidden patches filled by the model" draw={drawFilled} shape={reconstruction} />
        </Figure>
        <Figure title="All tokens known" note="the tokenizer's own reconstruction: the best there can be">
          <Canvas label="Reconstruction from the true tokens" draw={drawOwn} shape={reconstruction} />
        </Figure>
        <Figure
          title="Loss of each patch"
          note={`blue: expected, red: a surprise (a blind guess costs ${Math.log(tokenizer.vocabSize).toFixed(2)})`}
        >
          <PatchGrid
            label="Loss of each hidden patch"
            draw={drawLoss}
            grid={grid}
            describe={describe}
            onHover={setPatch}
          />
        </Figure>
      </div>
      <div class="row">
        <div class="stack">
          <Choice label="Paint hidden patches with" value={paint} options={paints} onChange={setPaint} />
          <Slider label="Rounds" value={rounds} min={1} max={12} onChange={setRounds} />
          <div class="buttons">
            <button
              onClick={() => {
                const seed = 1 + Math.floor(Math.random() * 1e6);
                onCells(anyMask(grid, seed).cells);
              }}
            >
              Another mask
            </button>
          </div>
          {imagined && hidden && (
            <Facts
              rows={[
                ["Loss", imagined.loss.toFixed(3)],
                ["First guess is right", percent(imagined.accuracy)],
                ["Time", ms(imagined.milliseconds)],
              ]}
            />
          )}
        </div>
        <Guesses imagined={imagined} patch={patch} truth={patch === undefined ? undefined : tokens.ids[patch]} />
      </div>
    </>
  );
}

// From blue through white to red, as maps show what is below and above the middle.
function heatColor(heat: number): string {
  const [low, middle, high] = [
    [33, 102, 172],
    [247, 247, 247],
    [178, 24, 43],
  ];
  const at = 2 * Math.min(1, Math.max(0, heat));
  const [from, to] = at < 1 ? [low, middle] : [middle, high];
  const share = at < 1 ? at : at - 1;
  return `rgb(${from.map((value, i) => Math.round(value + share * (to[i] - value))).join(" ")})`;
}

type GuessesProps = {
  readonly imagined: Imagined | undefined;
  readonly patch: number | undefined;
  readonly truth: number | undefined;
};

function Guesses({ imagined, patch, truth }: GuessesProps): JSX.Element {
  const guesses = patch === undefined ? undefined : imagined?.guesses.get(patch);
  if (!guesses) return <p class="note">Point at a hidden patch to see the model's guesses.</p>;
  return (
    <table>
      <caption>Guesses for this patch; the tokenizer says {truth}</caption>
      <thead>
        <tr>
          <th scope="col">Token</th>
          <th scope="col">Probability</th>
        </tr>
      </thead>
      <tbody>
        {guesses.map(({ id, probability }) => (
          <tr key={id} class={id === truth ? "right" : ""}>
            <td>
              <span class="swatch" style={{ background: tokenPaint(id) }} /> {id}
              {id === truth && " (right)"}
            </td>
            <td>{percent(probability)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

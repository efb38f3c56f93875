// Pre-training in the page: on the images that came with it or on a folder of the visitor's.
import type { HeightWidth } from "@beitjs/tensor-core/grid";
import type { JSX } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type {
  Machine,
  Picture,
  PlacedFile,
  SavedRun,
  Snapshot,
  TrainEvaluation,
  TrainReport,
  TrainStep,
} from "../messages.ts";
import { Canvas, drawPicture } from "../parts/canvas.tsx";
import { ColorProfileCheck, type ColorProfileProps } from "../parts/color-profile.tsx";
import { Facts, Figure, machineName, Slider } from "../parts/controls.tsx";
import { keepImages, placed, placedFiles } from "../parts/files.ts";
import { saveAs } from "../parts/save-as.ts";
import { trainer } from "../train/client.ts";
import { TrainCurves } from "./train-curves.tsx";

type Props = ColorProfileProps & { readonly onError: (error: unknown) => void };
type Phase = "idle" | "starting" | "running" | "pausing";

export function TrainPanel({ colorProfile, onColorProfile, onError }: Props): JSX.Element {
  const [run, setRun] = useState<SavedRun>();
  const [loaded, setLoaded] = useState(false);
  const [steps, setSteps] = useState<readonly TrainStep[]>([]);
  const [evaluations, setEvaluations] = useState<readonly TrainEvaluation[]>([]);
  const [snapshots, setSnapshots] = useState<readonly Snapshot[]>([]);
  const [phase, setPhase] = useState<Phase>("idle");
  const [machine, setMachine] = useState<Machine>();
  const [savedStep, setSavedStep] = useState<number>();
  const [notes, setNotes] = useState<readonly string[]>([]);
  const [settings, setSettings] = useState({ steps: 600, width: 64, depth: 3, heldOutShare: 0.1 });
  const picker = useRef<HTMLInputElement>(null);

  const show = (next: SavedRun | undefined): void => {
    setRun(next);
    setSteps(next?.steps ?? []);
    setEvaluations(next?.evaluations ?? []);
    setSnapshots(next?.snapshots ?? []);
    setSavedStep(next && next.step > 0 ? next.step : undefined);
  };
  useEffect(() => {
    trainer
      .saved()
      .then(show, onError)
      .finally(() => setLoaded(true));
    return () => void trainer.pause();
  }, []);

  const onReport = (report: TrainReport): void => {
    if (report.kind === "machine") setMachine(report.machine);
    else if (report.kind === "steps") setSteps((before) => [...before, ...report.steps]);
    else if (report.kind === "evaluation") setEvaluations((before) => [...before, report.evaluation]);
    else if (report.kind === "snapshot") setSnapshots((before) => [...before, report.snapshot]);
    else setSavedStep(report.step);
  };
  const go = async (): Promise<void> => {
    setPhase("running");
    try {
      await trainer.run(onReport, { softwareGpu: new URLSearchParams(location.search).has("software-gpu") });
    } catch (error) {
      onError(error);
      // What was not saved is gone: show the run as it will go on.
      await trainer.saved().then(show, onError);
    }
    setPhase("idle");
  };
  const create = async (images: readonly PlacedFile[] | undefined): Promise<void> => {
    if (run && run.step > 0 && !confirm("Start a new run? The one before is discarded.")) return;
    setPhase("starting");
    try {
      const { run: next, notes: told } = await trainer.create(images, { ...settings, colorProfile });
      show(next);
      setNotes(told);
      await go();
    } catch (error) {
      onError(error);
      setPhase("idle");
    }
  };
  const pause = (): void => {
    setPhase("pausing");
    trainer.pause().catch(onError);
  };
  const download = (): void => {
    trainer.download().then((bytes) => saveAs("beit-run.zip", bytes, "application/zip"), onError);
  };
  const discard = (): void => {
    trainer.discard().then(() => show(undefined), onError);
  };
  const finished = run !== undefined && steps.length > 0 && steps.at(-1)?.step === run.totalSteps;
  const last = steps.at(-1);
  const busy = phase !== "idle";
  return (
    <div
      onDrop={(event) => {
        event.preventDefault();
        event.stopPropagation();
        if (!busy)
          void placedFiles(event.dataTransfer)
            .then((files) => create(keepImages(files)))
            .catch(onError);
      }}
    >
      <p class="lead">
        Masked image modeling from nothing, here in your browser: a tiny BEiT learns to predict the visual tokens of
        hidden patches. A few images it learns by heart; a folder of many teaches it more, which the images held out of
        training show: a share drawn once, or a folder <code>val</code> among yours. The run is kept in this browser
        every few seconds; close the tab and it goes on from there.
      </p>
      <div class="buttons">
        {!busy && run && !finished && steps.length > 0 && (
          <button class="primary" onClick={() => void go()}>
            Go on
          </button>
        )}
        {busy ? (
          <button class="primary" onClick={pause} disabled={phase !== "running"}>
            {phase === "starting" ? "Starting…" : phase === "pausing" ? "Pausing…" : "Pause"}
          </button>
        ) : (
          <>
            <button class={run && !finished ? "" : "primary"} disabled={!loaded} onClick={() => void create(undefined)}>
              Train on the four samples
            </button>
            <button disabled={!loaded} onClick={() => picker.current?.click()}>
              Train on a folder of yours
            </button>
            <input
              ref={(element) => {
                picker.current = element;
                // Not an attribute that JSX knows.
                element?.setAttribute("webkitdirectory", "");
              }}
              class="hidden"
              type="file"
              multiple
              tabIndex={-1}
              aria-label="A folder of images to train on"
              onChange={({ currentTarget }) => {
                const files = keepImages([...(currentTarget.files ?? [])].map(placed));
                currentTarget.value = "";
                void create(files);
              }}
            />
          </>
        )}
        <button disabled={busy || savedStep === undefined} onClick={download}>
          Download the checkpoint
        </button>
        <button disabled={busy || !run} onClick={discard}>
          Discard
        </button>
      </div>
      {!busy && <ColorProfileCheck {...{ colorProfile, onColorProfile }} />}
      {!run && !busy && (
        <div class="controls">
          <Slider
            label="Steps of 8 images"
            value={settings.steps}
            min={100}
            max={5000}
            step={100}
            onChange={(value) => setSettings({ ...settings, steps: value })}
          />
          <Slider
            label="Width"
            value={settings.width}
            min={32}
            max={192}
            step={32}
            onChange={(width) => setSettings({ ...settings, width })}
          />
          <Slider
            label="Depth"
            value={settings.depth}
            min={1}
            max={8}
            onChange={(depth) => setSettings({ ...settings, depth })}
          />
          <Slider
            label="Images held out"
            value={settings.heldOutShare}
            min={0}
            max={0.3}
            step={0.05}
            show={(share) => (share === 0 ? "none" : `${Math.round(100 * share)} %`)}
            onChange={(heldOutShare) => setSettings({ ...settings, heldOutShare })}
          />
        </div>
      )}
      {notes.map((note) => (
        <p key={note} class="note">
          {note}
        </p>
      ))}
      <p role="status" class="note">
        {statusOf(run, last, savedStep, finished)}
      </p>
      {run && steps.length > 1 && <TrainCurves {...{ steps, evaluations }} validated={run.heldOut.images > 0} />}
      {run && (
        <>
          <h2>A masked picture, filled by the model as it learns</h2>
          <div class="figures small">
            <Small title="Masked" picture={run.masked} />
            {snapshots.slice(-11).map(({ step, picture }) => (
              <Small key={step} title={`Step ${step}`} picture={picture} />
            ))}
            <Small title="Original" picture={run.original} />
          </div>
          <Facts
            rows={[
              ["Model", `${(run.parameters / 1000).toFixed(0)} thousand parameters`],
              ["Images", String(run.images)],
              ["Held out", run.heldOut.words],
              ["Speed", last ? `${medianSpeed(steps).toFixed(1)} images a second` : "–"],
              ["Computed by", machine ? machineName(machine) : "–"],
              ...(machine ? [["Why there", machine.reasons.join("; ")] as const] : []),
            ]}
          />
          <p class="note">
            In Node: unpack the archive, then <code>beit evaluate beit-run --tokenizer small --data photos</code>.
            {evaluations.length > 0 && (
              <>
                {" "}
                The state that was best on held-out images is <code>beit-run/checkpoints/best</code>.
              </>
            )}
          </p>
        </>
      )}
    </div>
  );
}

function statusOf(
  run: SavedRun | undefined,
  last: TrainStep | undefined,
  saved: number | undefined,
  finished: boolean,
): string {
  if (!run) return "No run yet.";
  if (!last) return "Getting ready.";
  const where = `Step ${last.step} of ${run.totalSteps}, loss ${last.loss.toFixed(3)}`;
  return `${where}${finished ? ": finished" : ""}${saved === undefined ? "" : `, saved at step ${saved}`}.`;
}

function Small({ title, picture }: { readonly title: string; readonly picture: Picture }): JSX.Element {
  const draw = useCallback(
    (context: CanvasRenderingContext2D, size: HeightWidth) => drawPicture(context, size, picture),
    [picture],
  );
  return (
    <Figure title={title}>
      <Canvas label={title} draw={draw} shape={picture} small />
    </Figure>
  );
}

function medianSpeed(steps: readonly TrainStep[]): number {
  const last = steps.slice(-20).map(({ imagesPerSecond }) => imagesPerSecond);
  return last.sort((a, b) => a - b)[Math.floor(last.length / 2)];
}

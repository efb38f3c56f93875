import type { JSX } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { engine } from "./engine/client.ts";
import { ImageBar } from "./image-bar.tsx";
import type { ColorProfile, InUse, Tokens } from "./messages.ts";
import { AttentionPanel } from "./panels/attention.tsx";
import { ImaginePanel } from "./panels/imagine.tsx";
import { MaskPanel } from "./panels/mask.tsx";
import { anyMask } from "./panels/masks.ts";
import type { Facts, PanelProps } from "./panels/panel.ts";
import { TokensPanel } from "./panels/tokens.tsx";
import { TrainPanel } from "./panels/train.tsx";
import { WeightsPanel } from "./panels/weights.tsx";
import { isMissingPart } from "./own-file.ts";
import { plainWords } from "./plain-words.ts";
import { photographFile, photographs } from "./photographs.ts";
import { ReloadNotice, type Staleness } from "./reload-notice.tsx";
import { Tabs } from "./tabs.tsx";
import { whenNewer } from "./update.ts";

const panels = {
  tokens: "Tokens",
  mask: "Mask",
  imagine: "Imagine",
  attention: "Attention",
  train: "Train",
  weights: "Your weights",
} as const;
type PanelName = keyof typeof panels;
const withImage: readonly PanelName[] = ["tokens", "mask", "imagine", "attention"];

export function App(): JSX.Element {
  const [facts, setFacts] = useState<Facts>();
  const [tokens, setTokens] = useState<Tokens>();
  const [cells, setCells] = useState<Uint8Array>(new Uint8Array(0));
  const [error, setError] = useState<string>();
  const [panel, setPanel] = useState<PanelName>(panelOfHash());
  // Once opened it stays, so that a run goes on while the visitor looks at other panels.
  const trainOpened = useRef(false);
  trainOpened.current ||= panel === "train";

  const [stale, setStale] = useState<Staleness>();
  const onError = useCallback((problem: unknown): void => {
    console.error(problem);
    if (isMissingPart(problem)) setStale("missing");
    else setError(plainWords(problem));
  }, []);
  const show = (next: Tokens): void => {
    setTokens(next);
    setCells((before) => (before.length === next.ids.length ? before : anyMask(next.grid).cells));
  };
  const [colorProfile, setColorProfile] = useState<ColorProfile>("ignore");
  const chosen = useRef<{ colorProfile: ColorProfile; file?: Blob }>({ colorProfile });
  const open = useCallback(async (file: Blob): Promise<void> => {
    setError(undefined);
    try {
      show(await engine.openImage(file, chosen.current.colorProfile));
      chosen.current.file = file;
    } catch (problem) {
      onError(problem);
    }
  }, []);
  const onColorProfile = useCallback(async (next: ColorProfile): Promise<void> => {
    setColorProfile(next);
    chosen.current.colorProfile = next;
    if (chosen.current.file) await open(chosen.current.file);
  }, []);
  useEffect(() => {
    void (async () => {
      try {
        setFacts(await engine.start());
        await open(await photographFile(photographs[0]));
      } catch (problem) {
        onError(problem);
      }
    })();
    const onHash = (): void => setPanel(panelOfHash());
    // A file dropped beside its target would take the place of the page.
    const keepPage = (event: DragEvent): void => event.preventDefault();
    const onMissing = (): void => setStale("missing");
    whenNewer(() => setStale((before) => before ?? "newer"));
    addEventListener("vite:preloadError", onMissing);
    addEventListener("hashchange", onHash);
    addEventListener("dragover", keepPage);
    addEventListener("drop", keepPage);
    return () => {
      removeEventListener("vite:preloadError", onMissing);
      removeEventListener("hashchange", onHash);
      removeEventListener("dragover", keepPage);
      removeEventListener("drop", keepPage);
    };
  }, []);
  const onInUse = ({ models, tokens: next }: InUse): void => {
    setFacts((before) => before && { ...before, models });
    if (!next) return;
    setError(undefined);
    show(next);
  };
  const props: PanelProps | undefined = facts && tokens && { facts, tokens, cells, onCells: setCells, onError };
  return (
    <>
      <header>
        <h1>
          <a href="#tokens">beitjs</a> <span>BEiT in your browser. Nothing leaves your machine.</span>
        </h1>
        <p class="note" role="status">
          {facts ? machineLine(facts) : error || stale === "missing" ? "Not started." : "Starting…"}
        </p>
      </header>
      <main>
        <Tabs names={panels} chosen={panel} onChoose={(name) => (location.hash = name)} />
        {stale && <ReloadNotice {...{ stale }} />}
        {error && (
          <p class="error" role="alert">
            {error} <button onClick={() => setError(undefined)}>Close</button>
          </p>
        )}
        {withImage.includes(panel) && <ImageBar {...{ colorProfile, onColorProfile, onError }} onImage={open} />}
        <div id="panel" role="tabpanel" aria-labelledby={`tab-${panel}`} tabIndex={-1}>
          {props && panel === "tokens" && <TokensPanel {...props} />}
          {props && panel === "mask" && <MaskPanel {...props} />}
          {props && panel === "imagine" && <ImaginePanel {...props} />}
          {props && panel === "attention" && <AttentionPanel {...props} />}
          {trainOpened.current && (
            <div hidden={panel !== "train"}>
              <TrainPanel {...{ colorProfile, onColorProfile, onError }} />
            </div>
          )}
          {facts && panel === "weights" && <WeightsPanel models={facts.models} onInUse={onInUse} onError={onError} />}
          {!props && withImage.includes(panel) && !error && stale !== "missing" && (
            <p class="note">Loading the models…</p>
          )}
        </div>
      </main>
      <footer>
        <p class="note">
          BEiT: Bao, Dong, Piao, Wei 2021. Small models trained with <code>beit</code>; sources and licences of their
          pictures are listed in the repository. Photographs: Stéfan van der Walt (cat, CC0), Rachel Michetti (coffee,
          CC0), NASA (astronaut), SpaceX (rocket, CC0).
        </p>
      </footer>
    </>
  );
}

function machineLine({ machine: { backend, threads, reasons } }: Facts): string {
  const cores = threads === 1 ? "one thread" : `${threads} threads`;
  return `${backend}, ${cores}${threads === 1 ? ` (${reasons.at(-1)})` : ""}`;
}

function panelOfHash(): PanelName {
  const name = location.hash.slice(1);
  return name in panels ? (name as PanelName) : "tokens";
}

// Other models in place of those that came with the page: from files or an address, checked and kept.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { engine } from "../engine/client.ts";
import type {
  EncoderFacts,
  InUse,
  ModelFacts,
  Models,
  NormalizationChoice,
  Progress,
  WeightsSource,
} from "../messages.ts";
import { Choice, Facts, pixelsOf } from "../parts/controls.tsx";
import { placed, placedFiles } from "../parts/files.ts";

type Props = {
  readonly models: Models;
  readonly onInUse: (inUse: InUse) => void;
  readonly onError: (error: unknown) => void;
};
type Kept = Awaited<ReturnType<typeof engine.kept>>;

export function WeightsPanel({ models, onInUse, onError }: Props): JSX.Element {
  const [progress, setProgress] = useState<Progress>();
  const [notes, setNotes] = useState<readonly string[]>([]);
  const [kept, setKept] = useState<Kept>([]);
  const [url, setUrl] = useState("");
  const [sha256, setSha256] = useState("");
  const picker = useRef<HTMLInputElement>(null);
  const refresh = (): void => void engine.kept().then(setKept, onError);
  useEffect(refresh, []);
  const use = async (source: WeightsSource): Promise<void> => {
    setNotes([]);
    setProgress({ what: "opening", loaded: 0, total: undefined });
    try {
      const { kind, notes: said, ...inUse } = await engine.useWeights(source, setProgress);
      onInUse(inUse);
      setNotes([`The ${kind} is in use now.`, ...said]);
    } catch (error) {
      onError(error);
    }
    setProgress(undefined);
    refresh();
  };
  const shipped = (): void => {
    engine.useShipped().then((inUse) => {
      onInUse(inUse);
      setNotes(["Back to the models that came with the page."]);
    }, onError);
  };
  return (
    <div
      onDrop={(event) => {
        event.preventDefault();
        event.stopPropagation();
        void placedFiles(event.dataTransfer)
          .then((files) => use({ kind: "files", files }))
          .catch(onError);
      }}
    >
      <p class="lead">
        Files of weights stay on your machine: checkpoints of beitjs, OpenAI's <code>encoder.pkl</code> and{" "}
        <code>decoder.pkl</code> (choose both at once), BEiT files of unilm, timm or Hugging Face (<code>.pth</code>,{" "}
        <code>.safetensors</code>, with <code>config.json</code> where there is one). Drop them or their folder here,
        choose them, or give the address of a file, a folder or a hub's repository.
      </p>
      <div class="buttons">
        <button class="primary" onClick={() => picker.current?.click()}>
          Choose files
        </button>
        <input
          ref={picker}
          class="hidden"
          type="file"
          multiple
          tabIndex={-1}
          aria-label="Files of weights"
          accept=".safetensors,.pth,.pt,.pkl,.bin,.json"
          onChange={({ currentTarget }) => {
            const files = [...(currentTarget.files ?? [])].map(placed);
            currentTarget.value = "";
            if (files.length > 0) void use({ kind: "files", files });
          }}
        />
        <button onClick={shipped}>Back to the shipped models</button>
      </div>
      <form
        class="controls"
        onSubmit={(event) => {
          event.preventDefault();
          void use({ kind: "url", url, sha256: sha256.trim() });
        }}
      >
        <label class="control wide">
          Address
          <input
            type="url"
            required
            value={url}
            placeholder="https://…"
            onInput={({ currentTarget }) => setUrl(currentTarget.value)}
          />
        </label>
        <label class="control wide">
          SHA-256, if you know it
          <input
            type="text"
            pattern="\s*[0-9a-fA-F]{64}\s*"
            value={sha256}
            title="64 hexadecimal digits"
            onInput={({ currentTarget }) => setSha256(currentTarget.value)}
          />
        </label>
        <button>Load</button>
      </form>
      {progress && (
        <p role="status">
          {progress.what}: {amount(progress)}{" "}
          <progress {...(progress.total !== undefined && { max: progress.total, value: progress.loaded })} />
        </p>
      )}
      <div role="status">
        {notes.map((note) => (
          <p key={note} class="note breakable">
            {note}
          </p>
        ))}
      </div>
      <div class="row">
        <section>
          <h2>Tokenizer</h2>
          <Facts rows={factsOf(models.tokenizer)} />
        </section>
        <section>
          <h2>Encoder</h2>
          <Facts rows={[...factsOf(models.encoder), ...encoderRows(models.encoder)]} />
          {models.encoder.chosen !== undefined && (
            <Choice
              label="Images are scaled by"
              value={models.encoder.chosen}
              options={normalizations}
              onChange={(choice) => void engine.useNormalization(choice).then(onInUse, onError)}
            />
          )}
        </section>
      </div>
      {models.mismatch && <p>They do not fit each other: {models.mismatch}.</p>}
      {kept.length > 0 && (
        <section>
          <h2>Kept from addresses</h2>
          <ul>
            {kept.map((file) => (
              <li key={file.url + file.sha256} class="breakable">
                {file.url}, {megabytes(file.size)} <button onClick={() => void use(keptSource(file, kept))}>Use</button>{" "}
                <button onClick={() => void engine.forget(file.url).then(refresh, onError)}>Forget</button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function factsOf({ name, parameters, imageSize, grid, vocabSize }: ModelFacts): (readonly [string, string])[] {
  return [
    ["Name", name],
    ["Parameters", `${(parameters / 1e6).toFixed(2)} million`],
    ["Images", `${pixelsOf(imageSize)} pixels, ${grid.rows} x ${grid.cols} patches`],
    ["Visual tokens", String(vocabSize)],
  ];
}

function encoderRows({ depth, heads, normalization }: EncoderFacts): (readonly [string, string])[] {
  return [
    ["Layers, heads", `${depth}, ${heads}`],
    ["Images scaled by", normalization],
  ];
}

// What was kept of a folder is used as the folder: its config.json says what its weights do not.
function keptSource({ url, sha256 }: Kept[number], kept: Kept): WeightsSource {
  const folder = url.slice(0, url.lastIndexOf("/") + 1);
  const described = kept.some(
    (other) => other.url.startsWith(folder) && /^[^/]+\.json$/.test(other.url.slice(folder.length)),
  );
  return described ? { kind: "url", url: folder, sha256: "" } : { kind: "url", url, sha256 };
}

const normalizations: Readonly<Record<NormalizationChoice, string>> = {
  auto: "what the files are taken for",
  imagenet: "ImageNet's mean and std",
  half: "a mean and std of 0.5",
};

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

function amount({ what, loaded, total }: Progress): string {
  if (what === "reading parameters") return `${loaded} of ${total ?? "?"}`;
  return total === undefined ? megabytes(loaded) : `${megabytes(loaded)} of ${megabytes(total)}`;
}

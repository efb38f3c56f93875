// The worker of all inference. One image and one pair of models are in use at a time; the page asks, this answers.
import type { Tokenizer } from "@beitjs/dvae-tokenizer";
import type { Backend } from "@beitjs/tensor-core";
import { hashSource, openFileCache, openSources, type OpenedSources } from "@beitjs/tensor-core/files";
import type { Image } from "@beitjs/tensor-core/image";
import { evalView } from "@beitjs/trainers";
import type { ColorProfile, Engine, InUse, OnProgress, Tokens, WeightsSource } from "../messages.ts";
import { attentionOf } from "./attention.ts";
import { imagine } from "./imagine.ts";
import { startSimd } from "./machine.ts";
import { factsOf, openWeights, release, withNormalization, type Loaded, type OpenedWeights } from "./models.ts";
import { readMiddle } from "./pictures.ts";
import { shippedModels } from "./shipped.ts";
import { codebookEntry, tokensOf } from "./tokens.ts";

type State = {
  readonly backend: Backend;
  readonly shipped: Loaded;
  models: Loaded;
  /** The visitor's file: a tokenizer of other proportions sees another part of it. */
  file?: { readonly blob: Blob; readonly colorProfile: ColorProfile };
  image?: Image;
  tokens?: Tokens;
};

let state: State | undefined;

export const engine: Engine = {
  async start() {
    const { backend, machine } = await startSimd();
    const shipped = await shippedModels(backend);
    state = { backend, shipped, models: shipped };
    return { machine, models: factsOf(shipped) };
  },
  async openImage(blob, colorProfile) {
    const { tokenizer } = started().models.tokenizer;
    const file = { blob, colorProfile };
    const seen = await lookAt(file, tokenizer);
    Object.assign(started(), { file, ...seen });
    return seen.tokens;
  },
  codebookEntry: (id) => codebookEntry(id, started().models.tokenizer.tokenizer),
  async imagine(cells, options) {
    const { models, tokens } = opened();
    const { mismatch } = factsOf(models);
    if (mismatch !== undefined) throw new Error(`[imagine] expected models that fit each other, but ${mismatch}`);
    const { beit, view } = models.encoder;
    const inputs = { beit, tokenizer: models.tokenizer.tokenizer, ids: tokens.ids, cells };
    return imagine({ ...inputs, view: encoderView(), normalization: view.normalization }, options);
  },
  async attention() {
    const { models, tokens } = opened();
    return attentionOf(models.encoder.beit, encoderView(), tokens.picture);
  },
  async useWeights(source, onProgress) {
    const { files, notes } = await sourcesOf(source, onProgress);
    const report = (loaded: number, total: number) => onProgress({ what: "reading parameters", loaded, total });
    const weights = await openWeights(files, started().backend, report);
    await replace(weights);
    return { ...inUse(), kind: weights.kind, notes: [...notes, ...weights.notes] };
  },
  async useNormalization(choice) {
    const now = started();
    now.models = { ...now.models, encoder: withNormalization(now.models.encoder, choice) };
    return inUse();
  },
  async useShipped() {
    const { shipped } = started();
    await replace({ kind: "tokenizer", model: shipped.tokenizer, notes: [] });
    await replace({ kind: "encoder", model: shipped.encoder, notes: [] });
    return inUse();
  },
  kept: async () => (await openFileCache())?.list() ?? [],
  async forget(url) {
    await (await openFileCache())?.delete(url);
  },
};

function started(): State {
  if (!state) throw new Error("[engine] expected start() first, got another call");
  return state;
}

function inUse(): InUse {
  const { models, tokens } = started();
  return { models: factsOf(models), tokens };
}

function opened(): State & { readonly image: Image; readonly tokens: Tokens } {
  const { image, tokens, ...rest } = started();
  if (!image || !tokens) throw new Error("[engine] expected an image, got none yet");
  return { ...rest, image, tokens };
}

async function lookAt(
  { blob, colorProfile }: NonNullable<State["file"]>,
  tokenizer: Tokenizer,
): Promise<{ readonly image: Image; readonly tokens: Tokens }> {
  const image = await readMiddle(blob, tokenizer.config.imageSize, colorProfile);
  return { image, tokens: await tokensOf(image, tokenizer) };
}

function encoderView(): Float32Array {
  const { image, models } = opened();
  return evalView(image, models.encoder.view);
}

// The image in use has its tokens from the tokenizer in use, always. Models that came with the page are kept.
async function replace(weights: OpenedWeights): Promise<void> {
  const now = started();
  const before = now.models;
  const tokenizer = weights.kind === "tokenizer" ? weights.model : before.tokenizer;
  const encoder = weights.kind === "encoder" ? weights.model : before.encoder;
  if (now.file && tokenizer !== before.tokenizer) Object.assign(now, await lookAt(now.file, tokenizer.tokenizer));
  now.models = { tokenizer, encoder };
  if (before.tokenizer !== tokenizer && before.tokenizer !== now.shipped.tokenizer) {
    release({ kind: "tokenizer", model: before.tokenizer });
  }
  const { beit } = before.encoder;
  if (beit !== encoder.beit && beit !== now.shipped.encoder.beit) {
    release({ kind: "encoder", model: before.encoder });
  }
}

type Sources = { readonly files: OpenedSources["sources"]; readonly notes: readonly string[] };

async function sourcesOf(source: WeightsSource, onProgress: OnProgress): Promise<Sources> {
  if (source.kind === "files") {
    const { sources: files, skipped } = await openSources(source.files);
    const notes = skipped.map(({ path, reason }) => `a damaged checkpoint was passed over: ${path}: ${reason}`);
    for (const file of files) {
      const name = file.name.split("/").at(-1) as string;
      const hash = await hashSource(file, {
        onProgress: (loaded, total) => onProgress({ what: `checking ${name}`, loaded, total }),
      });
      notes.push(`${name}: SHA-256 ${hash}`);
    }
    return { files, notes };
  }
  const { url, sha256 } = source;
  const cache = await openFileCache();
  const { sources: files } = await openSources(url, {
    cache,
    ...(sha256 !== "" && { sha256 }),
    onDownload: (_, loaded, total) => onProgress({ what: "downloading or checking", loaded, total }),
  });
  const notes = [cache ? "kept in this browser for the next visit" : "this browser keeps no files: it was not kept"];
  return { files, notes };
}

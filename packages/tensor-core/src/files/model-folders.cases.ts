// Folders of models for tests: names and texts in place of weights.
import { CHECKPOINT_FORMAT, CHECKPOINT_VERSION, createSha256, openSources, readWhole } from "./index.ts";
import type { ModelInput, SourceOptions } from "./index.ts";

export function sha256(text: string): string {
  const hash = createSha256();
  hash.update(new TextEncoder().encode(text));
  return hash.digest();
}

/** A checkpoint of ours as far as its model goes. */
export function checkpoint(
  weights: string,
  { version = CHECKPOINT_VERSION, said = weights, ema = undefined as string | undefined } = {},
) {
  const files = {
    "model.safetensors": { bytes: said.length, sha256: sha256(said) },
    ...(ema !== undefined && { "ema.safetensors": { bytes: ema.length, sha256: sha256(ema) } }),
  };
  const manifest = JSON.stringify({ format: CHECKPOINT_FORMAT, version, files });
  return {
    "manifest.json": manifest,
    "manifest.sha256": `${sha256(manifest)}  manifest.json\n`,
    "model.safetensors": weights,
    ...(ema !== undefined && { "ema.safetensors": ema }),
    "optimizer.safetensors": "momenta",
  };
}

export const inFolder = (place: string, files: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [place + name, text]));

/** What is opened, as texts by the last part of the name. */
export async function contents(model: ModelInput, options: SourceOptions = {}): Promise<Record<string, string>> {
  const { sources, close } = await openSources(model, options);
  const texts: Record<string, string> = {};
  for (const source of sources) {
    texts[source.name.split("/").at(-1) as string] = new TextDecoder().decode(await readWhole(source));
  }
  await close();
  return texts;
}

/** The files that a folder of Hugging Face has. */
export const huggingFace = { "config.json": "{}", "preprocessor_config.json": "{}", "model.safetensors": "weights" };

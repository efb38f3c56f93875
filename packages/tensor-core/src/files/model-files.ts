// Which files of a folder are a model's: told by their names alone, the same on a disk, in a drop on a page and on a host that
// has to be asked name by name.

// What may belong to a model; the other files of a repository (pictures, read-mes) are not opened.
const parts =
  /(^|\/)((config|preprocessor_config|manifest)\.json|[^/]+\.index\.json|[^/]+\.(safetensors|bin|pth|pt|pkl|ckpt))$/i;
// Of a training folder: no weights.
const others = /(^|\/)(optimizer|scheduler|training_args|rng_state|scaler)\b[^/]*$/i;
const weights = /\.(safetensors|bin|pth|pt|pkl|ckpt)$/i;
const checkpointManifest = /^((?:.*\/)?)checkpoints\/(?:step-(\d{6,})|best)(\.replaced)?\/manifest\.json$/;

/** The description that a checkpoint of ours has beside its weights. */
export const manifestName = "manifest.json";
/** Weights of a checkpoint: those of its step, and their running mean where it has one. */
export const checkpointWeights = ["model.safetensors", "ema.safetensors"] as const;

/** Files beside weights that say what a model is. */
export const descriptionNames: readonly string[] = ["config.json", "preprocessor_config.json"];

/** Weights of one model under their usual names, the first that are there count: transformers and timm prefer them so. */
export const usualWeights: readonly (readonly string[])[] = [
  ["model.safetensors"],
  ["model.safetensors.index.json"],
  ["pytorch_model.bin"],
  ["pytorch_model.bin.index.json"],
  // OpenAI's tokenizer
  ["encoder.pkl", "decoder.pkl"],
];

/**
 * The files of one model among paths below a folder: those that may be a part of it, and lie no deeper than its first weights, so
 * that another format in a sub-folder does not count.
 */
export function partsAmong(paths: readonly string[]): string[] {
  const found = paths.filter((path) => parts.test(path) && !others.test(path));
  const depth = (path: string): number => path.split("/").length;
  const least = Math.min(...found.filter((path) => weights.test(path)).map(depth));
  return found.filter((path) => depth(path) <= least).sort();
}

export type CheckpointPlace = {
  /** The run's folder, empty or ending with a slash, as all paths here. */
  readonly run: string;
  readonly folder: string;
};

/** Checkpoints of runs of ours among paths: the best of a run, which is a copy of one, before all, then newest first. */
export function checkpointsAmong(paths: readonly string[]): CheckpointPlace[] {
  return paths
    .flatMap((path) => {
      const [, run, step, replaced = ""] = checkpointManifest.exec(path) ?? [];
      const folder = path.slice(0, -manifestName.length);
      return run === undefined ? [] : [{ run, step: step === undefined ? Infinity : Number(step), replaced, folder }];
    })
    .sort((a, b) => (a.step === b.step ? a.replaced.length - b.replaced.length : b.step - a.step));
}

/** Where a run keeps its best checkpoint, if it looked at other images, and the one of a step. */
export function checkpointFolders(step: number): readonly string[] {
  return ["checkpoints/best/", `checkpoints/step-${String(step).padStart(6, "0")}/`];
}

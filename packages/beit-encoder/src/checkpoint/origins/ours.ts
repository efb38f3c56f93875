// What `saveBeit` writes: parameters by our paths, and all that is needed to use them in the file's metadata; of a checkpoint, in
// the manifest beside it.
import { validateBeitConfig, type BeitConfig } from "../../config.ts";
import { headPaths, parameterShapes } from "../../parameters.ts";
import { parseJson } from "../json.ts";
import type { KnownNormalization } from "../normalization.ts";
import { notedLabels, notedMultiLabel, notedNormalization, notedPreprocessing } from "../noted.ts";
import { isMultiLabelRun, labelsOfRun, preprocessingOfRun } from "../run-manifest.ts";
import type { Origin } from "./origin.ts";
import { unilm } from "./unilm.ts";

export const ours = {
  name: "beitjs",
  title: "ours",
  // Of a run with both, the running mean is what its best checkpoint was chosen by.
  conventions: { ...unilm.conventions, weights: "average" },
  naming: {
    patchEmbedding: "patchEmbedding.weight",
    shapes: parameterShapes,
    toOurs: (tensors) => tensors,
    spare: headPaths,
  },

  recognizes: () => true,

  describe({ metadata, manifest }, _, given) {
    const name = "beitjs.config";
    if (metadata[name] === undefined) throw new Error(`[openBeit] expected ${name} in the file's metadata, got none`);
    const stored = parseJson(metadata[name], name) as BeitConfig;
    const config = { ...stored, ...given.config };
    validateBeitConfig(config, "openBeit");
    const preprocessing = notedPreprocessing(metadata) ?? preprocessingOfRun(manifest);
    return {
      config,
      labels: notedLabels(metadata) ?? labelsOfRun(manifest, config.classes),
      multiLabel: notedMultiLabel(metadata) || isMultiLabelRun(manifest),
      preprocessing,
      normalization: preprocessing ? undefined : normalizationIn(metadata),
    };
  },
} as const satisfies Origin;

// A checkpoint of training (`encodeCheckpoint`) notes mean and std where they are not 0.5.
function normalizationIn(metadata: Readonly<Record<string, string>>): KnownNormalization | undefined {
  const noted = notedNormalization(metadata);
  if (noted) return { reason: "files", is: noted };
  return metadata["beitjs.stage"] === undefined ? undefined : { reason: "files", is: "half" };
}

// From pre-training to fine-tuning: the visual-token head goes, a class head comes, the shared relative position bias
// becomes one per layer. (run_class_finetuning.py; BEiT paper, section 2.6)
import type { Backend } from "@beitjs/tensor-core";
import type { Rng } from "@beitjs/tensor-core/random";
import { gridOf, validateBeitConfig, withPoolingNorm, type BeitConfig } from "./config.ts";
import { fineTuningValues } from "./init.ts";
import type { Beit } from "./parameters.ts";
import { adaptValues, beitFromValues, readParameters, type ResizingOptions } from "./values.ts";

export type ClassifierOptions = ResizingOptions &
  Partial<Pick<BeitConfig, "imageSize" | "pooling" | "poolingNorm" | "dropPath">> & {
    readonly classes: number;
    /** Where the classifier lives; default where the model does. */
    readonly backend?: Backend;
  };

/**
 * A classifier that starts from a pre-trained model or from a classifier of another image size or other classes. The
 * parameters are copies. Fresh are the class head (unless the classes stay as many) and a norm that the model did not have
 * at its place: after the mean of the patches, the norm of pre-training is not used. The norm keeps its place where `pooling`
 * stays the model's. Positions of another image size are resized.
 *
 * @throws `[toClassifier] expected <path> …` for options that cannot be
 */
export async function toClassifier(beit: Beit, options: ClassifierOptions, rng: Rng): Promise<Beit> {
  const { tableResizing, positionResizing, backend = beit.params.classToken.backend, ...changes } = options;
  const { relativePositions, pooling, poolingNorm: own } = beit.config;
  const { poolingNorm = changes.pooling === undefined || changes.pooling === pooling ? own : undefined } = changes;
  const changed: BeitConfig = {
    ...withPoolingNorm(beit.config, undefined),
    ...changes,
    vocabSize: 0,
    relativePositions: relativePositions === "shared" ? "per-layer" : relativePositions,
  };
  const config = withPoolingNorm(changed, poolingNorm);
  validateBeitConfig(config, "toClassifier");
  if (config.classes === 0) throw new Error("[toClassifier] expected classes above 0, got 0");
  const values = adaptValues(await readParameters(beit), config, {
    tableResizing,
    positionResizing,
    from: gridOf(beit.config),
  });
  if (config.classes !== beit.config.classes) {
    values.delete("classHead.weight");
    values.delete("classHead.bias");
  }
  return beitFromValues("toClassifier", config, values, { backend, fresh: fineTuningValues(config, rng) });
}

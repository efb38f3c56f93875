// From pre-training to fine-tuning: the visual-token head goes, a class head comes, the shared relative position bias
// becomes one per layer. (run_class_finetuning.py; BEiT paper, section 2.6)
import type { Backend } from "@beitjs/tensor-core";
import type { Rng } from "@beitjs/tensor-core/random";
import { encoderConfig, gridOf, validateBeitConfig, withPoolingNorm, type BeitConfig } from "./config.ts";
import { hasOwnPrediction } from "./encoder-only.ts";
import { fineTuningValues } from "./init.ts";
import type { Beit } from "./parameters.ts";
import { adaptValues, beitFromValues, readParameters, type HostTensor, type ResizingOptions } from "./values.ts";

export type ClassifierOptions = ResizingOptions &
  Partial<Pick<BeitConfig, "imageSize" | "pooling" | "poolingNorm" | "dropPath">> & {
    readonly classes: number;
    /**
     * Rows of the model's class head in the order of the classes, or a new head; by default the head is kept as it is where the
     * classes stay as many, else new.
     */
    readonly head?: readonly number[] | "new" | undefined;
    /** Where the classifier lives; default where the model does. */
    readonly backend?: Backend;
  };

/**
 * A classifier that starts from a pre-trained model or from a classifier of another image size or other classes. The
 * parameters are copies. Fresh are the class head (unless `head` or as many classes keep it) and a norm that the model did not have
 * at its place: after the mean of the patches, the norm of pre-training is not used. The norm keeps its place where `pooling`
 * stays the model's. Positions of another image size are resized.
 *
 * @throws `[toClassifier] expected <path> …` for options that cannot be
 */
export async function toClassifier(beit: Beit, options: ClassifierOptions, rng: Rng): Promise<Beit> {
  const { tableResizing, positionResizing, head, backend = beit.params.classToken.backend, ...changes } = options;
  const { relativePositions, pooling } = beit.config;
  const own = hasOwnPrediction(beit.config) ? undefined : beit.config.poolingNorm;
  const { poolingNorm = changes.pooling === undefined || changes.pooling === pooling ? own : undefined } = changes;
  const changed: BeitConfig = {
    ...withPoolingNorm(encoderConfig(beit.config), undefined),
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
  chooseHead(values, head ?? (config.classes === beit.config.classes ? undefined : "new"), config);
  return beitFromValues("toClassifier", config, values, { backend, fresh: fineTuningValues(config, rng) });
}

function chooseHead(values: Map<string, HostTensor>, head: ClassifierOptions["head"], { classes }: BeitConfig): void {
  if (head === undefined) return;
  for (const path of ["classHead.weight", "classHead.bias"]) {
    const own = values.get(path);
    values.delete(path);
    if (head === "new" || !own) continue;
    const [rows, ...row] = own.shape;
    const whole = head.every((one) => Number.isInteger(one) && one >= 0 && one < rows);
    if (head.length !== classes || !whole)
      throw new RangeError(`[toClassifier] expected head of ${classes} rows in [0, ${rows}), got ${head.join(", ")}`);
    const size = row[0] ?? 1;
    const data = new Float32Array(classes * size);
    head.forEach((from, to) => data.set(own.data.subarray(from * size, (from + 1) * size), to * size));
    values.set(path, { shape: [classes, ...row], data });
  }
}

// Whether a classifier is right as often as it says. (Guo et al. 2017, "On Calibration of Modern Neural Networks", section 2)

/** Images whose most likely class has a probability in (from, to]. */
export type CalibrationBin = {
  readonly from: number;
  readonly to: number;
  readonly images: number;
  /** Mean probability of the predicted class, and the share of right ones; 0 in an empty bin. */
  readonly confidence: number;
  readonly accuracy: number;
};

const binCount = 15;

/** Collects confidences and outcomes. */
export function createCalibration(): {
  readonly add: (confidence: number, right: boolean) => void;
  readonly bins: () => readonly CalibrationBin[];
} {
  const sums = Array.from({ length: binCount }, () => ({ images: 0, confidence: 0, right: 0 }));
  return {
    add(confidence, right) {
      const bin = sums[Math.min(binCount - 1, Math.max(0, Math.ceil(confidence * binCount) - 1))];
      bin.images++;
      bin.confidence += confidence;
      if (right) bin.right++;
    },
    bins: () =>
      sums.map(({ images, confidence, right }, i) => ({
        from: i / binCount,
        to: (i + 1) / binCount,
        images,
        confidence: images === 0 ? 0 : confidence / images,
        accuracy: images === 0 ? 0 : right / images,
      })),
  };
}

/** Mean distance of accuracy and confidence over bins, weighted by their images. */
export function calibrationError(bins: readonly CalibrationBin[]): number {
  const all = bins.reduce((sum, { images }) => sum + images, 0);
  return (
    bins.reduce((sum, { images, confidence, accuracy }) => sum + images * Math.abs(accuracy - confidence), 0) / all
  );
}

// How alike two images are: peak signal-to-noise ratio, and structural similarity (Wang, Bovik, Sheikh & Simoncelli 2004).

/** Values in [0, 1], row by row, channels last. */
export type Pixels = {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: ArrayLike<number>;
};

/** Peak signal-to-noise ratio in decibels, of a peak of 1; infinite for images that are the same. */
export function psnr(left: ArrayLike<number>, right: ArrayLike<number>): number {
  let squared = 0;
  for (let i = 0; i < left.length; i++) squared += (left[i] - right[i]) ** 2;
  return -10 * Math.log10(squared / left.length);
}

/** The side of the window of `ssim`: images with a shorter side have none. */
export const ssimWindow = 11;
const sigma = 1.5;
const [c1, c2] = [0.01 ** 2, 0.03 ** 2]; // (K L)^2 with a range L of 1

const window = gaussianWindow();

/**
 * Mean structural similarity, in [-1, 1]: of every channel over all windows of 11 x 11 that lie inside the image, weighted by a
 * Gaussian of sigma 1.5, then of the channels; K1 0.01, K2 0.03. Variances divide by the window's weight, as the paper's do.
 *
 * @throws `[ssim] expected sides of at least 11, got …`
 */
export function ssim(left: Pixels, right: Pixels): number {
  const { width, height, channels } = left;
  if (Math.min(width, height) < ssimWindow)
    throw new Error(`[ssim] expected sides of at least ${ssimWindow}, got ${width} x ${height}`);
  let sum = 0;
  for (let channel = 0; channel < channels; channel++) sum += channelSimilarity(left, right, channel);
  return sum / channels;
}

function channelSimilarity(left: Pixels, right: Pixels, channel: number): number {
  const { width, height, channels } = left;
  const blurred = (of: (a: number, b: number) => number) => {
    const plane = Float64Array.from({ length: width * height }, (_, i) =>
      of(left.data[i * channels + channel], right.data[i * channels + channel]),
    );
    return blur(plane, width, height);
  };
  const [a, b] = [blurred((one) => one), blurred((_, other) => other)];
  const [aa, bb, ab] = [blurred((one) => one * one), blurred((_, o) => o * o), blurred((one, other) => one * other)];
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const [varianceA, varianceB, covariance] = [aa[i] - a[i] ** 2, bb[i] - b[i] ** 2, ab[i] - a[i] * b[i]];
    const luminance = (2 * a[i] * b[i] + c1) / (a[i] ** 2 + b[i] ** 2 + c1);
    sum += (luminance * (2 * covariance + c2)) / (varianceA + varianceB + c2);
  }
  return sum / a.length;
}

/** Weighted means of the windows that lie inside, by rows and then by columns. */
function blur(plane: Float64Array, width: number, height: number): Float64Array {
  const [cols, rows] = [width - ssimWindow + 1, height - ssimWindow + 1];
  const across = new Float64Array(cols * height);
  for (let i = 0; i < across.length; i++) {
    const start = Math.floor(i / cols) * width + (i % cols);
    for (let k = 0; k < ssimWindow; k++) across[i] += window[k] * plane[start + k];
  }
  const both = new Float64Array(cols * rows);
  for (let i = 0; i < both.length; i++) {
    for (let k = 0; k < ssimWindow; k++) both[i] += window[k] * across[i + k * cols];
  }
  return both;
}

function gaussianWindow(): Float64Array {
  const middle = (ssimWindow - 1) / 2;
  const values = Float64Array.from({ length: ssimWindow }, (_, i) => Math.exp(-((i - middle) ** 2) / (2 * sigma ** 2)));
  const sum = values.reduce((total, value) => total + value, 0);
  return values.map((value) => value / sum);
}

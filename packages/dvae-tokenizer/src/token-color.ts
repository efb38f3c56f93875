// One color for a visual token in every picture, page and report.

/**
 * Red, green and blue of a visual token, 0 to 255: hues a golden angle apart, in five steps of lightness, so that neighbors in the
 * codebook look different. White text can be read on all of them.
 */
export function tokenColor(id: number): readonly [red: number, green: number, blue: number] {
  const hue = (id * 137.508) % 360;
  const lightness = 0.38 + 0.08 * ((id * 2) % 5);
  const reach = 0.62 * Math.min(lightness, 1 - lightness);
  const channel = (offset: number): number => {
    const k = (offset + hue / 30) % 12;
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}

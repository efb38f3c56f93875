// What becomes of a file's color profile, and of CMYK, which sharp takes for a profile of its own: by default neither is asked,
// as in the originals' pipelines.

/** `ignore`: numbers as stored, CMYK by PIL's `convert("RGB")`; `apply`: converted to sRGB, CMYK too. */
export type ColorProfile = "ignore" | "apply";

export const colorProfiles: readonly ColorProfile[] = ["ignore", "apply"];

/** [pixels, 4] -> [pixels, 3], 255 as full ink: what is left of white by black, less what each ink takes of that (PIL's Convert.c). */
export function cmykToRgb(inks: Uint8Array): Uint8Array<ArrayBuffer> {
  const pixels = inks.length / 4;
  const rgb = new Uint8Array(pixels * 3);
  for (let i = 0; i < pixels; i++) {
    const white = 255 - inks[i * 4 + 3];
    for (let c = 0; c < 3; c++) rgb[i * 3 + c] = white - of255(inks[i * 4 + c] * white);
  }
  return rgb;
}

// A 255th, rounded.
function of255(product: number): number {
  const half = product + 128;
  return ((half >> 8) + half) >> 8;
}

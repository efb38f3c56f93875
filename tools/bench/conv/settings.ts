// 3 x 3 convolutions of DALL-E's encoder, one for each size of images, and one of a small tokenizer.

export type Layer = { readonly size: number; readonly channels: number; readonly outputs: number };

export const layers: readonly Layer[] = [
  { size: 112, channels: 64, outputs: 64 },
  { size: 112, channels: 256, outputs: 64 },
  { size: 56, channels: 256, outputs: 128 },
  { size: 28, channels: 512, outputs: 256 },
  { size: 14, channels: 1024, outputs: 512 },
  { size: 14, channels: 512, outputs: 512 },
  { size: 8, channels: 192, outputs: 192 },
];

export function nameOf({ size, channels, outputs }: Layer): string {
  return `${size}^2 ${channels} to ${outputs}`;
}

/** Of the sums that the filter's definition needs, whatever way is taken. */
export function operationsOf({ size, channels, outputs }: Layer): number {
  return 2 * 9 * size ** 2 * channels * outputs;
}

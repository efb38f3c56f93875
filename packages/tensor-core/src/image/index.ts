// Images as typed arrays: resizing as Pillow does it, crops, color changes and normalization.
export { createImage, grayToRgb, isChannelCount, isColor, toBytes, toGray, withChannels } from "./image.ts";
export { MAX_CHANNELS, type Box, type ByteImage, type Image, type Samples } from "./image.ts";
export { resize, resizeShortSide, resizeToCover, type ResizeOptions } from "./resize.ts";
export type { ResizeFilter } from "./resample-weights.ts";
export { centerCropBox, crop, flipHorizontal, pad, randomResizedCropBox } from "./crop.ts";
export type { CropMargins, RandomCropOptions } from "./crop.ts";
export { adjustBrightness, adjustContrast, adjustSaturation, colorJitter, type ColorJitterOptions } from "./color.ts";
export { adjustSharpness } from "./sharpness.ts";
export { autoContrast, equalize, invert, posterize, solarize, solarizeAdd } from "./tones.ts";
export { affine, rotate, type AffineMatrix } from "./affine.ts";
export { fromFloat, statisticsOf, toFloat, type Normalization } from "./normalize.ts";
export { toImage, type ImageBlob, type ImageDecoder, type ImageInput } from "./input.ts";
export type { Pixels, SharpPipeline, ToImageOptions } from "./input.ts";
export type { Drawable } from "./canvas.ts";
export { evalView, type EvalView } from "./eval-view.ts";
export { imagesOf, imageTensor, stack, viewBatch } from "./tensor.ts";

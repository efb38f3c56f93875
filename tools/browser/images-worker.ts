// In a worker of a page: images of every kind that a page has, as pixels, and into a model without a decoder.
import { beitVariants, embed, initBeitClassifier } from "@beitjs/beit-encoder";
import { toImage, type ImageInput } from "@beitjs/tensor-core/image";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { post } from "./post.ts";

export type ImagesOutcome = {
  /** Bytes of the image, by the form it was given in. */
  readonly pixels: Readonly<Record<string, readonly number[]>>;
  /** Of the Blob, and of the pixels that are in it. */
  readonly vectors: readonly (readonly number[])[];
  readonly refused: string;
};

// The repository is not typed for the browser.
type Bitmap = { readonly width: number; readonly height: number; close(): void };
type Context = { putImageData(data: object, x: number, y: number): void };
type Worker = {
  readonly ImageData: new (
    data: Uint8ClampedArray,
    width: number,
  ) => { readonly width: number; readonly height: number } & {
    readonly data: Uint8ClampedArray;
  };
  readonly OffscreenCanvas: new (width: number, height: number) => Bitmap & { getContext(kind: "2d"): Context };
  createImageBitmap(source: object, options?: object): Promise<Bitmap>;
};
const { ImageData, OffscreenCanvas, createImageBitmap } = globalThis as unknown as Worker;

// 2 x 2 pixels, RGBA: opaque, half, none, nearly none.
const rgba = Uint8ClampedArray.of(255, 0, 0, 255, 10, 200, 30, 128, 1, 2, 3, 0, 250, 251, 252, 1);
const png = Uint8Array.from(
  atob(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAYAAABytg0kAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAGklEQVQImWP4z8Dwn+uEXAMDIxMzw6/ffxgBOBkGZz6TVXcAAAAASUVORK5CYII=",
  ),
  (letter) => letter.charCodeAt(0),
);
const blob = new Blob([png], { type: "image/png" });
const data = new ImageData(rgba, 2);
const opaque = new ImageData(
  rgba.map((value, i) => (i % 4 === 3 ? 255 : value)),
  2,
);
const canvas = new OffscreenCanvas(2, 2);
canvas.getContext("2d").putImageData(opaque, 0, 0);

const forms: Readonly<Record<string, ImageInput>> = {
  blob,
  bytes: png,
  imageData: data,
  bitmap: await createImageBitmap(blob, { premultiplyAlpha: "none", colorSpaceConversion: "none" }),
  canvas,
  opaqueBitmap: await createImageBitmap(opaque),
};
const pixels: Record<string, readonly number[]> = {};
for (const [name, form] of Object.entries(forms)) pixels[name] = [...(await toImage(form)).data];

const config = { ...beitVariants.tiny, imageSize: 8, patchSize: 4, width: 12, depth: 1, heads: 2 };
const beit = initBeitClassifier({ ...config, vocabSize: 0, classes: 3 }, createRng(1), createReferenceBackend());
const half = [0.5, 0.5, 0.5];
const preprocessing = { filter: "bicubic", size: 8, fit: "square", crop: 0, mean: half, std: half } as const;
const vectors = await embed({ beit, preprocessing }, [blob, { width: 2, height: 2, data: rgba }]);
const refused = await toImage(new Blob(["no image"])).then(
  () => "nothing",
  (error: unknown) => String(error),
);
post({ pixels, vectors: vectors.map((vector) => [...vector]), refused } satisfies ImagesOutcome);

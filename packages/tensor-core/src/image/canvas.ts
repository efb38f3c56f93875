// Pictures of a page as bytes. A 2D canvas holds colors multiplied by alpha, so that those of transparent pixels are lost in it; a
// texture holds what it is given. Browsers are described here: packages compile without the types of any.
import type { Pixels } from "./input.ts";

/** What can be drawn to a canvas: `ImageBitmap`, canvases, `<img>`, `<video>`, `VideoFrame`. */
export type Drawable =
  | { readonly width: number; readonly height: number; close(): void }
  | { readonly width: number; readonly height: number; readonly getContext: unknown }
  | { readonly naturalWidth: number; readonly naturalHeight: number }
  | { readonly videoWidth: number; readonly videoHeight: number }
  | { readonly displayWidth: number; readonly displayHeight: number; close(): void };

type Size = { readonly width: number; readonly height: number };
type Bitmap = Size & { close(): void };
type ImageDataLike = Size & { readonly data: Uint8ClampedArray };

type Context2D = {
  drawImage(source: Drawable, left: number, top: number): void;
  getImageData(left: number, top: number, width: number, height: number): ImageDataLike;
};

/** The part of WebGL that is used here. */
type WebGl = {
  readonly [
    Name in
      | "MAX_TEXTURE_SIZE"
      | "TEXTURE_2D"
      | "RGBA"
      | "UNSIGNED_BYTE"
      | "FRAMEBUFFER"
      | "COLOR_ATTACHMENT0"
      | "FRAMEBUFFER_COMPLETE"
      | "NO_ERROR"
  ]: number;
} & {
  getParameter(name: number): unknown;
  createTexture(): object;
  bindTexture(target: number, texture: object): void;
  texImage2D(target: number, level: number, inner: number, format: number, type: number, source: Drawable): void;
  createFramebuffer(): object;
  bindFramebuffer(target: number, buffer: object): void;
  framebufferTexture2D(target: number, attachment: number, kind: number, texture: object, level: number): void;
  checkFramebufferStatus(target: number): number;
  readPixels(
    left: number,
    top: number,
    width: number,
    height: number,
    format: number,
    type: number,
    out: Uint8Array,
  ): void;
  getError(): number;
  getExtension(name: string): { loseContext(): void } | null;
};

type Canvas = {
  getContext(kind: "2d", options: { readonly willReadFrequently: boolean }): Context2D | null;
  getContext(kind: "webgl"): WebGl | null;
};

type Page = {
  readonly OffscreenCanvas?: new (width: number, height: number) => Canvas;
  readonly document?: { createElement(name: "canvas"): Canvas };
  readonly createImageBitmap?: (
    blob: object,
    options: { readonly colorSpaceConversion: "none"; readonly premultiplyAlpha: "none" },
  ) => Promise<Bitmap>;
  readonly Blob: new (parts: readonly Uint8Array[]) => object;
};

const page = (): Page => globalThis as unknown as Page;

/** Whether this host decodes images by itself, as browsers do. */
export function canDecode(): boolean {
  return page().createImageBitmap !== undefined;
}

/**
 * The pixels of an encoded image, upright as its EXIF data say; color profiles are ignored.
 *
 * @throws if the browser cannot read it
 */
export async function decodeInBrowser(encoded: object, name = "the image"): Promise<Pixels> {
  const { createImageBitmap, Blob } = page();
  const blob = encoded instanceof Uint8Array ? new Blob([encoded]) : encoded;
  const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" } as const;
  const bitmap = await (createImageBitmap as NonNullable<Page["createImageBitmap"]>)(blob, options).catch(
    (cause: unknown) => {
      throw new Error(`[toImage] expected an image that this browser can read, got ${name}`, { cause });
    },
  );
  try {
    return pixelsOf(bitmap);
  } finally {
    bitmap.close();
  }
}

/** Whether a canvas takes it. */
export function isDrawable(input: object): input is Drawable {
  return sizeOf(input) !== undefined;
}

/**
 * The pixels of what can be drawn, with its colors as they are under alpha where the host can tell.
 *
 * @throws outside of browsers, and for what has no pixels yet or is of another origin
 */
export function pixelsOf(source: Drawable): Pixels {
  const size = sizeOf(source) as Size;
  if (!(size.width > 0 && size.height > 0)) {
    throw new Error(`[toImage] expected a picture that was loaded, got one of ${size.width} x ${size.height}`);
  }
  const context = makeCanvas(size).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("[toImage] expected a 2D canvas, got none: out of memory?");
  context.drawImage(source, 0, 0);
  const { data } = context.getImageData(0, 0, size.width, size.height);
  if (!isOpaque(data)) readByTexture(source, size, data);
  return { ...size, channels: 4, data };
}

function sizeOf(input: object): Size | undefined {
  const numbers = input as Readonly<Record<string, unknown>>;
  for (const prefix of ["natural", "video", "display"]) {
    const [width, height] = [numbers[`${prefix}Width`], numbers[`${prefix}Height`]];
    if (typeof width === "number" && typeof height === "number") return { width, height };
  }
  const { width, height } = numbers;
  const drawn = "close" in input || "getContext" in input;
  return drawn && typeof width === "number" && typeof height === "number" ? { width, height } : undefined;
}

function makeCanvas(size: Size): Canvas {
  const { OffscreenCanvas, document } = page();
  if (OffscreenCanvas) return new OffscreenCanvas(size.width, size.height);
  if (document) return Object.assign(document.createElement("canvas"), size);
  throw new Error("[toImage] expected a host with a canvas for a picture of a page, got one without");
}

function isOpaque(data: Uint8ClampedArray): boolean {
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return false;
  return true;
}

// Leaves what is there where it cannot be done: there may be no WebGL, or the picture may be larger than a texture.
function readByTexture(source: Drawable, { width, height }: Size, rgba: Uint8ClampedArray): void {
  const gl = makeCanvas({ width: 1, height: 1 }).getContext("webgl");
  if (!gl || Math.max(width, height) > (gl.getParameter(gl.MAX_TEXTURE_SIZE) as number)) return;
  const pixels = new Uint8Array(rgba.length);
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, source);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  const isWhole = gl.checkFramebufferStatus(gl.FRAMEBUFFER) === gl.FRAMEBUFFER_COMPLETE;
  if (isWhole) gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
  if (isWhole && gl.getError() === gl.NO_ERROR) rgba.set(pixels);
  gl.getExtension("WEBGL_lose_context")?.loseContext();
}

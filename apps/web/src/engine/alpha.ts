// Colors of pixels under alpha, as a file has them. A 2D canvas holds colors multiplied by alpha, so that those of transparent pixels
// are lost in it; a texture holds what it is given.

/** The same picture, opaque. `bitmap` was made with `premultiplyAlpha: "none"`. */
export function withoutAlpha(bitmap: ImageBitmap): OffscreenCanvas {
  const { width, height } = bitmap;
  const context = canvasContext(width, height);
  const image = new ImageData(width, height);
  if (!readByTexture(bitmap, image.data)) {
    context.drawImage(bitmap, 0, 0);
    image.data.set(context.getImageData(0, 0, width, height).data);
  }
  for (let i = 3; i < image.data.length; i += 4) image.data[i] = 255;
  context.putImageData(image, 0, 0);
  return context.canvas;
}

export function canvasContext(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("[openImage] expected a 2D canvas, got none: out of memory?");
  return context;
}

/** Whether it could be done: there may be no WebGL, or the picture may be larger than a texture. */
function readByTexture(bitmap: ImageBitmap, rgba: Uint8ClampedArray): boolean {
  const { width, height } = bitmap;
  const gl = new OffscreenCanvas(1, 1).getContext("webgl");
  if (!gl || Math.max(width, height) > (gl.getParameter(gl.MAX_TEXTURE_SIZE) as number)) return false;
  const pixels = new Uint8Array(rgba.buffer, rgba.byteOffset, rgba.byteLength);
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  const texture = gl.getParameter(gl.TEXTURE_BINDING_2D) as WebGLTexture;
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  const isWhole = gl.checkFramebufferStatus(gl.FRAMEBUFFER) === gl.FRAMEBUFFER_COMPLETE;
  if (isWhole) gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
  const isRead = isWhole && gl.getError() === gl.NO_ERROR;
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return isRead;
}

// What programs have of an image, as one kind: every layout of pixels, sharp's pipelines, files in every form.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, expect, describe, it, vi } from "vitest";
import { createImage } from "./image.ts";
import { toImage, type ImageDecoder, type ImageInput } from "./input.ts";

const rgb = createImage(2, 1, 3, Uint8Array.of(1, 2, 3, 4, 5, 6));
const gray = createImage(2, 1, 1, Uint8Array.of(7, 8));
const sized = { width: 2, height: 1 };

describe("pixels", () => {
  it.each<[string, ImageInput, object]>([
    ["an image", rgb, rgb],
    ["a grey one", gray, gray],
    ["an ImageData", { ...sized, data: Uint8ClampedArray.of(1, 2, 3, 0, 4, 5, 6, 255) }, rgb],
    ["grey and alpha", { ...sized, data: Uint8Array.of(7, 0, 8, 99) }, gray],
    ["four channels that say so", { ...sized, channels: 4, data: Uint8Array.of(1, 2, 3, 9, 4, 5, 6, 9) }, rgb],
    ["a Buffer", { ...sized, channels: 3, data: Buffer.from([1, 2, 3, 4, 5, 6]) }, rgb],
    ["part of a larger array", { ...sized, data: Uint8Array.of(0, 7, 8, 0).subarray(1, 3) }, gray],
  ])("%s", async (_, input, expected) => {
    expect(await toImage(input)).toEqual(expected);
  });

  it.each<[ImageInput, string]>([
    [{ ...sized, data: new Uint8Array(5) }, "expected 1 to 4 bytes for each of 2 x 1 pixels, got 5 bytes"],
    [{ ...sized, channels: 3, data: new Uint8Array(8) }, "got 8 bytes"],
    [{ ...sized, data: new Float32Array(6) }, "got 6 values that are no bytes"],
    [{ width: 0, height: 0, data: new Uint8Array(0) }, "expected 1 to 4 bytes for each of 0 x 0 pixels"],
    [{} as never, "expected an image, pixels, a path, an address, a Blob or bytes, got an object of "],
    [null as never, "got null"],
    [7 as never, "got 7"],
  ])("%j is refused", async (input, message) => {
    await expect(toImage(input)).rejects.toThrow(message);
  });
});

describe("sharp", () => {
  const raw = (data: number[], channels: 1 | 2 | 3 | 4) =>
    sharp(Uint8Array.from(data), { raw: { ...sized, channels } });

  it("gives what its pipeline makes, alpha dropped, and can go on", async () => {
    const pipeline = raw([1, 2, 3, 0, 4, 5, 6, 128], 4);
    expect(await toImage(pipeline)).toEqual(rgb);
    expect(await toImage(pipeline.flop())).toEqual({ ...rgb, data: Uint8Array.of(4, 5, 6, 1, 2, 3) });
    expect(await toImage(raw([7, 8], 1))).toMatchObject({ channels: expect.any(Number) as number, ...sized });
  });

  it("keeps the upper byte of 16 bits", async () => {
    const deep = sharp(Uint16Array.of(256, 512, 768, 1024, 1280, 1536), { raw: { ...sized, channels: 3 } });
    const png = await deep.toColourspace("rgb16").png().toBuffer();
    expect(await toImage(sharp(png))).toEqual(rgb);
  });
});

describe("files", () => {
  let folder: string;
  let path: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "beitjs-input-"));
    path = join(folder, "a b.raw");
    await writeFile(path, Uint8Array.of(7, 8));
  });
  afterAll(() => rm(folder, { recursive: true }));
  afterEach(() => void vi.unstubAllGlobals());

  const seen: string[] = [];
  const decode: ImageDecoder = async (bytes, name) => {
    seen.push(name);
    return createImage(2, 1, 1, bytes);
  };

  it("in every form, with a name for the decoder's messages", async () => {
    const bytes = Uint8Array.of(7, 8);
    vi.stubGlobal("fetch", async () => new Response(bytes));
    const forms: ImageInput[] = [
      path,
      pathToFileURL(path),
      pathToFileURL(path).href,
      bytes,
      bytes.buffer,
      Buffer.from(bytes),
    ];
    forms.push(
      new Blob([bytes]),
      new File([bytes], "c.png"),
      "https://example.org/d.png?key=1",
      new URL("http://e.org/"),
    );
    for (const form of forms) expect(await toImage(form, { decode })).toEqual(gray);
    expect(seen.splice(0)).toEqual([
      ...[path, pathToFileURL(path).href, pathToFileURL(path).href, "(bytes)", "(bytes)", "(bytes)"],
      ...["(blob)", "c.png", "https://example.org/d.png?…", "http://e.org/"],
    ]);
  });

  it("take a decoder, which is told of", async () => {
    await expect(toImage(path)).rejects.toThrow(
      `got ${path} without one: pass { decode: decodeImage } from "@beitjs/trainers/node"`,
    );
    await expect(toImage(join(folder, "none.png"), { decode })).rejects.toThrow(/no such file: .*none\.png/);
    const wrong = async () => ({ ...gray, width: 9 });
    await expect(toImage(path, { decode: wrong })).rejects.toThrow("[toImage] expected 1 to 4 bytes for each of 9 x 1");
  });

  it("of a page have no canvas here", async () => {
    const bitmap = { width: 2, height: 1, close() {} };
    await expect(toImage(bitmap)).rejects.toThrow("expected a host with a canvas for a picture of a page");
    await expect(toImage({ naturalWidth: 0, naturalHeight: 0 })).rejects.toThrow(
      "a picture that was loaded, got one of 0 x 0",
    );
  });
});

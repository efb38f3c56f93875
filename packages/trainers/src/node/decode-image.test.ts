// Every kind of good and bad image file, made here with sharp or from raw bytes.
import { execFileSync } from "node:child_process";
import { promises as files } from "node:fs";
import { mkdtemp, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { decodeImage, isImageError, readImage } from "./index.ts";
import { sniffImage } from "./sniff-image.ts";

let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "beit-decode-"))));
afterAll(() => rm(folder, { recursive: true }));

const raw = (data: Uint8Array | Uint16Array | Float32Array, width: number, height: number, channels: 1 | 2 | 3 | 4) =>
  sharp(data, { raw: { width, height, channels } });
const photo = () => {
  let seed = 1;
  const next = () => (seed = (seed * 48271) % 0x7fffffff) & 255;
  return raw(Uint8Array.from({ length: 64 * 48 * 3 }, next), 64, 48, 3);
};
const pixels = async (file: Promise<Buffer>, channels: 1 | 3 = 3) => [
  ...(await decodeImage(await file, "f", { channels })).data,
];

// A PNG from its chunks, with whatever the header says.
function png(width: number, height: number, bits: number, color: number, data: Uint8Array): Buffer {
  const chunk = (type: string, body: Uint8Array) => {
    const out = Buffer.alloc(body.length + 12);
    out.writeUInt32BE(body.length, 0);
    out.write(type, 4, "latin1");
    out.set(body, 8);
    out.writeUInt32BE(crc32(out.subarray(4, 8 + body.length)), 8 + body.length);
    return out;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bits, color], 8);
  const magic = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([
    magic,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(data)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

describe("decodeImage takes", () => {
  it.each(["jpeg", "png", "webp", "gif", "tiff", "avif"] as const)("%s, to RGB and grey", async (format) => {
    const bytes = await photo().toFormat(format).toBuffer();
    expect(await decodeImage(bytes, "f")).toMatchObject({ width: 64, height: 48, channels: 3 });
    const gray = await decodeImage(bytes, "f", { channels: 1 });
    expect([gray.channels, gray.data.length]).toEqual([1, 64 * 48]);
  });

  it("lossless bytes as they are", async () => {
    const source = await photo().raw().toBuffer();
    expect(Buffer.from((await decodeImage(await photo().png().toBuffer(), "f")).data).equals(source)).toBe(true);
  });

  it("grey by PIL's luma", async () => {
    const red = raw(Uint8Array.of(200, 0, 0, 0, 200, 0), 2, 1, 3)
      .png()
      .toBuffer();
    expect(await pixels(red, 1)).toEqual([(19595 * 200 + 32768) >> 16, (38470 * 200 + 32768) >> 16]);
  });

  it("grey files", async () => {
    const gray = (format: "png" | "jpeg") =>
      raw(Uint8Array.of(9, 100), 2, 1, 1).toColourspace("b-w").toFormat(format, { quality: 100 }).toBuffer();
    expect(await pixels(gray("png"))).toEqual([9, 9, 9, 100, 100, 100]);
    expect(await pixels(gray("jpeg"), 1)).toEqual([9, 100]);
    expect(await pixels(Promise.resolve(png(2, 1, 1, 0, Uint8Array.of(0, 0x40))), 1)).toEqual([0, 255]); // 1 bit
  });

  it("16 bits as they are", async () => {
    const rgb = raw(Uint16Array.of(0x12ff, 0x80ff, 0xffff), 1, 1, 3).toColourspace("rgb16");
    expect(await pixels(rgb.png().toBuffer())).toEqual([0x12ff, 0x80ff, 0xffff]);
    expect(await pixels(rgb.tiff({ compression: "none" }).toBuffer())).toEqual([0x12ff, 0x80ff, 0xffff]);
    const gray = raw(Uint16Array.of(0x12ff, 0x8080), 2, 1, 1).toColourspace("grey16").png().toBuffer();
    expect(await pixels(gray, 1)).toEqual([0x12ff, 0x8080]);
  });

  it("12 bits in files of 16 by the bits that are used, and says so where it is not told", async () => {
    const values = Uint16Array.of(0x0123, 0x0800, 0x0fff, 0x0010, 0x0ff0, 0x0000);
    const rgb = raw(values, 2, 1, 3).toColourspace("rgb16");
    const gray = raw(values, 6, 1, 1).toColourspace("grey16");
    const files = [rgb.png(), rgb.tiff({ compression: "none" }), gray.png(), gray.tiff({ compression: "lzw" })];
    const header = (size: string) => Buffer.from(`${size} 1 65535 `);
    const big = Buffer.from(values.slice().buffer).swap16();
    const all = [...(await Promise.all(files.map((file) => file.toBuffer()))), Buffer.concat([header("P6 2"), big])];
    for (const file of all) {
      await expect(decodeImage(file, "x.png")).rejects.toThrow(
        /x\.png: samples of 16 bits go up to 4095 only, which is black .* \(bits, --bits: likely 12, or 16/,
      );
      const { data, width } = await decodeImage(file, "f", { bits: 12 });
      const seen = width === 2 ? [...data] : [...data].filter((_, i) => i % 3 === 0);
      expect(seen).toEqual([...values].map((value) => Math.round((value / 4095) * 65535)));
      expect(Math.max(...(await decodeImage(file, "f", { bits: 16 })).data)).toBe(0x0fff);
      await expect(decodeImage(file, "f", { bits: 10 })).rejects.toThrow("expected samples below 1024, as 10 bits");
    }
    await expect(decodeImage(all[0], "f", { bits: 7 })).rejects.toThrow("expected 8 to 16 bits, got 7");
    const black = await raw(new Uint16Array(3), 1, 1, 3).toColourspace("rgb16").png().toBuffer();
    expect([...(await decodeImage(black, "f")).data]).toEqual([0, 0, 0]);
  });

  it("alpha by dropping it, not by blending", async () => {
    expect(
      await pixels(
        raw(Uint8Array.of(9, 8, 7, 0, 100, 50, 25, 128), 2, 1, 4)
          .png()
          .toBuffer(),
      ),
    ).toEqual([9, 8, 7, 100, 50, 25]);
    const grayAlpha = raw(Uint8Array.of(9, 0, 100, 50), 2, 1, 2)
      .toColourspace("b-w")
      .png()
      .toBuffer();
    expect(await pixels(grayAlpha)).toEqual([9, 9, 9, 100, 100, 100]);
  });

  it("palettes", async () => {
    const file = raw(Uint8Array.of(255, 0, 0, 0, 0, 255), 2, 1, 3)
      .png({ palette: true, colours: 4 })
      .toBuffer();
    expect((await sharp(await file).metadata()).isPalette).toBe(true);
    expect(await pixels(file)).toEqual([255, 0, 0, 0, 0, 255]);
  });

  it("CMYK", async () => {
    const file = await raw(new Uint8Array(192).fill(255).fill(30, 0, 96), 8, 8, 3)
      .toColourspace("cmyk")
      .jpeg()
      .toBuffer();
    expect((await sharp(file).metadata()).space).toBe("cmyk");
    const { channels, data } = await decodeImage(file, "f");
    expect(channels).toBe(3);
    expect(data[0]).toBeLessThan(80);
    expect(data[191]).toBeGreaterThan(240);
  });

  it("EXIF orientation by turning upright", async () => {
    const file = raw(Uint8Array.of(10, 10, 10, 200, 200, 200), 2, 1, 3)
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer();
    const image = await decodeImage(await file, "f", { channels: 1 });
    expect([image.width, image.height, ...image.data]).toEqual([1, 2, 10, 200]);
    const large = await photo().withMetadata({ orientation: 6 }).jpeg().toBuffer();
    expect(await decodeImage(large, "f")).toMatchObject({ width: 48, height: 64 });
  });

  it.each(["gif", "webp"] as const)("the first frame of an animated %s", async (format) => {
    const frames = Uint8Array.from({ length: 8 * 24 * 3 }, (_, i) => 255 - 100 * Math.floor(i / 192));
    const file = await sharp(frames, { raw: { width: 8, height: 24, channels: 3, pageHeight: 8 } })
      .toFormat(format, { lossless: true })
      .toBuffer();
    expect((await sharp(file, { pages: -1 }).metadata()).pages).toBe(3);
    expect(await decodeImage(file, "f")).toMatchObject({ width: 8, height: 8, data: new Uint8Array(192).fill(255) });
  });

  it("one pixel, and PNG under any name", async () => {
    expect(
      await pixels(
        raw(Uint8Array.of(1, 2, 3), 1, 1, 3)
          .png()
          .toBuffer(),
      ),
    ).toEqual([1, 2, 3]);
    const path = join(folder, "png.jpg");
    await writeFile(path, await photo().png().toBuffer());
    expect((await readImage(path)).width).toBe(64);
  });
});

describe("decodeImage refuses", () => {
  const refusal = async (bytes: Uint8Array, options = {}) => {
    const error: unknown = await decodeImage(bytes, "some/file.jpg", options).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(isImageError(error)).toBe(true);
    const { message, path, reason } = error as Error & { path: string; reason: string };
    expect(path).toBe("some/file.jpg");
    expect(message).toBe(`[decodeImage] some/file.jpg: ${reason}`);
    return reason;
  };

  it.each<[string, (image: Sharp) => Sharp]>([
    ["JPEG", (image) => image.jpeg()],
    ["progressive JPEG", (image) => image.jpeg({ progressive: true })],
    ["PNG", (image) => image.png()],
    ["WebP", (image) => image.webp()],
    ["GIF", (image) => image.gif()],
    ["TIFF", (image) => image.tiff()],
    ["AVIF", (image) => image.avif()],
  ])("a %s cut anywhere", async (name, encode) => {
    const file = await encode(photo()).toBuffer();
    const ends = [0.1, 0.3, 0.5, 0.7, 0.9, 0.99].map((share) => Math.floor(file.length * share));
    // The last byte of a GIF only says that no further image follows.
    for (const end of [...ends, file.length - 20, file.length - 2, ...(name === "GIF" ? [] : [file.length - 1])]) {
      expect(await refusal(file.subarray(0, end)), `${name} cut at ${end} of ${file.length}`).toMatch(/^damaged /);
    }
  });

  it("damaged contents", async () => {
    const file = await photo().png().toBuffer();
    file[Math.floor(file.length / 2)] ^= 0xff; // breaks a checksum
    expect(await refusal(file)).toMatch(/^damaged PNG/);
    const jpeg = await photo().jpeg().toBuffer();
    jpeg.fill(0xff, jpeg.length / 2, jpeg.length / 2 + 40);
    expect(await refusal(jpeg)).toMatch(/^damaged JPEG/);
    expect(await refusal(Uint8Array.of(0xff, 0xd8, 0xff))).toMatch(/^damaged JPEG/);
    expect(await refusal(png(0, 0, 8, 2, new Uint8Array(0)))).toMatch(/^damaged PNG/);
  });

  const wanted = "expected a JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP or PNM image, got";
  it.each([
    ["nothing (0 bytes)", ""],
    ["HTML text", "<!DOCTYPE html>\n<html><body>404 Not Found</body></html>"],
    ["HTML text", "\n\n <html lang=en>"],
    ["SVG", '<svg xmlns="http://www.w3.org/2000/svg" width="99999" height="99999"/>'],
    ["SVG", '<?xml version="1.0"?>\n<!-- made by hand --><svg width="4" height="4"></svg>'],
    ["XML text", '<?xml version="1.0"?><rss></rss>'],
    ["PDF", "%PDF-1.7\n"],
    ["PostScript", "%!PS-Adobe"],
    ["text", "BMW 320, made in 1985\n"],
    ["PAM", "P7\nWIDTH 2\n"],
    ["HEIC", "\0\0\0\x18ftypheic\0\0\0\0mif1heic"],
    ["ISO media (video)", "\0\0\0\x18ftypisom\0\0\0\0isommp42"],
    ["JPEG XL", "\xff\x0a\xff\xff"],
    ["JPEG 2000", "\0\0\0\x0cjP  \r\n\x87\n"],
    ["Photoshop", "8BPS\0\x01"],
    ["ZIP", "PK\x03\x04\0\0"],
    ["gzip", "\x1f\x8b\x08\0"],
    ["Git LFS pointer (the image itself was not fetched)", "version https://git-lfs.github.com/spec/v1\noid sha256:00"],
    ["text", "not an image, caf\xc3\xa9\n"],
    ["zero bytes", "\0".repeat(2000)],
    ["an unknown type (0001020304050607)", "\0\x01\x02\x03\x04\x05\x06\x07\x08"],
  ])("%s", async (name, text) => {
    expect(await refusal(Buffer.from(text, "latin1"))).toBe(`${wanted} ${name}`);
  });

  it("SVG and PDF even where the decoder could draw them", async () => {
    const svg = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4"/></svg>',
    );
    expect((await sharp(svg).metadata()).format).toBe("svg");
    expect(await refusal(svg)).toContain("got SVG");
  });

  it("images above the pixel limit, before reading them", async () => {
    const lying = png(60000, 60000, 8, 2, new Uint8Array(10));
    expect(await refusal(lying)).toBe("expected at most 268402689 pixels, got 60000 x 60000");
    const bomb = png(30000, 30000, 1, 0, new Uint8Array(30000 * 3751)); // 900 million pixels in about 100 kB
    expect(bomb.length).toBeLessThan(200_000);
    expect(await refusal(bomb)).toBe("expected at most 268402689 pixels, got 30000 x 30000");
    const file = await photo().png().toBuffer();
    expect(await refusal(file, { maxPixels: 64 * 48 - 1 })).toBe("expected at most 3071 pixels, got 64 x 48");
    expect((await decodeImage(file, "f", { maxPixels: 64 * 48 })).width).toBe(64);
  });

  it("floating-point samples", async () => {
    const file = await raw(Float32Array.of(0.5, 0.2, 0.1), 1, 1, 3)
      .toColourspace("scrgb")
      .tiff({ compression: "none" })
      .toBuffer();
    expect((await sharp(file).metadata()).depth).toBe("float");
    expect(await refusal(file)).toBe("expected samples of at most 16 bits, got float");
  });
});

describe("readImage", () => {
  const reason = async (path: string | Buffer) => {
    const error: unknown = await readImage(path).catch((caught: unknown) => caught);
    expect(isImageError(error)).toBe(true);
    return (error as { reason: string }).reason;
  };

  it("names what is no readable file", async () => {
    expect(await reason(join(folder, "gone.jpg"))).toBe("does not exist (vanished, or a link to nothing)");
    await symlink(join(folder, "nowhere"), join(folder, "dangling.jpg"));
    expect(await reason(join(folder, "dangling.jpg"))).toContain("link to nothing");
    await symlink("loop.jpg", join(folder, "loop.jpg"));
    expect(await reason(join(folder, "loop.jpg"))).toBe("is a link that leads to itself");
    await mkdir(join(folder, "folder.jpg"));
    expect(await reason(join(folder, "folder.jpg"))).toBe("is a directory");
    await writeFile(join(folder, "empty.jpg"), "");
    expect(await reason(join(folder, "empty.jpg"))).toContain("got nothing (0 bytes)");
  });

  it("passes on what the system says, and the cause", async () => {
    const failure = (code: string) => Object.assign(new Error(`${code}: too many open files`), { code });
    const spy = vi
      .spyOn(files, "open")
      .mockRejectedValueOnce(failure("EACCES"))
      .mockRejectedValueOnce(failure("EMFILE"));
    expect(await reason("x.jpg")).toBe("may not be read (no permission)");
    await expect(readImage("x.jpg")).rejects.toMatchObject({
      reason: "EMFILE: too many open files",
      cause: { code: "EMFILE" },
    });
    spy.mockRestore();
  });

  it.skipIf(process.platform === "win32")("does not wait for a FIFO, and refuses sockets and devices", async () => {
    execFileSync("mkfifo", [join(folder, "fifo.jpg")]);
    expect(await reason(join(folder, "fifo.jpg"))).toBe("is not a regular file");
    const server = createServer().listen(join(folder, "socket.jpg"));
    await new Promise((resolve) => server.once("listening", resolve));
    expect(await reason(join(folder, "socket.jpg"))).toBe("is not a regular file");
    server.close();
    expect(await reason("/dev/zero")).toBe("is not a regular file");
  });

  it("reads names in any spelling", async () => {
    const file = await photo().png().toBuffer();
    const odd = ["-leading.png", "cafe\u0301.png", "caf\u00e9.png", "猫😀.png", "a b%20#.png"];
    // Names that Windows does not allow.
    if (process.platform !== "win32") odd.push("new\nline.png", "a b%20#?.png");
    for (const name of odd) {
      await writeFile(join(folder, name), file);
      expect((await readImage(join(folder, name))).height).toBe(48);
    }
    const bytes = Buffer.concat([Buffer.from(join(folder, "a")), Buffer.of(0xff, 0xfe), Buffer.from(".png")]);
    await writeFile(bytes, file);
    expect((await readImage(bytes)).height).toBe(48);
  });
});

describe("sniffImage", () => {
  it("tells AVIF from its relatives by the list of brands", () => {
    const box = (brand: string, ...others: string[]) =>
      Buffer.from(
        `\0\0\0${String.fromCharCode(16 + 4 * others.length)}ftyp${brand}\0\0\0\0${others.join("")}`,
        "latin1",
      );
    expect(sniffImage(box("mif1", "avif", "miaf"))).toEqual({ name: "AVIF", supported: true });
    expect(sniffImage(box("mif1", "heic"))).toEqual({ name: "HEIC", supported: false });
  });
});

// Against Pillow 13, whose `convert("RGB")` asks no profile.
import { crc32, inflateSync } from "node:zlib";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { cmykToRgb } from "./color-profile.ts";
import { decodeImage } from "./decode-image.ts";

// Four squares of 8 x 8 in CMYK, written by Pillow 13.0.0.
const jpeg = `/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwADAgIDAgIDAwMDBAMDBAUIBQUEBAUKBwcGCAwKDAwLCgsLDQ4SEA0OEQ4LCxAWEBETFBUVFQwPFxgWFBgSFBUU/8AAFAgA
EAAQBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNC
scEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4
ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwD48r9A69jr9Ha/oWr+aevGa+KqxK/pyr9Bq/PSv5cq/mNr+aevm2v/
2Q==`;
const tiff = `SUkqAMQAAACAMgPFoKQKCQaCwOEweFQiEAB/oAyRCJRSJxGLxWMRaLQ6Gx+GSGFyOORuTRqURmVR6RSyRy6SymYyqZy6bSCXwqZzuTzSMTeWziYT2eTKe0Cc0GRU
WfUaU0ioTimVOj0KrUqSUStU6VAoKB5kV6wWKw1+y2OzWSyP+2W23W+4XG3Wq03W0Xez3m5Xu+W+6Xi/3nA33CXvA4e7YKzYXGX7E4jAYnG5N/5DFZG8ZTG5bOZLNYXO
5jLsjP4WAgoAAAEDAAEAAAAQAAAAAQEDAAEAAAAQAAAAAgEDAAQAAABCAQAAAwEDAAEAAAAFAAAABgEDAAEAAAAFAAAAEQEEAAEAAAAIAAAAFQEDAAEAAAAEAAAAFgED
AAEAAAAQAAAAFwEEAAEAAAC8AAAAHAEDAAEAAAABAAAAAAAAAAgACAAIAAgA`;

/** The one pixel of a PNG, as it is stored: what follows its row's filter. */
function storedPixel(png: Buffer): number[] {
  const at = png.indexOf("IDAT");
  return [...inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4))).subarray(1)];
}

describe("color profiles", () => {
  const pixel = async (file: Buffer, colorProfile?: "ignore" | "apply"): Promise<number[]> => [
    ...(await decodeImage(file, "f", { colorProfile })).data,
  ];

  it("are ignored, or applied where that is asked for, at 8 bits", async () => {
    const file = await sharp(Uint8Array.of(18, 128, 255), { raw: { width: 1, height: 1, channels: 3 } })
      .withIccProfile("p3")
      .png({ palette: false, adaptiveFiltering: false })
      .toBuffer();
    const stored = storedPixel(file);
    expect(stored[0]).toBeGreaterThan(40);
    expect(await pixel(file)).toEqual(stored);
    expect(await pixel(file, "ignore")).toEqual(stored);
    const [red, green, blue] = await pixel(file, "apply");
    expect([Math.abs(red - 18) < 5, green, blue]).toEqual([true, 128, 255]);
  });

  it("are ignored, or applied, at 16 bits, which are kept where they are ignored", async () => {
    const file = await sharp(Uint16Array.of(0x12ff, 0x80ff, 0xffff), { raw: { width: 1, height: 1, channels: 3 } })
      .toColourspace("rgb16")
      .withIccProfile("p3")
      .png({ adaptiveFiltering: false })
      .toBuffer();
    expect(await sharp(file).metadata()).toMatchObject({ depth: "ushort", hasProfile: true });
    const stored = storedPixel(file);
    const deep = [0, 2, 4].map((at) => stored[at] * 256 + stored[at + 1]);
    expect(await pixel(file)).toEqual(deep);
    const applied = await pixel(file, "apply");
    expect(applied).not.toEqual(deep.map((value) => value >> 8));
    expect(Math.max(...applied)).toBeLessThan(256);
  });
});

describe("CMYK", () => {
  it.each([
    ["JPEG", jpeg],
    ["TIFF", tiff],
  ])("of a %s is converted as Pillow does", async (_, text) => {
    const { width, height, channels, data } = await decodeImage(Buffer.from(text, "base64"), "f");
    expect([width, height, channels]).toEqual([16, 16, 3]);
    const pixelAt = (y: number, x: number): number[] => [...data.subarray((y * 16 + x) * 3, (y * 16 + x) * 3 + 3)];
    expect([pixelAt(3, 3), pixelAt(3, 12), pixelAt(12, 3), pixelAt(12, 12)]).toEqual([
      [51, 207, 152],
      [155, 0, 77],
      [53, 51, 49],
      [0, 0, 0],
    ]);
    expect(crc32(data)).toBe(1936779376);
  });

  it("is converted by sharp's own profile where profiles are applied", async () => {
    const file = Buffer.from(tiff, "base64");
    const applied = await decodeImage(file, "f", { colorProfile: "apply" });
    expect(applied.channels).toBe(3);
    expect(applied.data).not.toEqual((await decodeImage(file, "f")).data);
  });

  it("loses nothing without ink and everything with all black", () => {
    expect([...cmykToRgb(Uint8Array.of(0, 0, 0, 0, 9, 99, 200, 255, 255, 0, 128, 0))]).toEqual([
      ...[255, 255, 255],
      ...[0, 0, 0],
      ...[0, 255, 127],
    ]);
  });
});

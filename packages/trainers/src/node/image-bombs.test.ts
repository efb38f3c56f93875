// Files of a few bytes that would unfold to gigabytes: refused by name before memory is taken, or decoded without what unfolds.
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { createDecodeBudget, decodeImage, isImageError } from "./index.ts";
import { withinBudget } from "./decode-budget.ts";
import { stripPng } from "./strip-png.ts";

const MIB = 2 ** 20;

// The header of a lossless WebP says its size in 14 bits each; one color takes no more than this.
function webp(width: number, height: number): Buffer {
  const size = (width - 1) | ((height - 1) << 14);
  const data = Buffer.of(
    0x2f,
    size & 255,
    (size >> 8) & 255,
    (size >> 16) & 255,
    (size >>> 24) & 255,
    0x88,
    0x88,
    0x88,
    8,
    0,
  );
  const out = Buffer.alloc(40);
  out.write("RIFF", 0, "latin1");
  out.writeUInt32LE(32, 4);
  out.write("WEBPVP8L", 8, "latin1");
  out.writeUInt32LE(20, 16);
  out.set(data, 20);
  return out;
}

function chunk(type: string, body: Uint8Array): Buffer {
  const out = Buffer.alloc(body.length + 12);
  out.writeUInt32BE(body.length, 0);
  out.write(type, 4, "latin1");
  out.set(body, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + body.length)), 8 + body.length);
  return out;
}

describe("image bombs", () => {
  it("eight WebPs of 16383 x 16383 in 40 bytes each are refused by name, without their memory", async () => {
    const before = process.memoryUsage().rss;
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, () => decodeImage(webp(16383, 16383), "bomb.webp")),
    );
    for (const result of results) {
      const { reason } = result as PromiseRejectedResult;
      expect(isImageError(reason)).toBe(true);
      expect((reason as Error).message).toMatch(
        /^\[decodeImage\] bomb\.webp: expected at most 1073741824 bytes in decoding, got \d+ for 16383 x 16383$/,
      );
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(512 * MIB);
  });

  it("300 texts of 8 MB in a PNG are not unfolded, nor are other chunks without pixels", async () => {
    const pixels = Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => i & 255);
    const plain = await sharp(pixels, { raw: { width: 16, height: 16, channels: 3 } })
      .png()
      .toBuffer();
    const text = Buffer.concat([Buffer.from("Comment\0\0", "latin1"), deflateSync(Buffer.alloc(8 * MIB))]);
    const texts = Array.from({ length: 300 }, () => chunk("zTXt", text));
    const others = ["tEXt", "iTXt", "sPLT"].map((type) => chunk(type, text));
    const bomb = Buffer.concat([plain.subarray(0, 33), ...texts, ...others, plain.subarray(33)]);
    const before = process.memoryUsage().rss;
    expect((await decodeImage(bomb, "f")).data).toEqual(pixels);
    expect(process.memoryUsage().rss - before).toBeLessThan(512 * MIB);
    expect(stripPng(bomb, { profile: true })).toEqual(plain);
    expect(stripPng(plain, { profile: false })).toBe(plain);
    const profile = chunk("iCCP", Buffer.from("x\0\0"));
    const twice = Buffer.concat([plain.subarray(0, 33), profile, profile, plain.subarray(33)]);
    expect(stripPng(twice, { profile: true })).toHaveLength(plain.length + profile.length);
    expect(stripPng(twice, { profile: false })).toEqual(plain);
  });

  it("decodes share one budget, in turn", async () => {
    const budget = createDecodeBudget(100 * 1024);
    let [now, most] = [0, 0];
    const work = async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 1));
      now--;
    };
    await Promise.all(Array.from({ length: 12 }, () => withinBudget(budget, 40 * 1024, work)));
    expect([most, now, budget.used[0]]).toEqual([2, 0, 0]);
    const failing = withinBudget(budget, 1, () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    expect(budget.used[0]).toBe(0);
    expect(() => createDecodeBudget(10)).toThrow("expected 1024 bytes to 1 TiB, got 10");
  });

  it("a budget of one's own decides what is too large, for every format", async () => {
    const budget = createDecodeBudget(64 * 1024);
    const photo = (format: "png" | "jpeg" | "webp" | "tiff", side: number) =>
      sharp({ create: { width: side, height: side, channels: 3, background: "red" } })
        .toFormat(format)
        .toBuffer();
    for (const format of ["png", "jpeg", "webp", "tiff"] as const) {
      expect((await decodeImage(await photo(format, 100), "f", { budget })).width).toBe(100);
      await expect(decodeImage(await photo(format, 110), "f", { budget })).rejects.toThrow("got 72600 for 110 x 110");
    }
    const map = Buffer.concat([Buffer.from("P5 150 150 255 "), Buffer.alloc(150 * 150)]);
    await expect(decodeImage(map, "f", { budget })).rejects.toThrow(
      "at most 65536 bytes in decoding, got 90000 for 150 x 150",
    );
  });
});
